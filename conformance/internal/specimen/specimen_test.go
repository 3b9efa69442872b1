package specimen_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

// These are ids of the catalog.
const (
	service   = "5bec13e5-0b2f-4c1d-9a17-000000000001"
	syncPlan  = "5bec13e5-0b2f-4c1d-9a17-000000000002"
	asyncPlan = "5bec13e5-0b2f-4c1d-9a17-000000000003"
	asyncBind = "5bec13e5-0b2f-4c1d-9a17-000000000004"
	appOnly   = "5bec13e5-0b2f-4c1d-9a17-000000000005"
	rotatable = "5bec13e5-0b2f-4c1d-9a17-000000000007"
	schema    = "5bec13e5-0b2f-4c1d-9a17-000000000008"
)

type exchange struct {
	method, target, body string
	status               int
	contains             string
}

// create returns the body of a provision or bind.
func create(plan, more string) string {
	return `{"service_id":"` + service + `","plan_id":"` + plan + `","organization_guid":"o","space_guid":"s"` + more + `}`
}

func TestExchanges(t *testing.T) {
	t.Parallel()
	ids := func(plan string) string { return "?accepts_incomplete=true&service_id=" + service + "&plan_id=" + plan }
	const one = "/v2/service_instances/one"
	const bound = one + "/service_bindings/bound"
	for name, exchanges := range map[string][]exchange{
		"synchronous": {
			{"GET", "/v2/catalog", "", 200, `"services"`},
			{"PUT", one, create(syncPlan, ""), 201, "dashboard_url"},
			{"PUT", one, create(syncPlan, ""), 200, "dashboard_url"},
			{"PUT", one, create(syncPlan, `,"parameters":{"a":1}`), 409, "description"},
			{"GET", one, "", 200, syncPlan},
			{"PATCH", one, `{"service_id":"` + service + `","parameters":{"a":1}}`, 200, ""},
			{"GET", one, "", 200, `"a":1`},
			{"PATCH", one, `{"service_id":"` + service + `","plan_id":"` + asyncPlan + `"}`, 422, "update_repeatable"},
			{"PUT", bound, create(syncPlan, ""), 201, "password"},
			{"PUT", bound, create(syncPlan, ""), 200, "password"},
			{"GET", bound, "", 200, "password"},
			{"DELETE", bound + ids(syncPlan), "", 200, "{}"},
			{"DELETE", bound + ids(syncPlan), "", 410, "{}"},
			{"DELETE", one + ids(syncPlan), "", 200, "{}"},
			{"DELETE", one + ids(syncPlan), "", 410, "{}"},
			{"GET", one, "", 404, "description"},
		},
		"asynchronous": {
			{"PUT", one, create(asyncPlan, ""), 422, "AsyncRequired"},
			{"PUT", one + "?accepts_incomplete=true", create(asyncPlan, ""), 202, "provision-1"},
			{"PUT", one + "?accepts_incomplete=true", create(asyncPlan, ""), 202, "provision-1"},
			{"GET", one, "", 404, "description"},
			{"GET", one + "/last_operation?operation=provision-1", "", 200, "in progress"},
			{"GET", one + "/last_operation?operation=provision-1", "", 200, "in progress"},
			{"GET", one + "/last_operation?operation=provision-1", "", 200, "succeeded"},
			{"GET", one, "", 200, asyncPlan},
			{"PATCH", one + "?accepts_incomplete=true", `{"service_id":"` + service + `"}`, 202, "update-2"},
			{"GET", one, "", 422, "ConcurrencyError"},
			{"DELETE", one + ids(asyncPlan), "", 422, "ConcurrencyError"},
		},
		"a cancelled creation": {
			{"PUT", one + "?accepts_incomplete=true", create(asyncPlan, ""), 202, "provision-1"},
			{"DELETE", one + ids(asyncPlan), "", 202, "deprovision-2"},
			{"DELETE", one + ids(asyncPlan), "", 202, "deprovision-2"},
			{"GET", one + "/last_operation?operation=provision-1", "", 200, "failed"},
			{"GET", one + "/last_operation", "", 200, "in progress"},
			{"GET", one + "/last_operation", "", 200, "in progress"},
			{"GET", one + "/last_operation", "", 200, "succeeded"},
			{"GET", one + "/last_operation", "", 200, "succeeded"},
			{"DELETE", one + ids(asyncPlan), "", 410, "{}"},
		},
		"asynchronous bindings": {
			{"PUT", one, create(asyncBind, ""), 201, ""},
			{"PUT", bound, create(asyncBind, ""), 422, "AsyncRequired"},
			{"PUT", bound + "?accepts_incomplete=true", create(asyncBind, ""), 202, "bind-1"},
			{"GET", bound, "", 404, "description"},
			{"GET", bound + "/last_operation", "", 200, "in progress"},
			{"GET", bound + "/last_operation", "", 200, "in progress"},
			{"GET", bound + "/last_operation", "", 200, "succeeded"},
			{"GET", bound, "", 200, "password"},
			{"DELETE", bound + ids(asyncBind), "", 202, "unbind-2"},
		},
		"rotation": {
			{"PUT", one, create(rotatable, ""), 201, ""},
			{"PUT", bound, create(rotatable, `,"parameters":{"a":1}`), 201, `"expires_at":"2026-11-25T12:00:00.0Z"`},
			{"PUT", bound + "2", `{"predecessor_binding_id":"bound"}`, 201, "password"},
			{"GET", bound + "2", "", 200, `"a":1`},
			{"GET", bound, "", 200, "password"},
			{"PUT", bound + "3", `{"predecessor_binding_id":"unknown"}`, 400, "predecessor"},
		},
		"refusals": {
			{"PUT", one, create(syncPlan, `,"organization_guid":7`), 400, "organization_guid"},
			{"PUT", one, create(syncPlan, "") + "{}", 400, "JSON object"},
			{"PUT", one, create("unknown", ""), 400, "no such service or plan"},
			{"PUT", one, create(schema, `,"parameters":{"size":11}`), 400, "schema"},
			{"PUT", one, create(schema, `,"parameters":{"size":1,"other":1}`), 400, "schema"},
			{"PUT", one, create(schema, `,"parameters":{"size":10,"tier":"fast","name":"n"}`), 201, ""},
			{"PUT", one + "2", create(asyncPlan, `,"maintenance_info":{"version":"0.0.1"}`), 422, "MaintenanceInfoConflict"},
			{"PUT", one + "3", create(appOnly, ""), 201, ""},
			{"PUT", one + "3/service_bindings/b", create(appOnly, ""), 422, "RequiresApp"},
			{"PUT", one + "3/service_bindings/b", create(appOnly, `,"bind_resource":{"app_guid":"a"}`), 201, "password"},
			{"DELETE", one + "3", "", 400, "service_id"},
			{"POST", "/v2/catalog", "", 405, "POST"},
			{"GET", "/v2/elsewhere", "", 404, "description"},
			{"GET", "//v2/catalog", "", 200, "services"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := newBroker(t, specimen.Config{Now: noon, Polls: 2})
			for _, e := range exchanges {
				status, body := send(t, broker, e.method, e.target, e.body)
				if status != e.status || !strings.Contains(body, e.contains) {
					t.Errorf("%s %s = %d %s, want %d with %q", e.method, e.target, status, body, e.status, e.contains)
				}
			}
		})
	}
}

// TestEveryAnswerIsAnObject shows that every response is a JSON object with the
// common headers.
func TestEveryAnswerIsAnObject(t *testing.T) {
	t.Parallel()
	broker := newBroker(t, specimen.Config{})
	for _, target := range []string{"/v2/catalog", "/", "/v2/service_instances/unknown", "/v2/service_instances/a%zz"} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.URL.Path, request.URL.RawPath = target, ""
		request.Header.Set("X-Broker-API-Request-Identity", "R1")
		broker.ServeHTTP(recorder, request)
		var object map[string]any
		if err := json.Unmarshal(recorder.Body.Bytes(), &object); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		header := recorder.Header()
		if recorder.Code != http.StatusUnauthorized || header.Get("WWW-Authenticate") == "" ||
			header.Get("Content-Type") != "application/json" || header.Get("X-Broker-API-Request-Identity") != "R1" {
			t.Errorf("%s without credentials = %d %v", target, recorder.Code, header)
		}
	}
}
