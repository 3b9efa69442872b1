package main_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The program has the commands of openbroker under its own name, for its own provider.
func TestProgram(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "acme-broker")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := program{t: t, binary: binary, directory: t.TempDir()}
	configuration, err := os.ReadFile("openbroker.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.directory, "openbroker.yaml"), configuration, 0o600); err != nil {
		t.Fatal(err)
	}

	p.prints("acme-broker 0.1.0 ", "--version")
	p.prints("folders on the disk of the broker", "config", "schema")
	p.prints("openbroker.yaml: ok", "config", "check", "openbroker.yaml")
	p.prints("acme-broker serve --config openbroker.yaml", "serve", "--help")

	url := p.serve("--config", "openbroker.yaml", "--listen", "127.0.0.1:0")
	client := []string{"SB_BROKER_URL=" + url, "SB_BROKER_USERNAME=acme", "SB_BROKER_PASSWORD=secret", "OPENBROKER_HOME=" + t.TempDir(), "OPENBROKER_KEYRING=off"}
	p.environment = client
	p.prints("", "provision", "folder", "team", "shared", "--wait")
	p.prints("token", "bind", "shared", "app", "--show-secrets", "--wait")
	p.prints("ready", "admin", "instances", "--config", "openbroker.yaml")
	p.prints("ready", "admin", "list", "--config", "openbroker.yaml")
	welcome, err := filepath.Glob(filepath.Join(p.directory, "acme-data", "folders", "*", "WELCOME"))
	if err != nil || len(welcome) != 1 {
		t.Fatalf("files WELCOME: %q, %v", welcome, err)
	}
	if text, err := os.ReadFile(welcome[0]); err != nil || string(text) != "Please tidy up behind you.\n" {
		t.Errorf("the folder says %q, %v", text, err)
	}
	p.environment = []string{"OPENBROKER_USERNAME=acme", "OPENBROKER_PASSWORD=secret"}
	p.prints("Conformant", "check", url)
}

// A program runs its commands in a directory.
type program struct {
	t                 *testing.T
	binary, directory string
	environment       []string
}

// prints runs a command that succeeds, and compares its output.
func (p *program) prints(want string, args ...string) {
	p.t.Helper()
	command := exec.CommandContext(p.t.Context(), p.binary, args...)
	command.Dir, command.Env = p.directory, append(os.Environ(), p.environment...)
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		p.t.Errorf("%q: %v, want %q in\n%s", args, err, want, out)
	}
}

// serve starts the broker and returns its URL. The broker stops with the test.
func (p *program) serve(args ...string) string {
	p.t.Helper()
	// The context of a test ends before its clean-up, which stops the process.
	command := exec.CommandContext(context.WithoutCancel(p.t.Context()), p.binary, append([]string{"serve"}, args...)...)
	command.Dir = p.directory
	command.Env = append(os.Environ(), "OPENBROKER_USERNAME=acme", "OPENBROKER_PASSWORD=secret")
	var log strings.Builder
	command.Stderr = &log
	stdout, err := command.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			p.t.Errorf("serve: %v\n%s", err, log.String())
		}
	})
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	url, found := strings.CutPrefix(lines.Text(), "acme-broker: listening on ")
	if !found {
		p.t.Fatalf("serve prints %q", lines.Text())
	}
	return url
}
