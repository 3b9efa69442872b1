package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/brokertest"
)

// The broker follows the Open Service Broker API, on every plan.
func TestConformance(t *testing.T) {
	t.Setenv("OPENBROKER_USERNAME", "platform")
	t.Setenv("OPENBROKER_PASSWORD", "secret")
	brokertest.Run(t, brokertest.URL(serve(t)), brokertest.Login("platform", "secret"))
}

// serve runs acme-broker serve until the test ends, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	args := []string{"serve", "--config", "openbroker.yaml", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- app.Run(ctx, program, args, strings.NewReader(""), writer, t.Output())
		_ = writer.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("serve: exit code %d", code)
		}
	})
	line, err := bufio.NewReader(reader).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), "listening on ")
	if !found {
		t.Fatalf("serve printed %q, %v", line, err)
	}
	return url
}
