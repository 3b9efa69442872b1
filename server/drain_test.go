package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/server"
)

func TestDrainFinishesRequests(t *testing.T) {
	t.Parallel()
	broker := newBroker("one")
	hooks := make(chan string, 2)
	hook := func(name string) server.ShutdownHook {
		return server.ShutdownHook{Name: name, Run: func(context.Context) error {
			hooks <- name
			return nil
		}}
	}
	log := newRecorder()
	s, err := server.New(broker, server.Config{
		Address: "127.0.0.1:0", Logger: log.logger(), ShutdownGrace: time.Minute,
		OnShutdown: []server.ShutdownHook{hook("finish"), hook("release")},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := run(t, ctx, s, log)
	response := r.provision(t, "slow")
	receive(t, broker.entered, "the request to arrive")

	cancel(errors.New("enough for today"))
	if record := log.await(t, "draining", 1); record["reason"] != "enough for today" || record["requests"] != 1.0 {
		t.Errorf("logged %v", record)
	}
	awaitRefused(t, s.Addr().String())
	select {
	case name := <-hooks:
		t.Fatalf("hook %s ran while a request was being answered", name)
	case id := <-broker.canceled:
		t.Fatalf("request %s was cancelled", id)
	default:
	}
	close(broker.release)
	if a := receive(t, response, "the response"); a.err != nil || a.StatusCode != http.StatusCreated {
		t.Errorf("the request in flight: %+v", a)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("Serve returned %v", err)
	}
	if first, second := <-hooks, <-hooks; first != "finish" || second != "release" {
		t.Errorf("hooks ran as %s, %s", first, second)
	}
}

// awaitRefused waits until nothing listens on address.
func awaitRefused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return
		}
		connection.Close()
	}
	t.Fatal("connections are still accepted")
}

func TestDrainDelay(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{DrainDelay: time.Hour})
	s.expect(t, "GET", "/readyz", http.StatusOK, "ok")
	s.Stop()
	s.log.await(t, "draining", 1)
	s.expect(t, "GET", "/readyz", http.StatusServiceUnavailable, `{"status":"draining"}`)
	s.expect(t, "GET", "/healthz", http.StatusOK, "ok")
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, "one-service")
	s.Close()
	s.Close()
	if err := s.wait(t); !errors.Is(err, server.ErrClosed) {
		t.Errorf("Serve returned %v", err)
	}
}

func TestDrainDelayEnds(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{DrainDelay: time.Millisecond})
	s.Stop()
	if err := s.wait(t); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestDrainGraceExceeded(t *testing.T) {
	t.Parallel()
	broker := newBroker("one")
	s := start(t, broker, server.Config{ShutdownGrace: time.Millisecond})
	response := s.provision(t, "slow")
	receive(t, broker.entered, "the request to arrive")
	s.Stop()
	if err := s.wait(t); !errors.Is(err, server.ErrGraceExceeded) {
		t.Errorf("Serve returned %v", err)
	}
	receive(t, broker.canceled, "the request to be cancelled")
	expectCutOff(t, response)
	if record := s.log.await(t, "canceling requests", 1); record["requests"] != 1.0 {
		t.Errorf("logged %v", record)
	}
}

// expectCutOff checks that the client got no response, or a 503: the broker, whose
// context has ended, may respond before the connection is closed.
func expectCutOff(t *testing.T, response <-chan result) {
	t.Helper()
	if a := receive(t, response, "the client"); a.err == nil && a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the client got %d", a.StatusCode)
	}
}

func TestCloseCutsOff(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*testing.T, *running){
		"immediately": func(_ *testing.T, s *running) { s.Close() },
		"while draining": func(t *testing.T, s *running) {
			t.Helper()
			s.Stop()
			s.log.await(t, "draining", 1)
			s.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := newBroker("one")
			var state error
			s := start(t, broker, server.Config{
				ShutdownGrace: time.Hour, ShutdownHookTimeout: time.Hour,
				OnShutdown: []server.ShutdownHook{{"release", func(ctx context.Context) error {
					<-ctx.Done()
					state = ctx.Err()
					return errors.New("not released")
				}}},
			})
			response := s.provision(t, "slow")
			receive(t, broker.entered, "the request to arrive")
			stop(t, s)
			err := s.wait(t)
			if !errors.Is(err, server.ErrClosed) || !strings.Contains(err.Error(), `shutdown hook "release": not released`) {
				t.Errorf("Serve returned %v", err)
			}
			if !errors.Is(state, context.Canceled) {
				t.Errorf("the context of the hook: %v", state)
			}
			receive(t, broker.canceled, "the request to be cancelled")
			expectCutOff(t, response)
		})
	}
}

