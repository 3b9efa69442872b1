package durable_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// While the store is down, requests are answered with 503. When the store is up again,
// the engine continues, and records the results of the providers.
func TestOutage(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, inner durable.Store) {
		store := &flakyStore{Store: inner}
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.bring("ready", "plan-async", ready)
		g := r.provider.hold(durable.KindProvision, "i")
		a := r.provision("i", "plan-async", "")
		receive(t, "the provision", g.entered)

		store.down.Store(true)
		for name, a := range map[string]answer{
			"provision":      r.provision("j", "plan-async", ""),
			"update":         r.update("ready", updateExtra),
			"deprovision":    r.deprovision("ready", "plan-async"),
			"bind":           r.bind("ready", "b", "plan-async", ""),
			"unbind":         r.unbind("ready", "b", "plan-async"),
			"get":            r.send(http.MethodGet, instancePath("ready"), ""),
			"get binding":    r.send(http.MethodGet, bindingPath("ready", "b"), ""),
			"last operation": r.lastOperation("i", a.operation()),
		} {
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || strings.Contains(a.text, "database") {
				t.Errorf("%s: %d %s, Retry-After %q", name, a.status, a.text, a.header.Get("Retry-After"))
			}
		}
		if err := r.Ping(t.Context()); err == nil {
			t.Error("Ping reports no error")
		}
		g.open()
		eventually(t, "the result cannot be recorded", func() bool { return strings.Contains(r.logs.String(), "result not recorded") })
		store.down.Store(false)
		if err := r.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		r.done("i", a)
		r.done("j", r.provision("j", "plan-async", ""))
		if calls := r.provider.called(durable.KindProvision, "i"); len(calls) != 1 {
			t.Errorf("the provider was called %d times", len(calls))
		}
	})
}

// A failure to read records is an error of the environment: the operation is
// repeated more often than after errors of the provider.
func TestRecordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, inner durable.Store) {
		store := &flakyStore{Store: inner}
		var failing atomic.Bool
		failures := make(chan struct{}, 1000)
		store.load = func() error {
			if failing.Load() {
				failures <- struct{}{}
				return errDown
			}
			return nil
		}
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.Workers = 1 })
		g := r.provider.hold(durable.KindProvision, "first")
		first := r.provision("first", "plan-async", "")
		receive(t, "the first operation", g.entered)
		a := r.provision("i", "plan-async", "") // It waits, so a claim reads it later.
		r.provider.on(durable.KindProvision, "i", func(context.Context, *durable.Task) error {
			if len(r.provider.called(durable.KindProvision, "i")) < 4 {
				return durable.Retryable(errProvider, 0) // Only these failures count.
			}
			return nil
		})
		failing.Store(true)
		g.open()
		for range 12 {
			receive(t, "an attempt to read", failures)
		}
		failing.Store(false)
		r.done("first", first)
		r.done("i", a)
	})
}

// A missing key is an error of the environment, too: a replica that has the key
// continues.
func TestRecordsThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := &breakable{Sealer: newKeys(t)}
		r := start(t, store, keys, newScripted(), func(c *durable.Config) { c.Workers = 1 })
		g := r.provider.hold(durable.KindProvision, "first")
		first := r.provision("first", "plan-async", "")
		receive(t, "the first operation", g.entered)
		a := r.provision("i", "plan-async", params)
		keys.broken.Store(true)
		g.open()
		eventually(t, "the records cannot be opened", func() bool { return strings.Count(r.logs.String(), "reading the records") > 10 })
		keys.broken.Store(false)
		r.done("first", first)
		r.done("i", a)
	})
}

// At its deadline the operation fails even if its records cannot be opened, and the
// record gets a final status.
func TestRecordsThatCannotBeOpenedUntilTheDeadline(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := &breakable{Sealer: newKeys(t)}
		r := start(t, store, keys, newScripted(), func(c *durable.Config) {
			c.Workers, c.CleanupTimeout = 1, 100*time.Millisecond
			c.Policies["plan-short"] = durable.Policy{Mode: durable.ModeAsynchronous, Deadline: 200 * time.Millisecond}
		})
		g := r.provider.hold(durable.KindProvision, "first")
		first := r.provision("first", "plan-async", "")
		receive(t, "the first operation", g.entered)
		a := r.provision("i", "plan-short", params)
		keys.broken.Store(true)
		g.open()
		if s := r.poll("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
			t.Errorf("the operation is %s", s.text)
		}
		r.status("i", "", durable.StatusCreateFailed)
		keys.broken.Store(false)
		r.done("first", first)
		r.done("i", r.deprovision("i", "plan-short"))
	})
}

// The engine uses the clock of the database, not the clock of the replica.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, apart := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		t.Run(apart.String(), func(t *testing.T) {
			t.Parallel()
			c := &clock{offset: apart}
			store := openSQLite(t, withClock(c))
			keys := newKeys(t)
			short := func(c *durable.Config) {
				c.Policies["plan-async"] = durable.Policy{Mode: durable.ModeAsynchronous, Deadline: 5 * time.Minute}
			}
			// The replica that claims the operation has not read the clock for a
			// request yet.
			first := serve(t, store, keys, newScripted(), nil, short)
			a := first.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
			second := start(t, store, keys, newScripted(), short)
			second.done("i", a)
			d := second.deprovision("i", "plan-async")
			second.done("i", d)
			third := serve(t, store, keys, newScripted(), nil, nil)
			third.lastOperation("i", d.operation()).is(t, http.StatusOK, "")
			c.advance(6 * time.Minute)
			g := second.provider.hold(durable.KindProvision, "j")
			a = second.provision("j", "plan-async", "")
			receive(t, "the provision", g.entered)
			g.open()
			second.done("j", a)
		})
	}
}
