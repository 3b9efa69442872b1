package durable_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A deletion cancels the creation, and begins when the creation has stopped.
func TestCancelThenDelete(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		started, contextEnded, stop := make(chan struct{}), make(chan struct{}), make(chan struct{})
		provider.on(durable.KindProvision, "i", func(ctx context.Context, _ *durable.Task) error {
			close(started)
			<-ctx.Done()
			close(contextEnded)
			<-stop
			return ctx.Err()
		})
		deprovision := provider.hold(durable.KindDeprovision, "i")
		r := start(t, store, newKeys(t), provider, nil)
		a := r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
		receive(t, "the creation", started)
		d := r.deprovision("i", "plan-async").is(t, http.StatusAccepted, "")
		if d.operation() == a.operation() {
			t.Error("the deletion has the id of the creation")
		}
		if again := r.deprovision("i", "plan-async").is(t, http.StatusAccepted, ""); again.operation() != d.operation() {
			t.Error("the repeated deletion is another operation")
		}
		receive(t, "the context of the provider ends", contextEnded)
		for _, operation := range []string{a.operation(), d.operation(), ""} {
			if s := r.lastOperation("i", operation); s.state() != string(openbroker.OperationInProgress) {
				t.Errorf("the operation %q is %s meanwhile", operation, s.text)
			}
		}
		if len(deprovision.entered) > 0 {
			t.Error("the deletion has begun before the creation stopped")
		}
		close(stop)
		receive(t, "the deletion", deprovision.entered)
		if s := r.lastOperation("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
			t.Errorf("the creation is %s", s.text)
		}
		deprovision.open()
		if s := r.poll("i", d.operation()); s.state() != string(openbroker.OperationSucceeded) {
			t.Errorf("the deletion is %s", s.text)
		}
	})
}

// A deafStore sends no hints.
type deafStore struct{ durable.Store }

func (deafStore) Hints() <-chan struct{} { return nil }

// A replica that cancels an operation of its own stops it immediately. It needs neither
// a hint nor a renewal of the lease.
func TestCancelStopsLocally(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, deafStore{store}, newKeys(t), newScripted(), func(c *durable.Config) { c.Lease = 24 * time.Hour })
		entered := r.provider.blocked(durable.KindProvision)
		r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
		receive(t, "the creation", entered)
		r.done("i", r.deprovision("i", "plan-async").is(t, http.StatusAccepted, ""))
	})
}

// A provider that ignores its context is abandoned after a grace period, and the
// engine ignores its later result.
func TestCancelStubbornProvider(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.StopGrace = 20 * time.Millisecond })
		g := r.provider.stall(durable.KindProvision, "i")
		defer g.open()
		a := r.provision("i", "plan-async", "")
		receive(t, "the creation", g.entered)
		d := r.deprovision("i", "plan-async").is(t, http.StatusAccepted, "")
		r.done("i", d)
		g.open()
		eventually(t, "the late result", func() bool { return r.provider.has("i") })
		r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusNotFound, "")
		if s := r.lastOperation("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
			t.Errorf("the creation is %s", s.text)
		}
	})
}

// A request that waits for a cancelled creation gets the error.
func TestCancelWhileARequestWaits(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		g := r.provider.hold(durable.KindProvision, "i")
		waiting := r.later(http.MethodPut, instancePath("i"), provisionBody("plan-sync", ""))
		receive(t, "the creation", g.entered)
		r.send(http.MethodDelete, instancePath("i")+"?"+hints("plan-sync"), "").is(t, http.StatusOK, "")
		receive(t, "the answer", waiting).is(t, http.StatusConflict, "")
	})
}

// A creation that waits between two attempts has no worker to stop.
func TestCancelBetweenAttempts(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.provider.fail(durable.KindProvision, "i", durable.Retryable(errProvider, 10*time.Minute))
		a := r.provision("i", "plan-async", "")
		eventually(t, "the first attempt", func() bool {
			snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: "i"})
			return err == nil && len(snapshot.Open) == 1 && snapshot.Open[0].Failures == 1
		})
		r.done("i", r.deprovision("i", "plan-async"))
		if s := r.lastOperation("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
			t.Errorf("the creation is %s", s.text)
		}
	})
}

// A deprovision replaces the clean-up of a binding, and waits until that has
// stopped.
func TestDeprovisionDuringCleanUpOfBindings(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		r := start(t, store, newKeys(t), provider, nil)
		r.bring("i", "plan-parallel", ready)
		contextEnded, stop := make(chan struct{}, 2), make(chan struct{})
		cleanUps := make(chan struct{}, 2)
		for _, name := range []string{"i/b1", "i/b2"} {
			provider.fail(durable.KindBind, name, errProvider)
			first := true
			provider.on(durable.KindUnbind, name, func(ctx context.Context, _ *durable.Task) error {
				if !first {
					return nil
				}
				first = false
				cleanUps <- struct{}{}
				<-ctx.Done()
				contextEnded <- struct{}{}
				<-stop
				return ctx.Err()
			})
		}
		for _, b := range []string{"b1", "b2"} {
			a := r.bind("i", b, "plan-parallel", "").is(t, http.StatusAccepted, "")
			if s := r.poll("i/service_bindings/"+b, a.operation()); s.state() != string(openbroker.OperationFailed) {
				t.Fatalf("the binding is %s", s.text)
			}
		}
		receive(t, "a clean-up", cleanUps)
		receive(t, "the other clean-up", cleanUps)
		gate := provider.hold(durable.KindDeprovision, "i")
		d := r.deprovision("i", "plan-parallel").is(t, http.StatusAccepted, "")
		receive(t, "the context of the first clean-up ends", contextEnded)
		receive(t, "the context of the second clean-up ends", contextEnded)
		if len(gate.entered) > 0 || len(provider.called(durable.KindUnbind, "i")) > 2 {
			t.Error("the deletion has begun before the clean-ups stopped")
		}
		close(stop)
		gate.open()
		r.done("i", d)
	})
}

// Clean-ups of several bindings run in parallel.
func TestManyFailedBindings(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.bring("i", "plan-parallel", ready)
		r.provider.fail(durable.KindBind, "", errProvider)
		g := r.provider.hold(durable.KindUnbind, "")
		const bindings = 30
		for i := range bindings {
			b := "b" + string(rune('a'+i))
			a := r.bind("i", b, "plan-parallel", "").is(t, http.StatusAccepted, "")
			if s := r.poll("i/service_bindings/"+b, a.operation()); s.state() != string(openbroker.OperationFailed) {
				t.Fatalf("the binding is %s", s.text)
			}
			receive(t, "the clean-up", g.entered)
		}
		// One request replaces all of them.
		g.open()
		r.done("i", r.deprovision("i", "plan-parallel"))
	})
}
