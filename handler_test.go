package openbroker_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker"
)

// TestHandlerOrder starts with a request that has every fault and corrects one fault
// at a time. Each response shows which step failed first.
func TestHandlerOrder(t *testing.T) {
	t.Parallel()
	catalogErr := true
	broker := &fakeBroker{}
	broker.catalog = func(context.Context) (*openbroker.Catalog, error) {
		if catalogErr {
			return nil, fmt.Errorf("no catalog")
		}
		return testCatalog(), nil
	}
	s := serve(t, broker, openbroker.WithAuthenticator(authenticatorFunc(basicAuth)), openbroker.WithMaxBodySize(500))

	method, path := http.MethodPost, "/v3/nothing/%2e%2e"
	body := strings.Repeat("[", 501)
	auth := "-Authorization"
	version, identity := "-"+openbroker.HeaderAPIVersion, openbroker.HeaderOriginatingIdentity+": junk"
	contentType := "Content-Type: text/plain"
	for i, step := range []struct {
		mend   func()
		status int
		part   string
	}{
		{func() {}, http.StatusUnauthorized, "Authentication"},
		{func() { auth = "Authorization: Basic Y2Y6c2VjcmV0" }, http.StatusNotFound, "No such path"},
		{func() { path = "/v2/service_instances/%2e%2e?%zz" }, http.StatusMethodNotAllowed, "PUT"},
		{func() { method = http.MethodPut }, http.StatusBadRequest, openbroker.HeaderAPIVersion},
		{func() { version = openbroker.HeaderAPIVersion + ": 1.0" }, http.StatusPreconditionFailed, "1.0"},
		{func() { version = openbroker.HeaderAPIVersion + ": 2.17" }, http.StatusBadRequest, openbroker.HeaderOriginatingIdentity},
		{func() { identity = "-" + openbroker.HeaderOriginatingIdentity }, http.StatusBadRequest, "instance_id"},
		{func() { path = instancePath }, http.StatusBadRequest, "Content-Type"},
		{func() { contentType = "-Content-Type" }, http.StatusRequestEntityTooLarge, "500 bytes"},
		{func() { body = `{"service_id":` }, http.StatusBadRequest, "JSON"},
		{func() { body = `{"parameters":[]}` }, http.StatusBadRequest, "parameters"},
		{func() { body = `{"parameters":{}}` }, http.StatusBadRequest, "service_id"},
		{func() { body = `{"service_id":"none","plan_id":"none"}` }, http.StatusBadRequest, "organization_guid"},
		{
			func() {
				body = `{"service_id":"none","plan_id":"none","organization_guid":"o","space_guid":"s","maintenance_info":{"version":"9"}}`
			}, http.StatusInternalServerError, "failed",
		},
		{func() { catalogErr = false }, http.StatusBadRequest, "service_id"},
		{func() { body = strings.Replace(body, `"none"`, `"service-1"`, 1) }, http.StatusBadRequest, "plan_id"},
		{func() { body = strings.Replace(body, `"none"`, `"plan-large"`, 1) }, http.StatusUnprocessableEntity, "maintenance"},
	} {
		step.mend()
		a := s.do(method, path, body, auth, version, identity, contentType, openbroker.HeaderRequestIdentity+": req-1")
		t.Logf("%d: %d %s", i, a.status, a.body)
		if description, _ := a.object(t)["description"].(string); a.status != step.status || !strings.Contains(description, step.part) {
			t.Errorf("step %d: got %d %s, want %d with %q", i, a.status, a.body, step.status, step.part)
		}
		if got := a.header.Get(openbroker.HeaderRequestIdentity); got != "req-1" {
			t.Errorf("step %d: the request identity is not echoed: %q", i, got)
		}
		wantNoCall(t, broker)
	}
	body = strings.Replace(body, `"9"`, `"1.2.3"`, 1)
	s.do(method, path, body, auth, version, identity, contentType).wantBody(t, http.StatusCreated, "{}")
	lastReceived[*openbroker.ProvisionRequest](t, broker)
}

func TestNewHandlerPanicsWithoutBroker(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	openbroker.NewHandler(nil)
}

// A broker that only embeds Unimplemented answers every call with 501.
func TestUnimplemented(t *testing.T) {
	t.Parallel()
	s := serve(t, catalogOnly{})
	for _, r := range endpointRequests {
		if r.name != "catalog" {
			s.do(r.method, r.path, r.body).wantError(t, http.StatusNotImplemented, "does not support")
		}
	}
	serve(t, openbroker.Unimplemented{}).do(http.MethodGet, "/v2/catalog", "").wantError(t, http.StatusNotImplemented)
}

type catalogOnly struct{ openbroker.Unimplemented }

func (catalogOnly) Catalog(context.Context) (*openbroker.Catalog, error) { return testCatalog(), nil }

func TestHead(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	for _, path := range []string{"/v2/catalog", instancePath, bindingPath, instancePath + "/last_operation"} {
		get, head := s.do(http.MethodGet, path, ""), s.do(http.MethodHead, path, "")
		if head.status != get.status || head.body != "" || head.header.Get("Content-Type") != "application/json" {
			t.Errorf("HEAD %s: %d %q", path, head.status, head.body)
		}
	}
	if a := s.do(http.MethodHead, "/v2/nothing", ""); a.status != http.StatusNotFound {
		t.Errorf("got %d", a.status)
	}
}

// TestConcurrentRequests is for the race detector: many goroutines use every
// endpoint while the catalog changes.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	var current atomic.Pointer[openbroker.Catalog]
	current.Store(testCatalog())
	broker := &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return current.Load(), nil }}
	s := serve(t, broker)
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for j := range 10 {
				if i == 0 {
					next := testCatalog()
					next.Services[0].Description = fmt.Sprint("Version ", j)
					current.Store(next)
				}
				for _, r := range endpointRequests {
					if a := s.do(r.method, r.path, r.body); a.status >= http.StatusMultipleChoices {
						t.Errorf("%s: %d %s", r.name, a.status, a.body)
					}
				}
			}
		})
	}
	clients.Wait()
	if got, want := len(broker.received()), 8*10*(len(endpointRequests)-1); got != want {
		t.Errorf("the broker was called %d times, want %d", got, want)
	}
}
