package durable_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// ended returns a context that has ended, so that Stop does not wait.
func ended(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	return ctx
}

// checkpointed returns a hook that saves a step. From the second attempt on, it fails
// the test unless it loads the step.
func checkpointed(t *testing.T, g *gate) hook {
	t.Helper()
	return func(ctx context.Context, task *durable.Task) error {
		var step string
		found, err := task.Load(&step)
		if err != nil {
			return err
		}
		if task.Attempt() > 1 {
			if !found || step != "half way" {
				t.Errorf("attempt %d finds %v %q", task.Attempt(), found, step)
			}
			return nil
		}
		if err := task.Save(ctx, "half way"); err != nil {
			return err
		}
		g.entered <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
}

// A provider learns whether its operation is over or continues in another attempt.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deadline time.Duration
		end      func(r *replica)
		want     bool
	}{
		"cancelled": {time.Hour, func(r *replica) { r.deprovision("0", "plan-async") }, true},
		"timed out": {time.Second, func(*replica) {}, true},
		"stopping":  {time.Hour, func(r *replica) { r.Stop(ended(r.t)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachStore(t, func(t *testing.T, store durable.Store) {
				provider, entered, verdict := newScripted(), make(chan bool, 1), make(chan bool, 1)
				attempt := func(ctx context.Context, _ *durable.Task) error {
					entered <- durable.GivenUp(ctx)
					<-ctx.Done()
					verdict <- durable.GivenUp(ctx)
					return ctx.Err()
				}
				r := start(t, store, newKeys(t), provider, func(config *durable.Config) {
					config.Policies["plan-async"] = durable.Policy{Mode: durable.ModeAsynchronous, Deadline: c.deadline}
				})
				if beginInTime(r, provider, entered, attempt) {
					t.Error("the operation is over before its context is")
				}
				c.end(r)
				if got := receive(t, "the end of the context", verdict); got != c.want {
					t.Errorf("given up: %v", got)
				}
			})
		})
	}
}

// beginInTime creates instances until an attempt at one has begun, and returns what the
// attempt says then: on a busy machine, an operation can be over its deadline before.
func beginInTime(r *replica, provider *scripted, entered <-chan bool, attempt func(context.Context, *durable.Task) error) bool {
	r.t.Helper()
	for n := range 100 {
		id := strconv.Itoa(n)
		provider.on(durable.KindProvision, id, attempt)
		a := r.provision(id, "plan-async", "")
		a.is(r.t, http.StatusAccepted, "")
		for r.lastOperation(id, a.operation()).state() == string(openbroker.OperationInProgress) {
			select {
			case over := <-entered:
				return over
			case <-time.After(time.Millisecond):
			}
		}
	}
	r.t.Fatal("no attempt has begun")
	return false
}

// An engine that stops releases its operations, and another one continues them
// immediately, although the lease would last for hours.
func TestStopReleasesOperations(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		long := func(c *durable.Config) { c.Lease = 5 * time.Hour }
		g := provider.hold(durable.KindProvision, "i")
		provider.on(durable.KindProvision, "i", checkpointed(t, g))
		first := start(t, store, keys, provider, long)
		a := first.provision("i", "plan-async", "")
		receive(t, "the first attempt", g.entered)
		first.Stop(ended(t))
		first.provision("j", "plan-async", "").is(t, http.StatusServiceUnavailable, "")
		if s := first.lastOperation("i", a.operation()); s.state() != string(openbroker.OperationInProgress) {
			t.Errorf("the operation is %s", s.text)
		}
		second := start(t, store, keys, provider, long)
		second.done("i", a)
		if calls := provider.called(durable.KindProvision, "i"); len(calls) != 2 || calls[1].task != a.operation() {
			t.Errorf("the calls are %+v", calls)
		}
	})
}

// An operation survives a killed process in the same way, in the file of the store.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "openbroker.db")
	keys, provider := newKeys(t), newScripted()
	long := func(c *durable.Config) { c.Lease = 5 * time.Hour }
	g := provider.hold(durable.KindProvision, "i")
	provider.on(durable.KindProvision, "i", checkpointed(t, g))
	store := openSQLiteFile(t, path)
	first := start(t, store, keys, provider, long)
	a := first.provision("i", "plan-async", params)
	receive(t, "the first attempt", g.entered)
	// The store closes under the engine, which cannot release its leases.
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, openSQLiteFile(t, path), keys, provider, long)
	second.done("i", a)
	second.provision("i", "plan-async", params).is(t, http.StatusOK, "")
}

