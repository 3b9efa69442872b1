package main_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/testserver"
)

// docs/webhook-provider.md leads from an empty directory to a broker with a receiver.
func TestWebhookManual(t *testing.T) {
	t.Parallel()
	const inBackground, printedReceiver = "python3 receiver.py &\n", "127.0.0.1:9000"
	number, err := testserver.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(number)
	address := net.JoinHostPort("127.0.0.1", port)
	named := regexp.MustCompile("This is `([\\w.]+)`")
	r := newReader(t, "zsh", t.TempDir())
	home := filepath.Join(r.directory, "hooks")
	var walk []block
	background := -1
	for _, b := range blocks(t, "docs/webhook-provider.md") {
		if b.language == "json" {
			break // The contract begins.
		}
		if before, found := strings.CutSuffix(b.text, inBackground); found {
			background, b.text = len(walk), before
		}
		walk = append(walk, b)
	}
	if background < 0 {
		t.Fatal("the page starts no receiver")
	}
	files := 0
	file := func(b block) {
		name := named.FindStringSubmatch(b.before)
		if name == nil {
			t.Fatalf("%s: the paragraph before it names no file: %q", b, b.before)
		}
		text := strings.ReplaceAll(strings.ReplaceAll(b.text, printedReceiver, address), `("127.0.0.1", 9000)`, `("127.0.0.1", `+port+`)`)
		if !strings.Contains(text, port) {
			t.Errorf("%s has no port", b)
		}
		write(t, home, name[1], text)
		files++
	}
	commands := r.follow(walk[:background+1], file)
	receiver := exec.CommandContext(t.Context(), "python3", "receiver.py")
	receiver.Dir, receiver.Env = home, append(os.Environ(), "WEBHOOK_SECRET="+r.typed("broker", `echo "$WEBHOOK_SECRET"`))
	said := new(output)
	receiver.Stdout, receiver.Stderr = said, said
	if err := receiver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = receiver.Process.Kill() // It may have ended.
		_ = receiver.Wait()
		if t.Failed() {
			t.Logf("the receiver wrote\n%s", said)
		}
	})
	await(t, "the receiver", func() bool {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		return err == nil && connection.Close() == nil
	})
	if commands += r.follow(walk[background+1:], file); commands != 5 || files != 2 {
		t.Errorf("%d blocks of commands, %d files", commands, files)
	}
}
