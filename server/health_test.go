package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker/server"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{})
	for _, path := range []string{"/healthz", "/readyz", "/healthz?verbose=1"} {
		a := s.send(t, "GET", path, "")
		if a.StatusCode != http.StatusOK || a.body != `{"status":"ok"}` ||
			a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s: %d %s %v", path, a.StatusCode, a.body, a.Header)
		}
		if a := s.send(t, "HEAD", path, ""); a.StatusCode != http.StatusOK || a.body != "" {
			t.Errorf("HEAD %s: %d %s", path, a.StatusCode, a.body)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			a := s.send(t, method, path, "")
			if a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, HEAD" || !strings.Contains(a.body, `"description"`) {
				t.Errorf("%s %s: %d %s %v", method, path, a.StatusCode, a.body, a.Header)
			}
		}
	}
	if record := s.log.await(t, "probe", 1); record["level"] != "DEBUG" {
		t.Errorf("logged %v", record)
	}
	if found, _ := s.log.find("request"); len(found) > 0 {
		t.Errorf("probes are logged as requests: %v", found)
	}
}

func TestReadyChecks(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	s := start(t, newBroker("one"), server.Config{ReadinessChecks: []server.ReadinessCheck{
		{Name: "queue", Run: func(context.Context) error { return nil }},
		{Name: "database", Run: func(context.Context) error {
			if broken.Load() {
				return errors.New("dial tcp 10.0.0.1: no route")
			}
			return nil
		}},
	}})
	s.expect(t, "GET", "/readyz", http.StatusOK, `{"status":"ok","checks":{"database":"ok","queue":"ok"}}`)
	broken.Store(true)
	for range 3 {
		s.expect(t, "GET", "/readyz", http.StatusServiceUnavailable, `{"status":"unavailable","checks":{"database":"failed","queue":"ok"}}`)
	}
	s.expect(t, "GET", "/healthz", http.StatusOK, `{"status":"ok"}`)
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, "one-service")
	if record := s.log.await(t, "not ready", 1); record["check"] != "database" || record["level"] != "WARN" || record["error"] != "dial tcp 10.0.0.1: no route" {
		t.Errorf("logged %v", record)
	}
	broken.Store(false)
	s.expect(t, "GET", "/readyz", http.StatusOK, "ok")
	s.log.await(t, "ready again", 1)
	if found, _ := s.log.find("not ready"); len(found) != 1 {
		t.Errorf("one failure is logged %d times", len(found))
	}
}

func TestReadyCheckPanics(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{ReadinessChecks: []server.ReadinessCheck{
		{Name: "database", Run: func(context.Context) error { panic("nil map") }},
	}})
	for range 2 {
		s.expect(t, "GET", "/readyz", http.StatusServiceUnavailable, `"database":"failed"`)
	}
}

// A check that hangs and ignores its context runs once, for any number of probes.
func TestReadyCheckHangs(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	release := make(chan struct{})
	s := start(t, newBroker("one"), server.Config{
		ReadinessTimeout: time.Millisecond,
		ReadinessChecks: []server.ReadinessCheck{{Name: "database", Run: func(context.Context) error {
			runs.Add(1)
			<-release
			return nil
		}}},
	})
	for range 5 {
		s.expect(t, "GET", "/readyz", http.StatusServiceUnavailable, `"database":"timed out"`)
	}
	if n := runs.Load(); n != 1 {
		t.Errorf("the check ran %d times", n)
	}
	close(release)
	for deadline := time.Now().Add(patience); ; {
		if a := s.send(t, "GET", "/readyz", ""); a.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not become ready again")
		}
	}
}

// A probe that disconnects does not change the state of the check and does not end it
// for other probes.
func TestReadyProbeHangsUp(t *testing.T) {
	t.Parallel()
	entered, release, state := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	s := start(t, newBroker("one"), server.Config{
		ReadinessTimeout: time.Minute,
		ReadinessChecks: []server.ReadinessCheck{{Name: "database", Run: func(ctx context.Context) error {
			entered <- struct{}{}
			<-release
			state <- ctx.Err()
			return nil
		}}},
	})
	ctx, cancel := context.WithCancel(t.Context())
	probe := make(chan result, 1)
	go func() { probe <- send(ctx, newClient(), "GET", s.url+"/readyz", "") }()
	receive(t, entered, "the check to run")
	cancel()
	if a := receive(t, probe, "the probe"); a.err == nil {
		t.Error("the probe was answered")
	}
	s.log.await(t, "probe", 1)
	close(release)
	if err := receive(t, state, "the check to end"); err != nil {
		t.Errorf("the context of the check: %v", err)
	}
	if found, _ := s.log.find("not ready"); len(found) > 0 {
		t.Errorf("logged %v", found)
	}
}

// A failing advisory check appears in the response and keeps the broker ready.
func TestAdvisoryCheck(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	s := start(t, newBroker("one"), server.Config{ReadinessChecks: []server.ReadinessCheck{
		{Name: "database", Run: func(context.Context) error {
			if broken.Load() {
				return errors.New("connection refused")
			}
			return nil
		}},
		{Name: "catalog", Advisory: true, Run: func(context.Context) error { return errors.New("catalog.yaml: broken") }},
	}})
	s.expect(t, "GET", "/readyz", http.StatusOK, `{"status":"degraded","checks":{"catalog":"failed","database":"ok"}}`)
	if record := s.log.await(t, "ready, but an advisory check fails", 1); record["check"] != "catalog" || record["error"] != "catalog.yaml: broken" {
		t.Errorf("logged %v", record)
	}
	broken.Store(true)
	s.expect(t, "GET", "/readyz", http.StatusServiceUnavailable, `{"status":"unavailable","checks":{"catalog":"failed","database":"failed"}}`)
}