// Stop lets running operations end.
func TestStopWaits(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		g := r.provider.hold(durable.KindProvision, "i")
		a := r.provision("i", "plan-async", "")
		receive(t, "the provision", g.entered)
		var stopped atomic.Int64
		var stops sync.WaitGroup
		for range 3 { // It can be called again.
			stops.Go(func() {
				r.Stop(t.Context())
				stopped.Add(1)
			})
		}
		eventually(t, "new requests are refused", func() bool { return r.provision("j", "plan-async", "").status == http.StatusServiceUnavailable })
		if stopped.Load() > 0 {
			t.Error("Stop did not wait")
		}
		g.open()
		stops.Wait()
		if s := r.lastOperation("i", a.operation()); s.state() != string(openbroker.OperationSucceeded) {
			t.Errorf("the operation is %s", s.text)
		}
		r.Stop(t.Context())
		r.Start(t.Context()) // That has no effect.
		r.provision("j", "plan-async", "").is(t, http.StatusServiceUnavailable, "")
	})
}

func TestStopWithoutStart(t *testing.T) {
	t.Parallel()
	r := serve(t, openSQLite(t), newKeys(t), newScripted(), nil, nil)
	r.Stop(t.Context())
	r.Stop(t.Context())
}

// Requests that race with Stop are refused, or their operation is released. No
// operation is lost.
func TestAcceptDuringStop(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		long := func(c *durable.Config) { c.Lease = 5 * time.Hour }
		first := start(t, store, keys, provider, long)
		var requests sync.WaitGroup
		accepted := make(chan string, 1000)
		for i := range 8 {
			requests.Go(func() {
				for j := range 40 {
					id := "i" + string(rune('a'+i)) + string(rune('A'+j))
					a, err := first.try(t.Context(), http.MethodPut, instancePath(id)+"?"+incomplete, provisionBody("plan-async", ""))
					if err == nil && a.status == http.StatusAccepted {
						accepted <- id
					} else if err == nil && a.status != http.StatusServiceUnavailable {
						t.Errorf("the answer is %d %s", a.status, a.text)
					}
				}
			})
		}
		for range 40 {
			id := receive(t, "some are accepted", accepted)
			accepted <- id
		}
		first.Stop(ended(t))
		requests.Wait()
		close(accepted)
		second := start(t, store, keys, provider, long)
		for id := range accepted {
			second.status(id, "", durable.StatusReady)
		}
	})
}

// Stop waits only for a limited time for a store that is down or a provider that
// ignores its context.
func TestStopDuringOutage(t *testing.T) {
	t.Parallel()
	store := &flakyStore{Store: openSQLite(t)}
	keys, provider := newKeys(t), newScripted()
	r := start(t, store, keys, provider, func(c *durable.Config) {
		c.StopGrace, c.Lease = 20*time.Millisecond, 100*time.Millisecond
	})
	g, deaf := provider.hold(durable.KindProvision, "i"), provider.stall(durable.KindProvision, "j")
	defer deaf.open()
	a := r.provision("i", "plan-async", "")
	r.provision("j", "plan-async", "")
	receive(t, "the provision", g.entered)
	receive(t, "the other provision", deaf.entered)
	store.down.Store(true)
	g.open()
	stopped := make(chan struct{})
	go func() {
		r.Stop(ended(t))
		close(stopped)
	}()
	receive(t, "Stop returns", stopped)
	store.down.Store(false)
	second := start(t, store, keys, provider, nil)
	second.done("i", a)
}

