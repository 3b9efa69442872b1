package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/openbroker/openbroker/simulator"
)

// An invalid request to the control endpoint gets an error with the reason and
// changes nothing.
func TestControlErrors(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.SetFaults(simulator.Fault{On: simulator.OnBind, Drop: true}); err != nil {
		t.Fatal(err)
	}
	before := b.expect(200, "GET", "/control", "").text
	var texts strings.Builder
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{404, "GET", "/control/nothing", ""},
		{404, "GET", "/control/", ""},
		{405, "POST", "/control/faults", `{"faults":[]}`},
		{405, "GET", "/control/reset", ""},
		{400, "PUT", "/control/faults", ``},
		{400, "PUT", "/control/faults", `[]`},
		{400, "PUT", "/control/faults", `{"faults":[]} {}`},
		{400, "PUT", "/control/faults", `{}`},
		{400, "PUT", "/control/faults", `{"fault":[]}`},
		{400, "PUT", "/control/faults", `{"faults":null}`},
		{400, "PUT", "/control/faults", `{"faults":{}}`},
		{400, "PUT", "/control/faults", `{"faults":[{"drop":true},{"drop":true,"bla":1}]}`},
		{400, "PUT", "/control/faults", `{"faults":[{"drop":true,"on":"everything"}]}`},
		{400, "PUT", "/control/faults", `{"faults":[{"wrong_state":true,"on":"bind"}]}`},
		{400, "PUT", "/control/faults", `{"faults":[{"state":"failed","on":"catalog"}]}`},
		{400, "PUT", "/control/faults", `{"faults":[{"drop":true,"skip":-1}]}`},
		{400, "PUT", "/control/faults", `{"faults":[{"drop":true,"plan":7}]}`},
		{400, "PUT", "/control/faults", `{"faults":"` + strings.Repeat("x", 1<<20) + `"}`},
		{400, "PUT", "/control/delay", `{"delay":3}`},
		{400, "PUT", "/control/delay", `{"delay":"2h"}`},
		{400, "PUT", "/control/maintenance_info", `{"version":"2"}`},
		{400, "PUT", "/control/maintenance_info", `{"version":2}`},
		{400, "PUT", "/control/maintenance_info", `{"version":"2.0.0","description":null}`},
		{400, "PUT", "/control/maintenance_info", `{"description":"x"}`},
		{400, "GET", "/control/requests?instance=i", ""},
		{400, "GET", "/control/requests?after=x", ""},
		{400, "GET", "/control/requests?%zz", ""},
	} {
		a := b.expect(c.status, c.method, c.path, c.body)
		if a.header.Get("Content-Type") != "application/json" || c.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s %s: %v", c.method, c.path, a.header)
		}
		texts.WriteString(shorten(c.method+" "+c.path+" "+c.body) + "\n    " + a.field("description") + "\n")
	}
	golden(t, "control_errors.txt", texts.String())
	if after := b.expect(200, "GET", "/control", "").text; after != before {
		t.Errorf("the state is %s, and was %s before", after, before)
	}
}

// The control endpoint requires the credentials of the broker and no API
// version.
func TestControlAuthentication(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, header := range []string{"Authorization: ", "Authorization: Basic eDp5"} {
		a := b.do("PUT", "/control/faults", `{"faults":[{"drop":true}]}`, header)
		if a.status != 401 || a.header.Get("WWW-Authenticate") == "" || a.field("description") == "" {
			t.Errorf("%s: %d %v %s", header, a.status, a.header, a.text)
		}
	}
	if len(b.Faults()) > 0 {
		t.Error("an unauthenticated request set a fault")
	}
	if a := b.do("GET", "/control", "", "X-Broker-API-Version: "); a.status != 200 {
		t.Errorf("got %d %s", a.status, a.text)
	}
	// The endpoint does not exist under a prefix, so that platforms do not call
	// it.
	b.expect(404, "GET", "/v2/control", "")
	b.expect(404, "GET", "/controls", "")
}

