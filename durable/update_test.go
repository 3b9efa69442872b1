package durable_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		provider.updated = func() durable.UpdateResult {
			return durable.UpdateResult{DashboardURL: "https://new.example.com", State: json.RawMessage(`{"node":"n2"}`)}
		}
		r := start(t, store, newKeys(t), provider, nil)
		r.done("i", r.provision("i", planID, `,"parameters":{"a":1,"b":{"c":1},"d":2,"e":null}`))
		a := r.update("i", `,"plan_id":"plan-sync","parameters":{"b":{"x":2},"d":null,"f":3}`).is(t, http.StatusOK, "")
		if a.body["dashboard_url"] != "https://new.example.com" {
			t.Errorf("the answer is %s", a.text)
		}
		calls := provider.called(durable.KindUpdate, "i")
		after, before := calls[0].instance, calls[0].previous
		if before.PlanID != planID || string(before.Parameters) != `{"a":1,"b":{"c":1},"d":2,"e":null}` || string(before.State) != `{"node":"n1"}` {
			t.Errorf("previously the instance was %+v with %s and %s", before, []byte(before.Parameters), before.State)
		}
		if after.PlanID != "plan-sync" || string(after.Parameters) != `{"a":1,"b":{"x":2},"e":null,"f":3}` || string(after.State) != `{"node":"n1"}` {
			t.Errorf("the instance should become %+v with %s and %s", after, []byte(after.Parameters), after.State)
		}
		a = r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		if a.body["plan_id"] != "plan-sync" || !strings.Contains(a.text, `"parameters":{"a":1,"b":{"x":2},"e":null,"f":3}`) || a.body["dashboard_url"] != "https://new.example.com" {
			t.Errorf("the instance is %s", a.text)
		}
		r.done("i", r.deprovision("i", "plan-sync"))
		if calls := provider.called(durable.KindDeprovision, "i"); string(calls[0].instance.State) != `{"node":"n2"}` {
			t.Errorf("the state is %s", calls[0].instance.State)
		}
	})
}

func TestPlanChangeNotAllowed(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.done("i", r.provision("i", "plan-fixed", ""))
		r.update("i", `,"plan_id":"plan-sync"`).is(t, http.StatusUnprocessableEntity, "PlanChangeNotSupported")
		r.update("i", `,"plan_id":"plan-fixed"`+updateExtra).is(t, http.StatusOK, "")
	})
}

func TestMaintenanceInfo(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		const conflict = "MaintenanceInfoConflict"
		r.provision("i", "plan-versioned", `,"maintenance_info":{"version":"1.0.0"}`).is(t, http.StatusUnprocessableEntity, conflict)
		r.done("i", r.provision("i", "plan-versioned", `,"maintenance_info":{"version":"2.0.0"}`))
		r.update("i", `,"maintenance_info":{"version":"2.0.0"}`).is(t, http.StatusOK, "")
		if calls := r.provider.called(durable.KindUpdate, "i"); len(calls) != 0 {
			t.Error("the provider was called for the current version of the instance")
		}
		r.update("i", `,"maintenance_info":{"version":"3.0.0"}`).is(t, http.StatusUnprocessableEntity, conflict)

		catalog := testCatalog()
		catalog.Services[0].Plan("plan-versioned").MaintenanceInfo.Version = "3.0.0"
		if err := r.SetCatalog(catalog); err != nil {
			t.Fatal(err)
		}
		a := r.send(http.MethodGet, instancePath("i"), "")
		if !strings.Contains(a.text, `"maintenance_info":{"version":"2.0.0"`) {
			t.Errorf("the instance is %s", a.text)
		}
		r.update("i", `,"maintenance_info":{"version":"3.0.0"}`).is(t, http.StatusOK, "")
		calls := r.provider.called(durable.KindUpdate, "i")
		if len(calls) != 1 || calls[0].previous.MaintenanceInfo.Version != "2.0.0" || calls[0].instance.MaintenanceInfo.Version != "3.0.0" {
			t.Errorf("the calls are %+v", calls)
		}
	})
}