// Close also ends a request that ignores its context, and cancels all requests before
// the hooks run.
func TestCloseStubbornRequest(t *testing.T) {
	t.Parallel()
	entered, canceled, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	defer close(release)
	log := newRecorder()
	s, err := server.NewForHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered) // The handler does not read the body, so net/http does not notice a disconnect.
		<-r.Context().Done()
		close(canceled)
		<-release
	}), server.Config{
		Address: "127.0.0.1:0", Logger: log.logger(), ShutdownGrace: time.Hour, ShutdownHookTimeout: time.Hour,
		OnShutdown: []server.ShutdownHook{{"wait", func(context.Context) error {
			select {
			case <-canceled:
				return nil
			case <-time.After(patience):
				return errors.New("a request is not canceled")
			}
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, t.Context(), s, log)
	response := r.provision(t, "a")
	receive(t, entered, "the request to arrive")
	s.Close()
	if err := r.wait(t); !errors.Is(err, server.ErrClosed) || strings.Contains(err.Error(), "a request is not canceled") {
		t.Errorf("Serve returned %v", err)
	}
	if a := receive(t, response, "the client"); a.err == nil {
		t.Errorf("the client got %d", a.StatusCode)
	}
}

// Every hook runs, even if one before it fails, panics or hangs.
func TestHooks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ran []string
	hook := func(name string, run func(context.Context) error) server.ShutdownHook {
		return server.ShutdownHook{Name: name, Run: func(ctx context.Context) error {
			mu.Lock()
			ran = append(ran, name)
			mu.Unlock()
			return run(ctx)
		}}
	}
	failed := errors.New("no such table")
	hang := make(chan struct{})
	defer close(hang)
	s := start(t, newBroker("one"), server.Config{
		ShutdownHookTimeout: time.Millisecond,
		OnShutdown: []server.ShutdownHook{
			hook("fails", func(context.Context) error { return failed }),
			hook("panics", func(context.Context) error { panic("nil map") }),
			hook("late", func(ctx context.Context) error { <-ctx.Done(); return nil }),
			hook("hangs", func(context.Context) error { <-hang; return nil }),
			hook("last", func(context.Context) error { return nil }),
		},
	})
	s.Stop()
	err := s.wait(t)
	if !errors.Is(err, failed) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Serve returned %v", err)
	}
	for _, want := range []string{`"fails": no such table`, `"panics": panic: nil map`, `"hangs": it did not return`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"fails", "panics", "late", "hangs", "last"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v", ran)
	}
}

// A drainingBroker answers its waiting requests when it drains.
type drainingBroker struct {
	*testBroker
	once sync.Once
}

func (b *drainingBroker) Drain() { b.once.Do(func() { close(b.release) }) }

// Drain of the broker is called after the listener is closed, and ends requests that
// wait in the broker.
func TestDrainEndsWaitingRequests(t *testing.T) {
	t.Parallel()
	broker := newBroker("one")
	called := make(chan struct{})
	log := newRecorder()
	s, err := server.New(&drainingBroker{testBroker: broker}, server.Config{
		Address: "127.0.0.1:0", Logger: log.logger(), ShutdownGrace: time.Hour, OnDrain: func() { close(called) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := run(t, ctx, s, log)
	response := r.provision(t, "slow")
	receive(t, broker.entered, "the request to arrive")
	cancel()
	receive(t, called, "OnDrain")
	if a := receive(t, response, "the response"); a.err != nil || a.StatusCode != http.StatusCreated {
		t.Errorf("the request in flight: %+v", a)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
