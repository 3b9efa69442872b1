package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/simulator"
)

// Each plan behaves as documented from provision to deprovision, with a binding
// if it is bindable.
func TestPlans(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, c := range map[string]struct {
		plan                     string
		change, bind             int // the status of asynchronous requests
		bindMore                 string
		bound                    []string // the members of a binding
		absent                   []string
		refuses, refusesBindings string // the error of requests without accepts_incomplete
	}{
		"sync":               {plan: simulator.SyncPlanID, change: 201, bind: 201, absent: []string{"metadata", "syslog_drain_url", "route_service_url", "volume_mounts"}},
		"async":              {plan: simulator.AsyncPlanID, change: 202, bind: 202, refuses: "AsyncRequired", refusesBindings: "AsyncRequired"},
		"async-binding":      {plan: simulator.AsyncBindingPlanID, change: 201, bind: 202, refusesBindings: "AsyncRequired"},
		"app-only":           {plan: simulator.AppOnlyPlanID, change: 201, bind: 201, bindMore: `"app_guid":"a"`},
		"not-bindable":       {plan: simulator.NotBindablePlanID, change: 201, bind: 400},
		"rotatable":          {plan: simulator.RotatablePlanID, change: 201, bind: 201},
		"schema":             {plan: simulator.SchemaPlanID, change: 201, bind: 201, bindMore: `"parameters":{"mode":"r"}`},
		"updateable":         {plan: simulator.UpdateablePlanID, change: 201, bind: 201},
		"expiring":           {plan: simulator.ExpiringPlanID, change: 201, bind: 201, bound: []string{"metadata"}},
		"route":              {plan: simulator.RoutePlanID, change: 201, bind: 201, bindMore: `"bind_resource":{"route":"r.example.com"}`, bound: []string{"route_service_url"}},
		"syslog":             {plan: simulator.SyslogPlanID, change: 201, bind: 201, bound: []string{"syslog_drain_url"}},
		"volume":             {plan: simulator.VolumePlanID, change: 201, bind: 201, bound: []string{"volume_mounts"}},
		"async-sync-binding": {plan: simulator.AsyncSyncBindingPlanID, change: 202, bind: 201, refuses: "AsyncRequired"},
		"endpoints":          {plan: simulator.EndpointsPlanID, change: 201, bind: 201, bound: []string{"endpoints"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := *b
			b.t = t
			path, key := instance("plan-"+name), binding("plan-"+name)
			if c.refuses != "" {
				if a := b.expect(422, "PUT", path, bodyOf(c.plan, "")); a.field("error") != c.refuses {
					t.Errorf("got %s", a.text)
				}
			}
			a := b.expect(c.change, "PUT", path+"?"+async, bodyOf(c.plan, ""))
			if !strings.HasPrefix(a.field("dashboard_url"), "https://") {
				t.Errorf("no dashboard_url: %s", a.text)
			}
			b.finish(path, a)
			if a := b.expect(200, "GET", path, ""); a.field("plan_id") != c.plan || a.field("dashboard_url") == "" {
				t.Errorf("fetched %s", a.text)
			}
			b.expect(200, "PUT", path+"?"+async, bodyOf(c.plan, ""))

			if c.refusesBindings != "" {
				if a := b.expect(422, "PUT", key, bodyOf(c.plan, c.bindMore)); a.field("error") != c.refusesBindings {
					t.Errorf("got %s", a.text)
				}
			}
			a = b.expect(c.bind, "PUT", key+"?"+async, bodyOf(c.plan, c.bindMore))
			if c.bind != 400 {
				b.finish(key, a)
				a = b.expect(200, "GET", key, "")
				for _, field := range append(c.bound, "credentials") {
					if a.body[field] == nil {
						t.Errorf("no %s in %s", field, a.text)
					}
				}
				if a.body["endpoints"] != nil && c.plan != simulator.EndpointsPlanID {
					t.Errorf("endpoints in %s", a.text) // Some clients cannot decode them.
				}
				for _, field := range c.absent {
					if a.body[field] != nil {
						t.Errorf("%s in %s", field, a.text)
					}
				}
				b.finish(key, b.do("DELETE", key+deletion(c.plan)+"&"+async, ""))
				b.expect(404, "GET", key, "")
			}
			deleted := b.do("DELETE", path+deletion(c.plan)+"&"+async, "")
			if want := map[int]int{201: 200, 202: 202}[c.change]; deleted.status != want {
				t.Errorf("the response to the deletion is %d %s", deleted.status, deleted.text)
			}
			b.finish(path, deleted)
			b.expect(404, "GET", path, "")
			b.expect(410, "DELETE", path+deletion(c.plan)+"&"+async, "")
		})
	}
}