// No operation begins before Start.
func TestRequestsBeforeStart(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		r := serve(t, store, newKeys(t), provider, provider, nil)
		a := r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
		d := r.deprovision("j", "plan-async").is(t, http.StatusGone, "")
		if runs, _, _, slots := r.Held(); runs > 0 || slots > 0 || len(provider.called(durable.KindProvision, "i")) > 0 {
			t.Error("the operation was begun")
		}
		_ = d
		type key struct{}
		seen := make(chan any, 1)
		provider.on(durable.KindProvision, "i", func(ctx context.Context, _ *durable.Task) error {
			seen <- ctx.Value(key{})
			return nil
		})
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		r.Start(ctx)
		cancel()
		if v := receive(t, "the provision", seen); v != "value" {
			t.Errorf("the provider sees the value %v of Start's context", v)
		}
		r.done("i", a)
	})
}

// New refuses a store whose data another key has sealed.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := newKeys(t)
		r := start(t, store, keys, newScripted(), nil)
		r.done("i", r.provision("i", planID, ""))
		engine, err := durable.New(t.Context(), testCatalog(), newScripted(), store, fastConfig(newKeys(t), &logBuffer{}))
		if engine != nil || err == nil || !strings.Contains(err.Error(), "encryption key is not the one") {
			t.Errorf("the error is %v", err)
		}
		if _, err := durable.New(t.Context(), testCatalog(), newScripted(), store, fastConfig(keys, &logBuffer{})); err != nil {
			t.Error(err)
		}
	})
}

// A stopped engine leaves no goroutine, and an idle one keeps nothing in memory.
func TestNothingRemains(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		label := t.Name()
		provider := newScripted()
		provider.fail(durable.KindProvision, "fails", errors.New("no"))
		provider.bound = func(b durable.Binding) durable.BindResult {
			if b.ID == "expires" {
				return durable.BindResult{ExpiresAt: time.Now().Add(-time.Hour)}
			}
			return durable.BindResult{}
		}
		var engine *durable.Engine
		pprof.Do(t.Context(), pprof.Labels("test", label), func(ctx context.Context) {
			config := fastConfig(newKeys(t), &logBuffer{})
			config.UnbindExpired, config.SweepInterval = true, 10*time.Millisecond
			var err error
			if engine, err = durable.New(ctx, testCatalog(), provider, store, config); err != nil {
				t.Fatal(err)
			}
			engine.Start(ctx)
			for _, id := range []string{"i", "fails"} {
				_, _ = engine.Provision(ctx, &openbroker.ProvisionRequest{InstanceID: id, ServiceID: serviceID, PlanID: planID, AcceptsIncomplete: true})
				_, _ = engine.Provision(ctx, &openbroker.ProvisionRequest{InstanceID: id, ServiceID: serviceID, PlanID: planID, Parameters: openbroker.Parameters(`{"a":1}`)})
			}
			for _, b := range []string{"b", "b", "expires"} {
				_, err := engine.Bind(ctx, &openbroker.BindRequest{InstanceID: "i", BindingID: b})
				// An expired binding may be deleted before its request is answered.
				if err != nil && b != "expires" {
					t.Error(err)
				}
			}
			gone := func() bool {
				_, err := engine.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: "i", BindingID: "expires"})
				return err != nil
			}
			eventually(t, "the binding is deleted", gone)
			if _, err := engine.Deprovision(ctx, &openbroker.DeprovisionRequest{InstanceID: "i", ServiceID: serviceID, PlanID: planID}); err != nil {
				t.Error(err)
			}
			if !strings.Contains(goroutines(t), label) {
				t.Error("the test does not see the goroutines of the engine")
			}
		})
		eventually(t, "nothing is held", func() bool {
			runs, watchers, turns, slots := engine.Held()
			return runs+watchers+turns+slots == 0
		})
		engine.Stop(t.Context())
		eventually(t, "no goroutine is left", func() bool { return !strings.Contains(goroutines(t), label) })
	})
}

func goroutines(tb testing.TB) string {
	tb.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// A cancellation reaches the replica that works on the creation.
func TestCancelOnAnotherReplica(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		short := func(c *durable.Config) { c.Lease = 600 * time.Millisecond }
		one, two := start(t, store, keys, provider, short), start(t, store, keys, provider, short)
		g := provider.hold(durable.KindProvision, "i")
		one.provision("i", "plan-async", "")
		receive(t, "the creation", g.entered)
		two.done("i", two.deprovision("i", "plan-async"))
		if provider.has("i") {
			t.Error("the instance remains")
		}
	})
}
