package openbroker_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
)

// TestFetchHints: service_id and plan_id are hints; they need not be in the
// catalog.
func TestFetchHints(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for query, want := range map[string][2]string{
		"": {}, "?service_id=s": {"s", ""}, "?plan_id=p": {"", "p"}, "?service_id=&plan_id=": {}, "?service_id=a%20b&plan_id=c%2Fd&x=y": {"a b", "c/d"},
	} {
		s.do(http.MethodGet, instancePath+query, "").wantBody(t, http.StatusOK, "{}")
		if r := lastReceived[*openbroker.GetInstanceRequest](t, broker); r.ServiceID != want[0] || r.PlanID != want[1] || r.InstanceID != "i-1" {
			t.Errorf("%s: %+v", query, r)
		}
		s.do(http.MethodGet, bindingPath+query, "").wantBody(t, http.StatusOK, "{}")
		if r := lastReceived[*openbroker.GetBindingRequest](t, broker); r.ServiceID != want[0] || r.PlanID != want[1] || r.InstanceID != "i-1" || r.BindingID != "b-1" {
			t.Errorf("%s: %+v", query, r)
		}
	}
}

// TestFetchParameters: they are an object or absent, never null.
func TestFetchParameters(t *testing.T) {
	t.Parallel()
	var parameters openbroker.Parameters
	s := serve(t, &fakeBroker{
		getInstance: func(context.Context, *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
			return &openbroker.GetInstanceResponse{Parameters: parameters}, nil
		},
		getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
			return &openbroker.GetBindingResponse{Parameters: parameters}, nil
		},
	})
	for _, path := range []string{instancePath, bindingPath} {
		for raw, want := range map[string]string{"": "{}", "{}": `{"parameters":{}}`, `{"a": 1 }`: `{"parameters":{"a":1}}`} {
			parameters = openbroker.Parameters(raw)
			s.do(http.MethodGet, path, "").wantBody(t, http.StatusOK, want)
		}
		for raw, logged := range map[string]string{"null": "parameters", "[1]": "parameters", `"hunter2"`: "parameters", `{"a":`: "encoded"} {
			parameters = openbroker.Parameters(raw)
			wantProgrammingError(t, s, s.do(http.MethodGet, path, "", requestOne), logged)
		}
	}
}

// TestFetchBindingWithoutCatalog: a binding whose service is named is held to
// the catalog, so one that cannot be read is an error.
func TestFetchBindingWithoutCatalog(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return nil, nil }}) //nolint:nilnil // That is the fault.
	wantProgrammingError(t, s, s.do(http.MethodGet, bindingPath+"?service_id=service-1", "", requestOne), "Catalog returned nil")
	s.do(http.MethodGet, bindingPath, "").wantBody(t, http.StatusOK, "{}")
}