// The engine stores a new context. It calls the provider only for a service with
// allow_context_updates.
func TestContextUpdates(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		const renamed = `,"context":{"platform":"cloudfoundry","space_name":"new"}`
		r.done("i", r.provision("i", planID, ""))
		r.update("i", renamed).is(t, http.StatusOK, "")
		if calls := r.provider.called(durable.KindUpdate, "i"); len(calls) != 0 {
			t.Errorf("the provider was called")
		}
		r.update("i", updateExtra).is(t, http.StatusOK, "")
		if c := r.provider.called(durable.KindUpdate, "i")[0].instance.Context; !strings.Contains(string(c.Raw), "new") {
			t.Errorf("the context is %s", c.Raw)
		}

		const body = `{"service_id":"service-2","plan_id":"plan-hidden","organization_guid":"o","space_guid":"s"}`
		r.done("j", r.send(http.MethodPut, instancePath("j")+"?"+incomplete, body))
		r.send(http.MethodPatch, instancePath("j")+"?"+incomplete, `{"service_id":"service-2"`+renamed+`}`).is(t, http.StatusOK, "")
		if calls := r.provider.called(durable.KindUpdate, "j"); len(calls) != 1 {
			t.Errorf("the provider was called %d times", len(calls))
		}
	})
}

func TestKubernetesNamespaces(t *testing.T) {
	t.Parallel()
	r := start(t, openSQLite(t), newKeys(t), newScripted(), nil)
	put := func(context string) answer {
		return r.send(http.MethodPut, instancePath("i"), `{"service_id":"`+serviceID+`","plan_id":"plan-sync","context":{"platform":"kubernetes",`+context+`}}`)
	}
	put(`"namespace":"n","clusterid":"c","instance_name":"x"`).is(t, http.StatusCreated, "")
	put(`"namespace":"n","clusterid":"c","instance_name":"y"`).is(t, http.StatusOK, "")
	put(`"namespace":"m","clusterid":"c"`).is(t, http.StatusConflict, "")
	put(`"namespace":"n","clusterid":"d"`).is(t, http.StatusConflict, "")
}

// instance_usable and update_repeatable of a failed update reach the platform. The
// instance is unchanged, and is not cleaned up.
func TestFailedUpdate(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.bring("i", "plan-async", ready)
		r.provider.fail(durable.KindUpdate, "i", openbroker.NewError(http.StatusConflict, "", "Half done.").WithInstanceUsable(false).WithUpdateRepeatable(true))
		a := r.update("i", `,"plan_id":"plan-sync"`+updateExtra).is(t, http.StatusAccepted, "")
		if s := r.poll("i", a.operation()); s.text != `{"state":"failed","description":"Half done.","instance_usable":false,"update_repeatable":true}` {
			t.Errorf("the update is %s", s.text)
		}
		g := r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		if g.body["plan_id"] != "plan-async" || strings.Contains(g.text, `"b"`) {
			t.Errorf("the instance is %s", g.text)
		}
		if calls := r.provider.called(durable.KindDeprovision, "i"); len(calls) > 0 {
			t.Error("the instance was deprovisioned")
		}
		r.provider.fail(durable.KindDeprovision, "i", openbroker.NewError(http.StatusConflict, "", "Locked.").WithInstanceUsable(true).WithUpdateRepeatable(true))
		a = r.deprovision("i", "plan-async").is(t, http.StatusAccepted, "")
		if s := r.poll("i", a.operation()); s.text != `{"state":"failed","description":"Locked.","instance_usable":true}` {
			t.Errorf("the deprovision is %s", s.text)
		}
		r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
	})
}

// An update whose result cannot be stored fails and changes nothing.
func TestResultThatIsNotJSON(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider := newScripted()
		provider.updated = func() durable.UpdateResult { return durable.UpdateResult{State: json.RawMessage(`{`)} }
		provider.bound = func(durable.Binding) durable.BindResult {
			return durable.BindResult{Credentials: openbroker.Credentials{"f": func() {}}}
		}
		r := start(t, store, newKeys(t), provider, nil)
		r.done("i", r.provision("i", planID, ""))
		r.update("i", `,"plan_id":"plan-sync"`).is(t, http.StatusInternalServerError, "")
		if a := r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, ""); a.body["plan_id"] != planID {
			t.Errorf("the instance is %s", a.text)
		}
		r.bind("i", "b", planID, "").is(t, http.StatusInternalServerError, "")
		r.status("i", "b", durable.StatusDeleted)
		provider.provisioned = func() durable.ProvisionResult { return durable.ProvisionResult{State: json.RawMessage(`{`)} }
		r.provision("j", planID, "").is(t, http.StatusInternalServerError, "")
		r.status("j", "", durable.StatusDeleted)
	})
}
