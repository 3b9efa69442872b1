package durable_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A checking provider refuses requests. It knows the dashboard of an instance before
// it creates the instance.
type checking struct {
	*scripted
	mu     sync.Mutex
	checks []string
}

var (
	_ durable.RequestChecker    = (*checking)(nil)
	_ durable.DashboardProvider = (*checking)(nil)
)

func (c *checking) check(what string, parameters openbroker.Parameters) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checks = append(c.checks, what)
	if strings.Contains(string(parameters), "bad") {
		return openbroker.ErrInvalidParameters.WithDescription("bad is not good")
	}
	return nil
}

func (c *checking) CheckInstance(_ context.Context, i durable.Instance, previous *durable.Instance) error {
	if previous != nil {
		return c.check("update from "+previous.PlanID+" to "+i.PlanID, i.Parameters)
	}
	return c.check("provision", i.Parameters)
}

func (c *checking) CheckBinding(_ context.Context, b durable.Binding) error {
	return c.check("bind to "+b.Instance.ID, b.Parameters)
}

func (c *checking) DashboardURL(_ context.Context, i durable.Instance) (string, error) {
	if strings.Contains(string(i.Parameters), "no dashboard") {
		return "", openbroker.ErrInvalidParameters.WithDescription("the instance has no dashboard")
	}
	return "https://early.example.com/" + i.ID, nil
}

func startChecking(tb testing.TB, store durable.Store) (*replica, *checking) {
	tb.Helper()
	provider := &checking{scripted: newScripted()}
	r := serve(tb, store, newKeys(tb), provider, provider.scripted, nil)
	r.Start(tb.Context())
	return r, provider
}

// The error of a RequestChecker is the answer, and nothing is recorded.
func TestRequestChecker(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r, provider := startChecking(t, store)
		const bad, code = `,"parameters":{"bad":true}`, "InvalidParameters"
		r.provision("i", planID, bad).is(t, http.StatusBadRequest, code)
		r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusNotFound, "")
		r.lastOperation("i", "").is(t, http.StatusNotFound, "")
		r.deprovision("i", planID).is(t, http.StatusGone, "")
		if records, err := store.Instances(t.Context(), durable.Filter{}); err != nil || len(records) > 0 {
			t.Errorf("the records are %v (%v)", records, err)
		}

		r.done("i", r.provision("i", planID, ""))
		r.update("i", `,"plan_id":"plan-sync"`+bad).is(t, http.StatusBadRequest, code)
		if a := r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, ""); a.body["plan_id"] != planID {
			t.Errorf("the instance is %s", a.text)
		}
		r.bind("i", "b", planID, bad).is(t, http.StatusBadRequest, code)
		r.send(http.MethodGet, bindingPath("i", "b"), "").is(t, http.StatusNotFound, "")
		r.lastOperation("i/service_bindings/b", "").is(t, http.StatusNotFound, "")
		provider.mu.Lock()
		defer provider.mu.Unlock()
		want := "provision; provision; update from plan-auto to plan-sync; bind to i"
		if got := strings.Join(provider.checks, "; "); got != want {
			t.Errorf("the checks are %s, want %s", got, want)
		}
	})
}

// A repeated request is not checked again.
func TestRequestCheckerIgnoresRepeatedRequests(t *testing.T) {
	t.Parallel()
	r, provider := startChecking(t, openSQLite(t))
	r.done("i", r.provision("i", planID, ""))
	r.provision("i", planID, "").is(t, http.StatusOK, "")
	r.provision("i", planID, params).is(t, http.StatusConflict, "")
	r.update("i", "").is(t, http.StatusOK, "")
	if len(provider.checks) != 1 {
		t.Errorf("the checks are %v", provider.checks)
	}
}

func TestDashboardProvider(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r, provider := startChecking(t, store)
		g := provider.hold(durable.KindProvision, "i")
		for range 2 { // The answer to the repeated request has it too.
			a := r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
			if a.body["dashboard_url"] != "https://early.example.com/i" {
				t.Errorf("the answer is %s", a.text)
			}
		}
		g.open()
		r.status("i", "", durable.StatusReady)
		if a := r.provision("i", "plan-async", ""); a.body["dashboard_url"] != "https://dashboard.example.com/i" {
			t.Errorf("the answer is %s", a.text)
		}
	})
}

// The error of a DashboardProvider is the answer, and nothing is recorded. An
// existing instance needs no URL.
func TestDashboardProviderRefuses(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r, _ := startChecking(t, store)
		const none = `,"parameters":{"a":"no dashboard"}`
		r.provision("i", planID, none).is(t, http.StatusBadRequest, "InvalidParameters")
		r.lastOperation("i", "").is(t, http.StatusNotFound, "")
		r.done("i", r.provision("i", planID, ""))
		r.provision("i", planID, none).is(t, http.StatusConflict, "")
	})
}

// A finding provider can find its resources.
type finding struct {
	*scripted
	found func()
}

var _ durable.ResourceFinder = (*finding)(nil)

func (f *finding) ResourceExists(_ context.Context, i durable.Instance) (bool, error) {
	if f.found != nil {
		f.found()
	}
	return f.has(i.ID), nil
}

// A resource without a record is neither adopted nor deleted.
func TestResourceFinder(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := &finding{scripted: newScripted()}
		r := serve(t, store, newKeys(t), provider, provider.scripted, nil)
		r.Start(t.Context())
		refused := func() {
			t.Helper()
			calls := len(provider.called(durable.KindProvision, "i")) + len(provider.called(durable.KindDeprovision, "i"))
			if a := r.provision("i", planID, "").is(t, http.StatusConflict, ""); !strings.Contains(a.text, "has no record of it") {
				t.Errorf("the answer is %s", a.text)
			}
			r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusNotFound, "")
			r.deprovision("i", planID).is(t, http.StatusGone, "")
			if !provider.has("i") || len(provider.called(durable.KindProvision, "i"))+len(provider.called(durable.KindDeprovision, "i")) != calls {
				t.Error("the resource was touched")
			}
		}
		provider.set("i", true)
		refused()
		r.lastOperation("i", "").is(t, http.StatusNotFound, "")
		provider.set("i", false)
		r.provision("i", planID, "").is(t, http.StatusCreated, "")
		r.provision("i", planID, "").is(t, http.StatusOK, "")
		r.done("i", r.deprovision("i", planID))
		provider.set("i", true)
		refused()
		if !strings.Contains(r.logs.String(), "creation refused") {
			t.Error("the log does not have the refusal")
		}
	})
}

// A resource that another replica creates at the same time has a record.
func TestResourceFinderIsOvertaken(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, slow := newKeys(t), &finding{scripted: newScripted()}
		other := start(t, store, keys, slow.scripted, nil)
		slow.found = sync.OnceFunc(func() { other.provision("i", planID, "").is(t, http.StatusCreated, "") })
		r := serve(t, store, keys, slow, slow.scripted, nil)
		r.Start(t.Context())
		r.provision("i", planID, "").is(t, http.StatusOK, "")
	})
}