// The control endpoint returns the settings unchanged, and a reset removes
// them.
func TestControl(t *testing.T) {
	t.Parallel()
	b := start(t)
	const faults = `{"faults":[{"on":"bind","plan":"sync","skip":2,"times":3,"status":500,"description":"<x>"},{"slow":"3s","part":"headers"}]}`
	if a := b.expect(200, "PUT", "/control/faults", faults); strings.TrimSpace(a.text) != faults {
		t.Errorf("got %s", a.text)
	}
	b.expect(200, "PUT", "/control/delay", `{"delay":"1m30s"}`)
	b.expect(200, "PUT", "/control/maintenance_info", `{"version":"3.0.0-rc.1","description":"Soon."}`)
	want := `{"delay":"1m30s",` + faults[1:len(faults)-1] + `,"maintenance_info":{"version":"3.0.0-rc.1","description":"Soon."},"requests":0}`
	if a := b.expect(200, "GET", "/control", ""); strings.TrimSpace(a.text) != want {
		t.Errorf("got %s, want %s", a.text, want)
	}
	b.expect(200, "DELETE", "/control/maintenance_info", "")
	if a := b.expect(200, "GET", "/control/maintenance_info", ""); a.field("version") != simulator.MaintenanceVersion {
		t.Errorf("got %s", a.text)
	}
	b.expect(200, "POST", "/control/reset", "")
	const none = `{"delay":"0s","faults":[],"maintenance_info":{"version":"1.0.0","description":"The simulated software."},"requests":0}`
	if a := b.expect(200, "GET", "/control", ""); strings.TrimSpace(a.text) != none {
		t.Errorf("after a reset: %s", a.text)
	}
	if err := b.SetFaults(simulator.Fault{}); err == nil || !strings.HasPrefix(err.Error(), "faults[0] must have exactly one of") {
		t.Errorf("an empty fault: %v", err)
	}
	if err := b.SetDelay(-time.Second); err == nil {
		t.Error("a negative delay is accepted")
	}
}

// Requests are recorded unchanged, except for credentials.
func TestRecord(t *testing.T) {
	t.Parallel()
	b := start(t)
	at := b.clock.Now()
	const identity = "cloudfoundry eyJ1c2VyX2lkIjoidSJ9"
	b.do("PUT", "/prefix"+binding("a%2Fb")+"?"+async, bodyOf(plain, `"parameters":{"secret":"swordfish"}`),
		"X-Broker-API-Request-Identity: r-1", "X-Broker-API-Originating-Identity: "+identity, "Cookie: session=swordfish")
	a := b.expect(200, "GET", "/control/requests", "")
	var recorded struct{ Requests []simulator.Request }
	if err := json.Unmarshal([]byte(a.text), &recorded); err != nil || len(recorded.Requests) != 1 {
		t.Fatalf("%v: %s", err, a.text)
	}
	r := recorded.Requests[0]
	if !r.At.Equal(at) || r.Number != 1 || r.Operation != simulator.OnBind || r.Method != "PUT" || r.Path != "/prefix"+binding("a%2Fb") ||
		r.Query.Get("accepts_incomplete") != "true" || r.InstanceID != "a/b" || r.BindingID != "b" || r.ServiceID != simulator.ServiceID ||
		r.PlanID != plain || r.APIVersion != "2.17" || r.RequestIdentity != "r-1" || r.Status != 404 || r.Fault != nil {
		t.Errorf("recorded %+v", r)
	}
	if r.OriginatingIdentity == nil || r.OriginatingIdentity.Platform != "cloudfoundry" || string(r.OriginatingIdentity.Value) != `{"user_id":"u"}` {
		t.Errorf("the identity is %+v", r.OriginatingIdentity)
	}
	if !strings.Contains(string(r.Body), `"secret":"swordfish"`) || r.BodyText != "" {
		t.Errorf("the body is %s", r.Body)
	}
	if r.Header.Get("Authorization") != "Basic [masked]" || r.Header.Get("Cookie") != "[masked]" || r.Header.Get("X-Broker-Api-Version") != "2.17" {
		t.Errorf("the headers are %v", r.Header)
	}
	if strings.Contains(b.logs.String(), "swordfish") || strings.Contains(b.logs.String(), password) {
		t.Error("the log has a secret")
	}
}