func TestAppOnly(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(201, "PUT", instance("i"), bodyOf(simulator.AppOnlyPlanID, ""))
	for _, more := range []string{"", `"app_guid":""`} {
		if a := b.expect(422, "PUT", binding("i"), bodyOf(simulator.AppOnlyPlanID, more)); a.field("error") != "RequiresApp" {
			t.Errorf("got %s", a.text)
		}
	}
	b.expect(201, "PUT", binding("i"), bodyOf(simulator.AppOnlyPlanID, `"bind_resource":{"app_guid":"a"}`))
}

// A binding without a route has no route service.
func TestRouteWithoutRoute(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(201, "PUT", instance("i"), bodyOf(simulator.RoutePlanID, ""))
	if a := b.expect(201, "PUT", binding("i"), bodyOf(simulator.RoutePlanID, "")); a.body["route_service_url"] != nil {
		t.Errorf("got %s", a.text)
	}
}

func TestUpdateable(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(201, "PUT", instance("i"), bodyOf(simulator.UpdateablePlanID, ""))
	b.expect(422, "PATCH", instance("i"), bodyOf(simulator.VolumePlanID, ""))
	b.expect(200, "PATCH", instance("i"), bodyOf(simulator.SyncPlanID, ""))
	if a := b.expect(200, "GET", instance("i"), ""); a.field("plan_id") != simulator.SyncPlanID {
		t.Errorf("got %s", a.text)
	}
	b.expect(422, "PATCH", instance("i"), bodyOf(simulator.UpdateablePlanID, ""))
	b.expect(400, "PUT", binding("i"), bodyOf(simulator.UpdateablePlanID, ""))
	b.expect(201, "PUT", binding("i"), bodyOf(simulator.SyncPlanID, ""))
}

