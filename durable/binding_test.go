package durable_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

func TestParallelBindings(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, inner durable.Store) {
		store := &flakyStore{Store: inner}
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.bring("i", "plan-parallel", ready)
		g := r.provider.hold(durable.KindBind, "")
		const bindings = 64
		answers := make([]<-chan answer, bindings)
		for i := range answers {
			answers[i] = r.later(http.MethodPut, bindingPath("i", "b"+strconv.Itoa(i))+"?"+incomplete, bindBody("plan-parallel", ""))
		}
		for i := range answers {
			receive(t, "an answer", answers[i]).is(t, http.StatusAccepted, "")
		}
		for range answers {
			receive(t, "all binds at the same time", g.entered)
		}
		if n := store.conflicts.Load(); n > 0 {
			t.Errorf("%d decisions conflicted", n)
		}
		r.update("i", updateExtra).is(t, http.StatusUnprocessableEntity, concurrency)
		r.deprovision("i", "plan-parallel").is(t, http.StatusUnprocessableEntity, concurrency)
		g.open()
		for i := range answers {
			r.status("i", "b"+strconv.Itoa(i), durable.StatusReady)
		}
	})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		expires, renew := time.Date(2101, 2, 3, 4, 5, 6, 0, time.UTC), time.Date(2100, 2, 3, 4, 5, 6, 0, time.UTC)
		past := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		provider.bound = func(b durable.Binding) durable.BindResult {
			bound := durable.BindResult{Credentials: openbroker.Credentials{"id": b.ID}, ExpiresAt: expires, RenewBefore: renew}
			if b.ID == "expired" {
				bound.ExpiresAt, bound.RenewBefore = past, past
			}
			return bound
		}
		r := start(t, store, newKeys(t), provider, nil)
		r.done("i", r.provision("i", planID, ""))
		r.done("j", r.provision("j", planID, ""))
		r.done("k", r.provision("k", "plan-plain", ""))
		const about = `,"app_guid":"app","bind_resource":{"app_guid":"app"},"parameters":{"role":"reader"}`
		a := r.bind("i", "old", planID, about).is(t, http.StatusCreated, "")
		const metadata = `"metadata":{"expires_at":"2101-02-03T04:05:06.0Z","renew_before":"2100-02-03T04:05:06.0Z"}`
		if !strings.Contains(a.text, metadata) {
			t.Errorf("the answer is %s", a.text)
		}
		r.bind("i", "expired", planID, about).is(t, http.StatusCreated, "")
		r.bind("k", "plain", "plan-plain", about).is(t, http.StatusCreated, "")

		rotate := func(id, binding, body string) answer {
			return r.send(http.MethodPut, bindingPath(id, binding)+"?"+incomplete, body)
		}
		const successor = `{"predecessor_binding_id":"old"}`
		rotate("i", "new", successor).is(t, http.StatusCreated, "")
		calls := provider.called(durable.KindBind, "i")
		b := calls[len(calls)-1].binding
		if string(b.Parameters) != `{"role":"reader"}` || b.AppGUID != "app" || b.PredecessorID != "old" || b.BindResource == nil || b.BindResource.AppGUID != "app" {
			t.Errorf("the successor is %+v, its parameters %s", b, []byte(b.Parameters))
		}
		a = r.send(http.MethodGet, bindingPath("i", "new"), "").is(t, http.StatusOK, "")
		if !strings.Contains(a.text, metadata) || !strings.Contains(a.text, `"role":"reader"`) {
			t.Errorf("the successor is %s", a.text)
		}
		rotate("i", "new", successor).is(t, http.StatusOK, "")
		rotate("i", "new", bindBody(planID, `,"predecessor_binding_id":"old"`)).is(t, http.StatusOK, "")
		rotate("i", "new", bindBody(planID, "")).is(t, http.StatusConflict, "")
		rotate("i", "new", `{"predecessor_binding_id":"expired"}`).is(t, http.StatusConflict, "")
		// A repeated request stays identical after its predecessor was deleted.
		r.done("i/service_bindings/old", r.unbind("i", "old", planID))
		rotate("i", "new", successor).is(t, http.StatusOK, "")

		for name, refused := range map[string]answer{
			"the predecessor is gone":              rotate("i", "next", successor),
			"the predecessor is unknown":           rotate("i", "next", `{"predecessor_binding_id":"unheard-of"}`),
			"it has expired":                       rotate("i", "next", `{"predecessor_binding_id":"expired"}`),
			"it belongs to another instance":       rotate("j", "next", `{"predecessor_binding_id":"new"}`),
			"the plan's bindings stay":             rotate("k", "next", `{"predecessor_binding_id":"plain"}`),
			"the plan is not the instance's":       rotate("i", "next", bindBody("plan-async", `,"predecessor_binding_id":"new"`)),
			"it belongs to another platform":       r.as("k8s").send(http.MethodPut, bindingPath("i", "next"), `{"predecessor_binding_id":"new"}`),
			"the successor is its own predecessor": rotate("i", "next", `{"predecessor_binding_id":"next"}`),
		} {
			want := http.StatusBadRequest
			if name == "it belongs to another platform" {
				want = http.StatusNotFound
			}
			if refused.status != want {
				t.Errorf("%s: %d %s", name, refused.status, refused.text)
			}
		}
		r.send(http.MethodGet, bindingPath("i", "next"), "").is(t, http.StatusNotFound, "")
	})
}