func TestRecordedBodies(t *testing.T) {
	t.Parallel()
	b := start(t)
	long := `{"x":"` + strings.Repeat("x", 70_000) + `"}`
	b.expect(400, "PUT", instance("i"), `{"service_id":`)
	b.expect(201, "PUT", instance("i"), bodyOf(plain, `"parameters":`+long))
	b.do("PUT", instance("i")+"?y=1", `{"x":1}`, "Authorization: Basic eDp5")
	b.expect(200, "GET", "/v2/catalog", "")
	for i, want := range []struct {
		status, body, text int
		truncated          bool
	}{{400, 0, 14, false}, {201, 0, 64 << 10, true}, {401, 0, 0, false}, {200, 0, 0, false}} {
		r := b.Requests()[i]
		if len(r.Query) > 0 {
			t.Errorf("%d: the query is %v", i, r.Query)
		}
		if r.Status != want.status || len(r.Body) != want.body || len(r.BodyText) != want.text || r.BodyTruncated != want.truncated {
			t.Errorf("%d: %d, %d and %d bytes, %t", i, r.Status, len(r.Body), len(r.BodyText), r.BodyTruncated)
		}
	}
	if a := b.expect(200, "GET", instance("i"), ""); len(a.body["parameters"].(map[string]any)["x"].(string)) != 70_000 {
		t.Error("the broker did not get the whole body")
	}
}

// The record of requests is JSON, even if a request is not UTF-8.
func TestRecordIsJSON(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, body := range []string{
		"{\"service_id\":\"\xff\"}", "\xff", "{\"\xc3\":1}", "[\"\xed\xa0\x80\"]", `{"x":"\ud800"}`, "\xef\xbb\xbf{}", "\x00",
		"{\"x\":\"" + strings.Repeat("ä", 40_000) + "\"}",
	} {
		b.do("PUT", instance("%FF")+"?%FF=%FE&x=%C3", body, "X-Broker-API-Request-Identity: \xff", "X-Broker-API-Originating-Identity: p eyJ4Ijoi/yJ9")
		a := b.expect(200, "GET", "/control/requests", "")
		var recorded struct{ Requests []simulator.Request }
		if err := json.Unmarshal([]byte(a.text), &recorded); err != nil || !utf8.ValidString(a.text) || len(recorded.Requests) != 1 {
			t.Errorf("%.20q: the record is not JSON: %v %.300q", body, err, a.text)
		}
		b.expect(200, "DELETE", "/control/requests", "")
	}
}

// Requests can be filtered. New requests replace the oldest ones, and a call
// removes all.
func TestRequestFilters(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(200, "GET", "/v2/catalog", "")
	b.expect(201, "PUT", instance("i"), bodyOf(plain, ""))
	b.expect(201, "PUT", binding("i"), bodyOf(plain, ""))
	if err := b.SetFaults(simulator.Fault{On: simulator.OnUnbind, Drop: true}); err != nil {
		t.Fatal(err)
	}
	b.do("DELETE", binding("i")+deletion(plain), "")
	b.expect(404, "GET", "/nowhere", "")
	for query, want := range map[string]string{
		"":                               "catalog provision bind unbind -",
		"operation=bind":                 "bind",
		"method=PUT":                     "provision bind",
		"method=PUT&operation=bind":      "bind",
		"instance_id=i":                  "provision bind unbind",
		"binding_id=b":                   "bind unbind",
		"plan=sync":                      "provision bind unbind",
		"plan=" + simulator.VolumePlanID: "",
		"status=201":                     "provision bind",
		"status=0":                       "unbind",
		"after=3":                        "unbind -",
	} {
		var found struct{ Requests []simulator.Request }
		a := b.expect(200, "GET", "/control/requests?"+query, "")
		if err := json.Unmarshal([]byte(a.text), &found); err != nil || found.Requests == nil {
			t.Fatalf("%v: %s", err, a.text)
		}
		var operations []string
		for _, r := range found.Requests {
			operation := string(r.Operation)
			if operation == "" {
				operation = "-"
			}
			operations = append(operations, operation)
			if dropped := r.Fault != nil && r.Fault.Drop; dropped != (r.Operation == simulator.OnUnbind) {
				t.Errorf("%s: the fault is %+v", operation, r.Fault)
			}
		}
		if got := strings.Join(operations, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	b.expect(200, "DELETE", "/control/requests", "")
	b.expect(200, "GET", "/v2/catalog", "")
	if r := b.Requests(); len(r) != 1 || r[0].Number != 6 {
		t.Errorf("after clearing: %+v", r)
	}
	for range simulator.DefaultRequests {
		b.do(http.MethodHead, "/v2/catalog", "")
	}
	if r := b.Requests(); len(r) != simulator.DefaultRequests || r[0].Number != 7 || r[0].Operation != simulator.OnCatalog {
		t.Errorf("%d requests are recorded, the first is %+v", len(r), r[0])
	}
}
