package durable_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A poll of a deletion returns succeeded for a grace period, and then 410.
func TestDeletedGrace(t *testing.T) {
	t.Parallel()
	c := &clock{}
	r := start(t, openSQLite(t, withClock(c)), newKeys(t), newScripted(), func(c *durable.Config) {
		c.DeletedGrace, c.Retention, c.SweepInterval = 10*time.Minute, 24*time.Hour, 5*time.Millisecond
	})
	created := r.provision("i", "plan-async", "")
	r.done("i", created)
	r.done("i/service_bindings/b", r.bind("i", "b", "plan-async", ""))
	unbound := r.unbind("i", "b", "plan-async")
	r.done("i/service_bindings/b", unbound)
	a := r.deprovision("i", "plan-async")
	r.done("i", a)
	states := func(want int) {
		t.Helper()
		r.send(http.MethodGet, instancePath("i"), "") // The engine reads the clock with a snapshot.
		for _, operation := range []string{"", a.operation(), "unknown"} {
			r.lastOperation("i", operation).is(t, want, "")
		}
		for _, operation := range []string{"", unbound.operation(), "unknown"} {
			r.lastOperation("i/service_bindings/b", operation).is(t, want, "")
		}
		r.lastOperation("i", created.operation()).is(t, http.StatusOK, "")
	}
	states(http.StatusOK)
	c.advance(9 * time.Minute)
	states(http.StatusOK)
	c.advance(2 * time.Minute)
	states(http.StatusGone)
	c.advance(48 * time.Hour)
	eventually(t, "the records are pruned", func() bool { return r.lastOperation("i", "").status == http.StatusNotFound })
	r.lastOperation("i/service_bindings/b", "").is(t, http.StatusNotFound, "")
	r.deprovision("i", "plan-async").is(t, http.StatusGone, "")
	r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
}

// The first poll after a 202 finds the operation, on any replica.
func TestFirstPollFindsTheOperation(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		one, two := start(t, store, keys, provider, nil), start(t, store, keys, provider, nil)
		for i := range 20 {
			id := "i" + strconv.Itoa(i)
			a := one.provision(id, "plan-async", "").is(t, http.StatusAccepted, "")
			two.lastOperation(id, a.operation()).is(t, http.StatusOK, "")
			d := two.deprovision(id, "plan-async").is(t, http.StatusAccepted, "")
			if s := one.lastOperation(id, d.operation()).is(t, http.StatusOK, ""); s.state() == "failed" {
				t.Errorf("the deletion is %s", s.text)
			}
			one.done(id, d)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	r := start(t, openSQLite(t), newKeys(t), newScripted(), func(c *durable.Config) { c.RetryAfter = 1500 * time.Millisecond })
	g := r.provider.hold(durable.KindProvision, "i")
	a := r.provision("i", "plan-async", "")
	s := r.lastOperation("i", a.operation())
	if a.header.Get("Retry-After") != "2" || s.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After is %q, and %q when polled", a.header.Get("Retry-After"), s.header.Get("Retry-After"))
	}
	g.open()
}

// The description is the text of the last Report. It is empty after success.
func TestReport(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		g := r.provider.hold(durable.KindProvision, "i")
		r.provider.on(durable.KindProvision, "i", reporting(g, "Half way \x00 there"))
		a := r.provision("i", "plan-async", "")
		receive(t, "the report", g.entered)
		if s := r.lastOperation("i", a.operation()); !strings.HasPrefix(s.body["description"].(string), "Half way ") {
			t.Errorf("the operation is %s", s.text)
		}
		g.open()
		if s := r.poll("i", a.operation()); s.text != `{"state":"succeeded"}` {
			t.Errorf("the operation is %s", s.text)
		}
	})
}

// An instance can be deleted after its service has left the catalog. Other services
// are not affected.
func TestRetiredPlans(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		for _, id := range []string{"i", "j"} {
			r.done(id, r.provision(id, planID, ""))
			r.done("", r.bind(id, "b", planID, ""))
		}
		catalog := testCatalog()
		catalog.Services[0].Plans = catalog.Services[0].Plans[1:]
		if err := r.SetCatalog(catalog); err != nil {
			t.Fatal(err)
		}
		r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		r.update("i", updateExtra).is(t, http.StatusOK, "")
		r.bind("i", "b2", planID, "").is(t, http.StatusBadRequest, "")
		r.done("", r.unbind("i", "b", planID))
		r.done("i", r.deprovision("i", planID))
		catalog = testCatalog()
		catalog.Services = catalog.Services[1:]
		if err := r.SetCatalog(catalog); err != nil {
			t.Fatal(err)
		}
		r.done("j", r.deprovision("j", planID))
		if r.provider.has("i") || r.provider.has("j") || r.provider.has("j/b") {
			t.Error("the provider still has a resource")
		}
	})
}
