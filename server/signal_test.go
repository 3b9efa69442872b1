package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openbroker/openbroker/server"
)

// childVariable makes the test binary run as a broker process, see runChild.
const childVariable = "OPENBROKER_SERVER_TEST_CHILD"

// runChild serves until a signal ends it and returns the exit code. The end of its
// standard input releases waiting requests.
func runChild() int {
	ctx, stop := server.SignalContext(context.Background())
	defer stop()
	broker := newBroker("one")
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(broker.release)
	}()
	go func() {
		for id := range broker.entered {
			fmt.Printf(`{"msg":"entered","id":%q}`+"\n", id)
		}
	}()
	logger, err := server.NewLogger(server.LogConfig{Format: server.LogJSON, Level: slog.LevelInfo})
	if err != nil {
		return 2
	}
	switch err := server.Serve(ctx, broker, server.Config{
		Address: "127.0.0.1:0", Logger: logger, ShutdownGrace: time.Hour,
		OnShutdown: []server.ShutdownHook{{"release", func(context.Context) error {
			fmt.Println(`{"msg":"hook"}`)
			return nil
		}}},
	}); {
	case errors.Is(err, server.ErrClosed):
		return 3
	case err != nil:
		return 1
	}
	return 0
}

// A child is a broker process.
type child struct {
	*exec.Cmd
	*running
	stdin  io.Closer
	exited chan error
}

func startChild(t *testing.T) *child {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	command.Env = append(os.Environ(), childVariable+"=1")
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: command, running: &running{log: newRecorder()}, stdin: stdin, exited: make(chan error, 1)}
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if json.Valid(lines.Bytes()) {
				_, _ = c.log.Write(lines.Bytes())
			}
		}
		c.exited <- command.Wait()
	}()
	c.url, _ = c.log.await(t, "serving", 1)["url"].(string)
	return c
}

func (c *child) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := c.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func TestSignalDrains(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startChild(t)
			c.expect(t, "GET", "/v2/catalog", http.StatusOK, "one-service")
			response := c.provision(t, "slow")
			c.log.await(t, "entered", 1)
			c.signal(t, signal)
			if reason, _ := c.log.await(t, "draining", 1)["reason"].(string); !strings.Contains(reason, "received signal") {
				t.Errorf("logged %q", reason)
			}
			awaitRefused(t, strings.TrimPrefix(c.url, "http://"))
			c.stdin.Close()
			if a := receive(t, response, "the response"); a.err != nil || a.StatusCode != http.StatusCreated {
				t.Errorf("the request in flight: %+v", a)
			}
			if err := receive(t, c.exited, "the process to exit"); err != nil {
				t.Errorf("the process: %v", err)
			}
			c.log.await(t, "hook", 1)
		})
	}
}

func TestSecondSignalCloses(t *testing.T) {
	t.Parallel()
	c := startChild(t)
	response := c.provision(t, "slow")
	c.log.await(t, "entered", 1)
	c.signal(t, syscall.SIGTERM)
	c.log.await(t, "draining", 1)
	c.signal(t, syscall.SIGTERM)
	expectCutOff(t, response)
	var exit *exec.ExitError
	if err := receive(t, c.exited, "the process to exit"); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("the process: %v", err)
	}
	c.log.await(t, "hook", 1)
}

func TestSignalContextStops(t *testing.T) {
	t.Parallel()
	ctx, stop := server.SignalContext(t.Context())
	if ctx.Err() != nil {
		t.Fatal("the context ends immediately")
	}
	stop()
	stop()
	receive(t, ctx.Done(), "the context to end")
	parent, cancel := context.WithCancel(t.Context())
	ctx, stop = server.SignalContext(parent)
	defer stop()
	cancel()
	receive(t, ctx.Done(), "the context to end with its parent")
}