func TestExpiredBindings(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		provider.bound = func(b durable.Binding) durable.BindResult {
			bound := durable.BindResult{Credentials: openbroker.Credentials{"id": b.ID}}
			if b.ID == "expired" {
				bound.ExpiresAt = time.Now().Add(-time.Minute)
			}
			return bound
		}
		r := start(t, store, newKeys(t), provider, func(c *durable.Config) {
			c.UnbindExpired, c.SweepInterval = true, 5*time.Millisecond
		})
		r.done("i", r.provision("i", planID, ""))
		r.bind("i", "lasting", planID, "").is(t, http.StatusCreated, "")
		r.bind("i", "expired", planID, "").is(t, http.StatusCreated, "")
		r.status("i", "expired", durable.StatusDeleted)
		r.unbind("i", "expired", planID).is(t, http.StatusGone, "")
		if r.provider.has("i/expired") || !r.provider.has("i/lasting") {
			t.Error("the expired binding still exists, or the other one was deleted")
		}
	})
}

func TestExpiredBindingsStay(t *testing.T) {
	t.Parallel()
	provider := newScripted()
	provider.bound = func(durable.Binding) durable.BindResult {
		return durable.BindResult{ExpiresAt: time.Now().Add(-time.Minute)}
	}
	store := &countingStore{Store: openSQLite(t), pruned: make(chan struct{}, 100)}
	r := start(t, store, newKeys(t), provider, func(c *durable.Config) { c.SweepInterval = 5 * time.Millisecond })
	r.done("i", r.provision("i", planID, ""))
	r.bind("i", "b", planID, "").is(t, http.StatusCreated, "")
	for range 3 {
		receive(t, "a sweep", store.pruned)
	}
	r.send(http.MethodGet, bindingPath("i", "b"), "").is(t, http.StatusOK, "")
}

func TestRemainingBindings(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		for _, plan := range []string{planID, "plan-refuse"} {
			r.done(plan, r.provision(plan, plan, ""))
			for _, b := range []string{"b1", "b2", "b3"} {
				r.bind(plan, b, plan, "").is(t, http.StatusCreated, "")
			}
		}
		r.done(planID, r.deprovision(planID, planID))
		for _, b := range []string{"b1", "b2", "b3"} {
			if r.provider.has(planID + "/" + b) {
				t.Errorf("the binding %s remains", b)
			}
			r.unbind(planID, b, planID).is(t, http.StatusGone, "")
			snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: planID, BindingID: b})
			if err != nil || len(snapshot.Binding.Data) > 0 || len(snapshot.Instance.Data) > 0 {
				t.Errorf("a deleted record still has data (%v)", err)
			}
		}
		a := r.deprovision("plan-refuse", "plan-refuse")
		if a.status != http.StatusUnprocessableEntity || a.code() != "BindingsExist" {
			t.Errorf("the answer is %d %s", a.status, a.text)
		}
		r.send(http.MethodGet, instancePath("plan-refuse"), "").is(t, http.StatusOK, "")
		for _, b := range []string{"b1", "b2", "b3"} {
			r.done("", r.unbind("plan-refuse", b, "plan-refuse"))
		}
		r.done("plan-refuse", r.deprovision("plan-refuse", "plan-refuse"))
	})
}

// A deprovision that is refused because of bindings must not stop their clean-up.
func TestRefusedDeprovisionLeavesCleanUpAlone(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.done("i", r.provision("i", "plan-refuse", ""))
		r.provider.fail(durable.KindBind, "i/b", errProvider)
		g := r.provider.hold(durable.KindUnbind, "i/b")
		r.bind("i", "b", "plan-refuse", "").is(t, http.StatusBadRequest, "Broken")
		receive(t, "the clean-up", g.entered)
		r.deprovision("i", "plan-refuse").is(t, http.StatusUnprocessableEntity, "BindingsExist")
		g.open()
		r.status("i", "b", durable.StatusDeleted)
		r.done("i", r.deprovision("i", "plan-refuse"))
	})
}

// A binding does not load the checkpoint of another one.
func TestCheckpointsOfRemainingBindings(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		r := start(t, store, newKeys(t), provider, nil)
		r.done("i", r.provision("i", planID, ""))
		for _, b := range []string{"b1", "b2"} {
			r.bind("i", b, planID, "").is(t, http.StatusCreated, "")
		}
		provider.on(durable.KindUnbind, "", saving(t, "an unbind", true))
		provider.on(durable.KindDeprovision, "", saving(t, "the deprovision", false))
		r.done("i", r.deprovision("i", planID))
		if calls := provider.called(durable.KindUnbind, "i"); len(calls) != 4 {
			t.Errorf("unbind was called %d times", len(calls))
		}
	})
}
