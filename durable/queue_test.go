package durable_test

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// Bindings of a plan without parallel bindings wait their turn, on any replica, and
// all are created.
func TestBindingsQueue(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		replicas := []*replica{start(t, store, keys, provider, nil), start(t, store, keys, provider, nil)}
		r := replicas[0]
		r.done("i", r.provision("i", "plan-queue", ""))
		var busy, calls atomic.Int64
		alone := func(context.Context, *durable.Task) error {
			if busy.Add(1) > 1 {
				t.Error("two bindings are worked on at the same time")
			}
			runtime.Gosched()
			calls.Add(1)
			busy.Add(-1)
			return nil
		}
		provider.on(durable.KindBind, "", alone)
		provider.on(durable.KindUnbind, "", alone)
		const bindings = 8
		answers := make([]<-chan answer, bindings)
		for i := range answers {
			answers[i] = replicas[i%2].later(http.MethodPut, bindingPath("i", "b"+strconv.Itoa(i))+"?"+incomplete, bindBody("plan-queue", ""))
		}
		for i := range answers {
			receive(t, "a binding", answers[i]).is(t, http.StatusCreated, "")
		}
		for i := range answers {
			answers[i] = replicas[i%2].later(http.MethodDelete, bindingPath("i", "b"+strconv.Itoa(i))+"?"+incomplete+"&"+hints("plan-queue"), "")
		}
		for i := range answers {
			receive(t, "an unbinding", answers[i]).is(t, http.StatusOK, "")
		}
		if calls.Load() != 2*bindings {
			t.Errorf("the provider was called %d times", calls.Load())
		}
		for _, r := range replicas {
			eventually(t, "nothing is held", func() bool {
				runs, watchers, turns, slots := r.Held()
				return runs+watchers+turns+slots == 0
			})
		}
	})
}

// The next operation begins as soon as the previous one has ended, even if that had
// not begun yet when the wait began.
func TestNextBindingBeginsImmediately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startInBubble(t, openSQLite(t), newKeys(t), newScripted(), nil)
		r.done("i", r.provision("i", "plan-queue", ""))
		const bindings, each = 5, 7 * time.Millisecond
		r.provider.on(durable.KindBind, "", func(context.Context, *durable.Task) error {
			time.Sleep(each) //nolint:forbidigo // In a bubble, whose clock is fake.
			return nil
		})
		began := time.Now()
		answers := make([]<-chan answer, bindings)
		for i := range answers {
			answers[i] = r.later(http.MethodPut, bindingPath("i", "b"+strconv.Itoa(i)), bindBody("plan-queue", ""))
		}
		for i := range answers {
			(<-answers[i]).is(t, http.StatusCreated, "")
		}
		if took := time.Since(began); took != bindings*each {
			t.Errorf("%d bindings of %v took %v", bindings, each, took)
		}
	})
}

// A request whose wait ends is refused, and nothing is recorded. Requests do not
// wait for operations on the instance, and those do not wait for requests.
func TestBindingWaitTimesOut(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		one, two := start(t, store, keys, provider, nil), start(t, store, keys, provider, nil)
		one.bring("i", "plan-serial", ready)
		one.done("i/service_bindings/old", one.bind("i", "old", "plan-serial", ""))
		g := provider.hold(durable.KindBind, "i/b")
		bound := one.bind("i", "b", "plan-serial", "").is(t, http.StatusAccepted, "")
		receive(t, "the binding", g.entered)
		for _, r := range []*replica{one, two} {
			r.bind("i", "c", "plan-serial", "").is(t, http.StatusUnprocessableEntity, concurrency)
			r.unbind("i", "old", "plan-serial").is(t, http.StatusUnprocessableEntity, concurrency)
			r.send(http.MethodGet, bindingPath("i", "c"), "").is(t, http.StatusNotFound, "")
		}
		g.open()
		one.done("i/service_bindings/b", bound)
		held := provider.hold(durable.KindUpdate, "i")
		updated := one.update("i", updateExtra).is(t, http.StatusAccepted, "")
		receive(t, "the update", held.entered)
		one.bind("i", "c", "plan-queue", "").is(t, http.StatusBadRequest, "")
		one.bind("i", "c", "plan-serial", "").is(t, http.StatusUnprocessableEntity, concurrency)
		held.open()
		one.done("i", updated)
	})
}

// A request that waits its turn, or for its operation, does not delay the end of
// the process. Its operation continues in another replica.
func TestDrain(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		r := start(t, store, keys, provider, nil)
		r.done("q", r.provision("q", "plan-queue", ""))
		hidden := `{"service_id":"service-2","plan_id":"plan-hidden"}`
		r.done("h", r.send(http.MethodPut, instancePath("h"), `{"service_id":"service-2","plan_id":"plan-hidden","organization_guid":"o","space_guid":"s"}`))
		g := provider.hold(durable.KindProvision, "")
		b := provider.hold(durable.KindBind, "")
		waiting := map[string]<-chan answer{}
		send := func(name, path, body string) {
			waiting[name] = r.later(http.MethodPut, path, body)
		}
		send("accepts", instancePath("i")+"?"+incomplete, provisionBody(planID, ""))
		send("synchronous plan, accepts", instancePath("j")+"?"+incomplete, provisionBody("plan-sync", ""))
		send("does not accept", instancePath("k"), provisionBody(planID, ""))
		send("cannot be fetched", bindingPath("h", "b")+"?"+incomplete, hidden)
		send("binding", bindingPath("q", "b")+"?"+incomplete, bindBody("plan-queue", ""))
		for range 3 {
			receive(t, "the creations", g.entered)
		}
		for range 2 {
			receive(t, "the bindings", b.entered)
		}
		send("waits its turn", bindingPath("q", "c")+"?"+incomplete, bindBody("plan-queue", ""))
		eventually(t, "all wait", func() bool { return r.Waiting() == len(waiting) })
		r.Drain()
		for name, status := range map[string]int{
			"accepts": 202, "synchronous plan, accepts": 202, "does not accept": 503, "cannot be fetched": 503, "binding": 202, "waits its turn": 422,
		} {
			a := receive(t, name, waiting[name])
			if a.status != status {
				t.Errorf("%s: %d %s", name, a.status, a.text)
			}
			if after := a.header.Get("Retry-After"); (after == "") != (status == 422) {
				t.Errorf("%s: Retry-After is %q", name, after)
			}
		}
		// A new request does not wait, either.
		r.provision("i", planID, "").is(t, http.StatusAccepted, "")
		r.send(http.MethodPut, instancePath("k"), provisionBody(planID, "")).is(t, http.StatusServiceUnavailable, "")
		other := start(t, store, keys, provider, nil)
		g.open()
		b.open()
		other.send(http.MethodPut, instancePath("k"), provisionBody(planID, ""))
		other.status("k", "", durable.StatusReady)
		other.status("h", "b", durable.StatusReady)
		other.status("i", "", durable.StatusReady)
	})
}
