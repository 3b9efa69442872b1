//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/openbroker/openbroker/chaos/internal/history"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/memstore"
	"github.com/openbroker/openbroker/seal"
)

// newInProcess returns a session with replicas in this process, on one store in memory.
func newInProcess(t *testing.T, sabotage string) *session {
	t.Helper()
	f := newFindings()
	r := &session{
		settings: settings{seed: 1, histories: 5, lease: time.Minute}, output: io.Discard, findings: f, directory: t.TempDir(), started: time.Now(),
		patience: 30 * time.Minute, search: 30 * time.Minute,
	}
	ledger := newLedger(f, io.Discard)
	url, stop, err := ledger.serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	keys, err := seal.Create(filepath.Join(r.directory, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	s := replicaSettings{Ledger: url, Password: "password", Seed: 1, Lease: time.Minute, Sabotage: sabotage}
	r.fleet = newFleet(s, 2, r.directory, f)
	logger := slog.New(slog.DiscardHandler)
	store := memstore.New()
	for i := range r.fleet.replicas {
		replica := store.Replica()
		engine, err := durable.New(t.Context(), offer(), &provider{ledger: &ledgerClient{url: url}, seed: 1}, replica, durable.Config{
			Sealer: keys, Logger: logger, Policies: policies(), DefaultPolicy: defaultPolicy(), Lease: s.Lease, MaxWait: maxWait, StopGrace: stopGrace,
		})
		if err != nil {
			t.Fatal(err)
		}
		engine.Start(t.Context())
		t.Cleanup(func() { engine.Stop(context.WithoutCancel(t.Context())) })
		handler, err := replicaHandler(s, engine, replica, logger)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		p := &process{url: server.URL, ready: make(chan struct{}), exited: make(chan struct{})}
		close(p.ready)
		r.fleet.replicas[i] = p
	}
	r.platform = &platform{fleet: r.fleet, client: newClient(s.Password), journal: newJournal(), findings: f}
	return r
}

// The histories of a correct broker are linearizable.
func TestHistories(t *testing.T) {
	t.Parallel()
	r := newInProcess(t, "")
	r.recordFault(t.Context(), 0, "nothing", func(*rand.Rand) {})
	if r.checkHistories(); r.findings.violations() > 0 || r.findings.items[checkHistories] != 5 || r.historiesWith("nothing") != 5 {
		t.Errorf("%d histories: %q", r.findings.items[checkHistories], r.findings.details)
	}
}

// The histories of a broker that lies are not.
func TestHistoriesFindSabotage(t *testing.T) {
	t.Parallel()
	for _, sabotage := range []string{sabotageStale, sabotageAgree, sabotageRevive} {
		t.Run(sabotage, func(t *testing.T) {
			t.Parallel()
			r := newInProcess(t, sabotage)
			// The clients meet the sabotage by chance.
			for round := 0; r.findings.found[checkHistories] == 0; round++ {
				r.recordFault(t.Context(), round, "nothing", func(*rand.Rand) {})
				r.checkHistories()
				r.histories = nil
			}
			if files, err := filepath.Glob(filepath.Join(r.directory, "history-*.html")); err != nil || len(files) == 0 {
				t.Errorf("the history is not drawn: %v", err)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	var nothing *recorder
	nothing.record(request{}, time.Now(), answer{}, nil)
	r := &recorder{start: time.Now()}
	sent := r.start.Add(time.Second)
	later := sent.Add(time.Second)
	l := &life{id: "i", plan: planAuto, version: 3, actor: &actor{random: newRandom(1)}}
	update := l.updateRequest(l.actor, planAuto, change{version: 4, plan: planAuto})
	update.accepts, update.client = true, 2
	poll := request{method: http.MethodGet, path: "/v2/service_instances/i/last_operation", query: map[string][]string{"operation": {"U"}}, instance: "i"}
	fetch := request{method: http.MethodGet, path: "/v2/service_instances/i", kind: kindGet, instance: "i"}
	for _, x := range []struct {
		request
		answer
		error
	}{
		{update, answer{status: 202, body: map[string]any{"operation": "U"}, at: later}, nil},
		{poll, answer{status: 200, body: map[string]any{"state": "failed"}, at: later}, nil},
		{fetch, answer{status: 200, body: map[string]any{"dashboard_url": dashboardURL("P.2"), "parameters": map[string]any{"version": 3.0}}, at: later}, nil},
		{update, answer{status: 409, body: map[string]any{"description": cancelledText}, at: later}, nil},
		{update, answer{status: 409, body: map[string]any{"description": deletedText}, at: later}, nil},
		{update, answer{status: 504, body: map[string]any{"description": tooLongText + "."}, at: later}, nil},
		{update, answer{}, io.ErrUnexpectedEOF},
		{update, answer{}, &net.OpError{Op: "dial", Err: errors.New("refused")}},
	} {
		r.record(x.request, sent, x.answer, x.error)
	}
	call := history.Call{Client: 2, Kind: history.Update, Version: 4, Accepts: true}
	with := func(c history.Call, a history.Answer) history.Call {
		c.Sent, c.Answered, c.Answer = time.Second.Nanoseconds(), (2 * time.Second).Nanoseconds(), a
		return c
	}
	want := []history.Call{
		with(call, history.Answer{Status: 202, Operation: "U"}),
		with(history.Call{Kind: history.Poll, Polled: "U"}, history.Answer{Status: 200, State: "failed"}),
		with(history.Call{Kind: history.Fetch}, history.Answer{Status: 200, Writer: "P", Found: 3}),
		with(call, history.Answer{Status: 409, Cancelled: true}),
		with(call, history.Answer{Status: 409, Deleted: true}),
		with(call, history.Answer{Status: 504, Continues: true}),
		with(call, history.Answer{Lost: true}),
	}
	if len(r.calls) != len(want) {
		t.Fatalf("%d calls, want %d", len(r.calls), len(want))
	}
	for i, got := range r.calls {
		if got.Lost {
			got.Answered = want[i].Answered // The time of the error.
		}
		if got != want[i] {
			t.Errorf("call %d is %+v, want %+v", i, got, want[i])
		}
	}
}