func TestMaintenanceInfo(t *testing.T) {
	t.Parallel()
	b := start(t)
	const old, fresh = `"maintenance_info":{"version":"1.0.0"}`, `"maintenance_info":{"version":"2.0.0"}`
	conflict := func(a answer) {
		t.Helper()
		if a.field("error") != "MaintenanceInfoConflict" {
			t.Errorf("got %d %s", a.status, a.text)
		}
	}
	conflict(b.expect(422, "PUT", instance("i"), bodyOf(simulator.UpdateablePlanID, fresh)))
	b.expect(201, "PUT", instance("i"), bodyOf(simulator.UpdateablePlanID, old))
	if err := b.SetMaintenanceInfo("2.0", ""); err == nil {
		t.Error("2.0 is accepted")
	}
	if err := b.SetMaintenanceInfo("2.0.0", "Newer."); err != nil {
		t.Fatal(err)
	}
	conflict(b.expect(422, "PATCH", instance("i"), bodyOf(simulator.UpdateablePlanID, old)))
	b.expect(200, "PATCH", instance("i"), bodyOf(simulator.UpdateablePlanID, fresh))
	if a := b.expect(200, "GET", instance("i"), ""); a.body["maintenance_info"].(map[string]any)["version"] != "2.0.0" {
		t.Errorf("got %s", a.text)
	}
	b.Reset()
	if m, err := b.MaintenanceInfo(t.Context()); err != nil || m.Version != simulator.MaintenanceVersion {
		t.Errorf("after a reset: %v, %v", m, err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, plan := range []string{simulator.RotatablePlanID, simulator.ExpiringPlanID} {
		b.expect(201, "PUT", instance(plan), bodyOf(plan, ""))
		first := b.expect(201, "PUT", instance(plan)+"/service_bindings/one", bodyOf(plan, `"parameters":{"x":1}`))
		second := b.expect(201, "PUT", instance(plan)+"/service_bindings/two", `{"predecessor_binding_id":"one"}`)
		if first.text == second.text {
			t.Error("the successor has the credentials of its predecessor")
		}
		if a := b.expect(200, "GET", instance(plan)+"/service_bindings/two", ""); a.body["parameters"].(map[string]any)["x"] != 1.0 {
			t.Errorf("got %s", a.text)
		}
	}
	b.expect(201, "PUT", instance("i"), bodyOf(simulator.SyncPlanID, ""))
	b.expect(201, "PUT", binding("i"), bodyOf(simulator.SyncPlanID, ""))
	b.expect(400, "PUT", binding("i")+"2", `{"predecessor_binding_id":"b"}`)
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	b := start(t)
	now := b.clock.Now()
	b.expect(201, "PUT", instance("i"), bodyOf(simulator.ExpiringPlanID, ""))
	for parameters, want := range map[string][2]time.Duration{
		`{}`:                                    {time.Hour, 30 * time.Minute},
		`{"expires_in":"10m"}`:                  {10 * time.Minute, 5 * time.Minute},
		`{"expires_in":"10m","renew_in":"9m"}`:  {10 * time.Minute, 9 * time.Minute},
		`{"expires_in":"0s"}`:                   {0, 0},
		`{"expires_in":"10m","renew_in":"10m"}`: {10 * time.Minute, 10 * time.Minute},
	} {
		a := b.expect(201, "PUT", binding("i"), bodyOf(simulator.ExpiringPlanID, `"parameters":`+parameters))
		metadata, _ := a.body["metadata"].(map[string]any)
		for i, field := range []string{"expires_at", "renew_before"} {
			if want := now.Add(want[i]).Format("2006-01-02T15:04:05.0Z"); metadata[field] != want {
				t.Errorf("%s: %s is %v, want %s", parameters, field, metadata[field], want)
			}
		}
		b.expect(200, "DELETE", binding("i")+deletion(simulator.ExpiringPlanID), "")
	}
	for _, parameters := range []string{`{"expires_in":"10m","renew_in":"11m"}`, `{"expires_in":5}`, `{"expires_in":"-5m"}`, `{"renew_in":"soon"}`, `{"expires_in":"999999h"}`} {
		if a := b.expect(http.StatusBadRequest, "PUT", binding("i"), bodyOf(simulator.ExpiringPlanID, `"parameters":`+parameters)); !strings.Contains(a.field("description"), "parameters.") {
			t.Errorf("%s: %s", parameters, a.text)
		}
	}
	// Other plans ignore these parameters and accept any.
	b.expect(201, "PUT", instance("j"), bodyOf(simulator.SyncPlanID, `"parameters":{"expires_in":5,"anything":[null]}`))
}

// The catalog has only the chosen plans, with the permissions that they
// require.
func TestChosenPlans(t *testing.T) {
	t.Parallel()
	for plans, requires := range map[string]string{
		"sync":         "",
		"async,volume": "volume_mount",
		"syslog,route": "route_forwarding,syslog_drain",
		"":             "route_forwarding,syslog_drain,volume_mount",
	} {
		b := startWith(t, func(c *simulator.Config) {
			if plans != "" {
				c.Plans = strings.Split(plans, ",")
			}
		})
		var catalog struct{ Services []openbroker.Service }
		if err := json.Unmarshal([]byte(b.expect(200, "GET", "/v2/catalog", "").text), &catalog); err != nil {
			t.Fatal(err)
		}
		service := catalog.Services[0]
		slices.Sort(service.Requires)
		if got := strings.Join(service.Requires, ","); got != requires || plans != "" && len(service.Plans) != strings.Count(plans, ",")+1 {
			t.Errorf("%s: requires %s, has %d plans", plans, got, len(service.Plans))
		}
		b.expect(200, "POST", "/control/reset", "")
		b.expect(200, "GET", "/control", "")
	}
	if err := simulator.CheckPlans([]string{"sync", "fast"}); err == nil || !strings.Contains(err.Error(), `the plan "fast" does not exist: choose from app-only, `) {
		t.Errorf("got %v", err)
	}
}

// The plan schema accepts only parameters that are valid by its schemas.
func TestSchema(t *testing.T) {
	t.Parallel()
	b := start(t)
	const plan = simulator.SchemaPlanID
	b.expect(201, "PUT", instance("i"), bodyOf(plan, `"parameters":{"size":10,"zone":"a","labels":{"x":"y"}}`))
	b.expect(200, "PATCH", instance("i"), bodyOf(plan, `"parameters":{"size":1}`))
	b.expect(201, "PUT", binding("i"), bodyOf(plan, `"parameters":{"mode":"rw"}`))
	for _, parameters := range []string{`{"size":11}`, `{"size":"1"}`, `{"zone":"d"}`, `{"labels":{"x":1}}`, `{"mode":"x"}`, `{"delay":"3s"}`, `{"fault":{"drop":true}}`} {
		b.expect(400, "PUT", instance("j"), bodyOf(plan, `"parameters":`+parameters))
		b.expect(400, "PATCH", instance("i"), bodyOf(plan, `"parameters":`+parameters))
		b.expect(400, "PUT", instance("i")+"/service_bindings/c", bodyOf(plan, `"parameters":`+parameters))
	}
}
