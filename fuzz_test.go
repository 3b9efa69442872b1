package openbroker_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

// wantWellFormed checks the properties that every response must have.
func wantWellFormed(t *testing.T, code int, header http.Header, body []byte) {
	t.Helper()
	if code < 200 || code >= 500 || code/100 == 3 || header.Get("Location") != "" {
		t.Errorf("got %d %v", code, header)
	}
	if header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type is %q", header.Get("Content-Type"))
	}
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		t.Fatalf("the body is not a JSON object: %q", body)
	}
	if description, _ := object["description"].(string); code >= 400 && description == "" {
		t.Errorf("no description in %s", body)
	}
	if !utf8.Valid(body) {
		t.Errorf("the body is not UTF-8: %q", body)
	}
}

// validID reports whether the handler may pass id on. It allows one byte more than
// the maximum, because hints are checked with a byte in front.
func validID(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= 1025 && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}

// FuzzBody: for any body, the response is well-formed, and the broker, if called,
// receives the values that encoding/json decodes from the body.
func FuzzBody(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*/*.http")
	if err != nil || len(files) == 0 {
		f.Fatal(err, "no seed requests")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		request, _, _ := bytes.Cut(text, []byte(brokerMark))
		if _, body, ok := bytes.Cut(request, []byte("\n\n")); ok {
			for i := range bodyRequests {
				f.Add(i, body)
			}
		}
	}
	for i, r := range bodyRequests {
		f.Add(i, []byte(r.body))
		f.Add(i, []byte(strings.Replace(r.body, "{", `{"service_id":null,"x":[{"}":"\"]"},1.5e3],"parameters" : {"a":{}} ,`, 1)))
		f.Add(i, []byte(`{"predecessor_binding_id":"b-0","service\u005fid":"service-1"}`))
	}
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		r := bodyRequests[uint(which)%uint(len(bodyRequests))]
		broker := &fakeBroker{}
		h := openbroker.NewHandler(broker, discardLog())
		w := newRecorder()
		h.ServeHTTP(w, newRequest(t, r.method, r.path, string(body)))
		wantWellFormed(t, w.Code, w.Header(), w.Body.Bytes())
		received := broker.received()
		if called := len(received) > 0; called != (w.Code < 300) {
			t.Fatalf("called: %v, response: %d %s", called, w.Code, w.Body)
		} else if !called {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("the broker was called with %q: %v", body, err)
		}
		text := func(name string) (s string) {
			if raw := want[name]; raw != nil {
				if err := json.Unmarshal(raw, &s); err != nil {
					t.Errorf("%s is %s: %v", name, raw, err)
				}
			}
			return s
		}
		var service, plan string
		var parameters []byte
		switch got := received[0].(type) {
		case *openbroker.ProvisionRequest:
			service, plan, parameters = got.ServiceID, got.PlanID, got.Parameters
			if got.Service == nil || got.Plan == nil || got.Service.Plan(plan) != got.Plan || got.OrganizationGUID == "" && got.Context.Platform == "" {
				t.Errorf("the broker got %+v", got)
			}
		case *openbroker.UpdateRequest:
			service, plan, parameters = got.ServiceID, got.PlanID, got.Parameters
			if got.Service == nil || (got.Plan == nil) != (plan == "") {
				t.Errorf("the broker got %+v", got)
			}
		case *openbroker.BindRequest:
			service, plan, parameters = got.ServiceID, got.PlanID, got.Parameters
			if got.PredecessorBindingID != text("predecessor_binding_id") || got.PredecessorBindingID == "" && got.Plan == nil {
				t.Errorf("the broker got %+v", got)
			}
		}
		if service != text("service_id") || plan != text("plan_id") {
			t.Errorf("the broker got %q and %q from %q", service, plan, body)
		}
		if raw := want["parameters"]; string(raw) != "null" && string(raw) != string(parameters) {
			t.Errorf("the broker got the parameters %q from %q", parameters, body)
		}
	})
}

// FuzzRequestTarget: no path or query causes a redirect or an empty body, and no
// unusable id reaches the broker.
func FuzzRequestTarget(f *testing.F) {
	methods := []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodPost}
	for i := range methods {
		for _, target := range []string{
			"/", "//v2/catalog", "/v2/catalog/../x", "/a%2Fb" + instancePath, instancePath + deleteQuery, bindingPath + deleteQuery, "/v2/service_instances/%2e%2e",
			instancePath + "/last_operation?operation=a%20b", bindingPath + "/last_operation?service_id=%00", instancePath + "/last_operation?operation=100%;a=%ff", instancePath + deleteQuery + ";%",
			"/v2/v2/service_instances//service_bindings/", "http://h/v2/catalog",
		} {
			f.Add(i, target)
		}
	}
	f.Fuzz(func(t *testing.T, method int, target string) {
		line := methods[uint(method)%uint(len(methods))] + " " + target + " HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nContent-Length: " + strconv.Itoa(len(provisionBody)) + "\r\n\r\n" + provisionBody
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line)))
		if err != nil || r.Header.Get(openbroker.HeaderAPIVersion) != "2.17" {
			return // net/http refuses this target.
		}
		broker := &fakeBroker{}
		w := newRecorder()
		openbroker.NewHandler(broker, discardLog()).ServeHTTP(w, r.WithContext(t.Context()))
		wantWellFormed(t, w.Code, w.Header(), w.Body.Bytes())
		received := broker.received()
		if len(received) == 0 {
			return
		}
		var ids, hints []string
		switch got := received[0].(type) {
		case *openbroker.ProvisionRequest:
			ids = []string{got.InstanceID}
		case *openbroker.UpdateRequest:
			ids = []string{got.InstanceID}
		case *openbroker.DeprovisionRequest:
			ids, hints = []string{got.InstanceID}, []string{got.ServiceID, got.PlanID}
		case *openbroker.BindRequest:
			ids = []string{got.InstanceID, got.BindingID}
		case *openbroker.UnbindRequest:
			ids, hints = []string{got.InstanceID, got.BindingID}, []string{got.ServiceID, got.PlanID}
		case *openbroker.GetInstanceRequest:
			ids, hints = []string{got.InstanceID}, []string{got.ServiceID, got.PlanID}
		case *openbroker.GetBindingRequest:
			ids, hints = []string{got.InstanceID, got.BindingID}, []string{got.ServiceID, got.PlanID}
		case *openbroker.LastOperationRequest:
			ids, hints = []string{got.InstanceID}, []string{got.ServiceID, got.PlanID}
		case *openbroker.LastBindingOperationRequest:
			ids, hints = []string{got.InstanceID, got.BindingID}, []string{got.ServiceID, got.PlanID}
		}
		for _, id := range ids {
			if !validID(id) {
				t.Errorf("the id %q reached the broker", id)
			}
		}
		for _, hint := range hints {
			if !validID("x" + hint) {
				t.Errorf("the hint %q reached the broker", hint)
			}
		}
	})
}

func FuzzParseVersion(f *testing.F) {
	for _, text := range []string{"2.17", "2.013", "", ".", "99999999.1", "2.-1", "２.17"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		version, err := openbroker.ParseVersion(text)
		if err != nil {
			if version != (openbroker.Version{}) {
				t.Errorf("%q: an error and %v", text, version)
			}
			return
		}
		if again, err := openbroker.ParseVersion(version.String()); err != nil || again != version || again.Compare(version) != 0 {
			t.Errorf("%q parses as %v, which parses as %v, %v", text, version, again, err)
		}
	})
}

func FuzzParseOriginatingIdentity(f *testing.F) {
	for _, header := range append(malformedIdentities, "cloudfoundry e30", "k8s eyJhIjoiPz8-In0", "a\u00a0e30=") {
		if len(header) < 1000 {
			f.Add(header)
		}
	}
	f.Fuzz(func(t *testing.T, header string) {
		identity, err := openbroker.ParseOriginatingIdentity(header)
		if err != nil {
			return
		}
		var object map[string]any
		if err := json.Unmarshal(identity.Value, &object); err != nil || object == nil || identity.Platform == "" {
			t.Errorf("%q parses as %q %q", header, identity.Platform, identity.Value)
		}
		again, err := openbroker.ParseOriginatingIdentity(identity.String())
		if err != nil || again.Platform != identity.Platform || !bytes.Equal(again.Value, identity.Value) {
			t.Errorf("%q parses as %v, which parses as %v, %v", header, identity, again, err)
		}
	})
}

// FuzzCatalog: decoding and encoding a catalog twice gives the same JSON as once.
func FuzzCatalog(f *testing.F) {
	text, err := os.ReadFile("testdata/catalog.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(everywhere))
	f.Add([]byte(`{"services":[{"id":1}]}`))
	f.Add([]byte(`{"services":[{"tags":[],"metadata":{"displayName":1,"bullets":null},"plans":[null,{"metadata":{"costs":[{"amount":{"usd":1e400}}]},"-":1}]}],"":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		catalog := new(openbroker.Catalog)
		if err := json.Unmarshal(data, catalog); err != nil {
			return
		}
		_ = catalog.Validate()
		first, err := json.Marshal(catalog)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		again := new(openbroker.Catalog)
		if err := json.Unmarshal(first, again); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		second, err := json.Marshal(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s is encoded as\n%s and then as\n%s, %v", data, first, second, err)
		}
	})
}
