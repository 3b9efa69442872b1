package router_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/router"
)

const (
	instanceA = "/v2/service_instances/ia"
	instanceB = "/v2/service_instances/ib"
	instanceX = "/v2/service_instances/unknown"
)

// request is one HTTP request with the expected status and the expected calls of
// each of two brokers.
type request struct {
	name, method, path, body string
	status                   int
	a, b                     []string
}

func (r request) run(t *testing.T, base string, a, b *stub) {
	t.Helper()
	status, body := send(t, r.method, base+r.path, r.body)
	if status != r.status {
		t.Errorf("status %d, want %d: %s", status, r.status, body)
	}
	if calls := a.takeCalls(); !slices.Equal(calls, r.a) {
		t.Errorf("broker a got %q, want %q", calls, r.a)
	}
	if calls := b.takeCalls(); !slices.Equal(calls, r.b) {
		t.Errorf("broker b got %q, want %q", calls, r.b)
	}
}

func TestEveryCallIsRouted(t *testing.T) {
	t.Parallel()
	const (
		provision = `{"service_id":"b2-id","plan_id":"b2-plan","organization_guid":"o","space_guid":"s"}`
		bind      = `{"service_id":"b2-id","plan_id":"b2-plan"}`
		ids       = "?service_id=b2-id&plan_id=b2-plan"
	)
	for _, test := range []request{
		{"provision", "PUT", instanceB, provision, 201, nil, []string{"Provision b2-id b2-plan false"}},
		{"provision asynchronously", "PUT", instanceB + "?accepts_incomplete=true", provision, 201, nil, []string{"Provision b2-id b2-plan true"}},
		{"update", "PATCH", instanceB, `{"service_id":"b1-id"}`, 200, nil, []string{"Update b1-id false"}},
		{"deprovision", "DELETE", instanceB + ids, "", 200, nil, []string{"Deprovision b2-id b2-plan false"}},
		{"bind", "PUT", instanceB + "/service_bindings/x", bind, 201, nil, []string{"Bind b2-id  false"}},
		{"bind asynchronously", "PUT", instanceB + "/service_bindings/x?accepts_incomplete=true", bind, 201, nil, []string{"Bind b2-id  true"}},
		{"unbind", "DELETE", instanceB + "/service_bindings/x" + ids + "&accepts_incomplete=true", "", 200, nil, []string{"Unbind b2-id b2-plan true"}},
		{"get instance by service", "GET", instanceB + ids, "", 200, nil, []string{"GetInstance b2-id"}},
		{"get instance by plan", "GET", instanceB + "?plan_id=b1-plan", "", 200, nil, []string{"GetInstance"}},
		{"get instance by an unknown service and a plan", "GET", instanceB + "?service_id=gone&plan_id=b1-plan", "", 200, nil, []string{"GetInstance gone"}},
		{"get binding by service", "GET", instanceB + "/service_bindings/x" + ids, "", 200, nil, []string{"GetBinding x"}},
		{"last operation by service", "GET", instanceB + "/last_operation?service_id=b1-id", "", 200, nil, []string{`LastOperation ""`}},
		{"last operation by plan", "GET", instanceB + "/last_operation?plan_id=b1-plan&operation=own", "", 200, nil, []string{`LastOperation "own"`}},
		{"last binding operation by service", "GET", instanceB + "/service_bindings/x/last_operation" + ids, "", 200, nil, []string{`LastBindingOperation ""`}},

		// The request names the owner, so the router tries no other broker.
		{"instance does not exist", "GET", instanceA + ids, "", 404, nil, []string{"GetInstance b2-id"}},
		{"service is unknown", "PUT", instanceB, `{"service_id":"x","plan_id":"b2-plan","organization_guid":"o","space_guid":"s"}`, 400, nil, nil},

		// The request does not name the owner.
		{"get instance", "GET", instanceB, "", 200, []string{"GetInstance"}, []string{"GetInstance"}},
		{"get instance of the first", "GET", instanceA, "", 200, []string{"GetInstance"}, nil},
		{"get unknown instance", "GET", instanceX, "", 404, []string{"GetInstance"}, []string{"GetInstance"}},
		{"get binding", "GET", instanceB + "/service_bindings/x", "", 200, []string{"GetBinding x"}, []string{"GetBinding x"}},
		{"last operation", "GET", instanceB + "/last_operation", "", 200, []string{`LastOperation ""`}, []string{`LastOperation ""`}},
		{"last operation, own operation", "GET", instanceB + "/last_operation?operation=a%20b", "", 200, []string{`LastOperation "a b"`}, []string{`LastOperation "a b"`}},
		{"last binding operation", "GET", instanceB + "/service_bindings/x/last_operation", "", 200, []string{`LastBindingOperation ""`}, []string{`LastBindingOperation ""`}},
		{"deprovision of a retired service", "DELETE", instanceB + "?service_id=old&plan_id=old", "", 200, []string{"Deprovision old old false"}, []string{"Deprovision old old false"}},
		{"deprovision of a retired service, gone", "DELETE", instanceX + "?service_id=old&plan_id=old", "", 410, []string{"Deprovision old old false"}, []string{"Deprovision old old false"}},
		{"deprovision of a retired plan", "DELETE", instanceB + "?service_id=b1-id&plan_id=old", "", 200, nil, []string{"Deprovision b1-id old false"}},
		{"unbind of a retired service", "DELETE", instanceB + "/service_bindings/x?service_id=old&plan_id=old", "", 200, []string{"Unbind old old false"}, []string{"Unbind old old false"}},
		{"unbind of a retired service, gone", "DELETE", instanceX + "/service_bindings/x?service_id=old&plan_id=old", "", 410, []string{"Unbind old old false"}, []string{"Unbind old old false"}},

		// Operations in the form of openbrokerapi.
		{"legacy", "GET", instanceB + "/last_operation?operation=b1-id", "", 200, nil, []string{`LastOperation ""`}},
		{"legacy with operation", "GET", instanceB + "/last_operation?operation=b1-id%20do%20it", "", 200, nil, []string{`LastOperation "do it"`}},
		{"legacy for a binding", "GET", instanceB + "/service_bindings/x/last_operation?operation=b1-id+x", "", 200, nil, []string{`LastBindingOperation "x"`}},
		{"legacy beats the hint", "GET", instanceB + "/last_operation?service_id=a-id&operation=b1-id%20x", "", 200, nil, []string{`LastOperation "x"`}},
		{"legacy of a retired service with hint", "GET", instanceB + "/last_operation?service_id=old&operation=old%20x", "", 200, []string{`LastOperation "x"`}, []string{`LastOperation "x"`}},
		{"longer than a service id", "GET", instanceB + "/last_operation?operation=b1-idea", "", 200, []string{`LastOperation "b1-idea"`}, []string{`LastOperation "b1-idea"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := pair()
			test.run(t, serve(t, a, b), a, b)
		})
	}
}

func TestOperationReturnsToItsBroker(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 9_900)
	for name, operation := range map[string]string{
		"empty": "", "plain": "task_1", "spaces": " a  b ", "tilde": "~", "looks legacy": "a-id x",
		"looks wrapped": router.EncodeOperation("a-id", "x"), "not ASCII": "größer/&?%20+", "not UTF-8": "\xff\x00", "long": long,
	} {
		for _, test := range []struct{ name, method, path, body, poll, call string }{
			{"provision", "PUT", instanceB, `{"service_id":"b1-id","plan_id":"b1-plan","organization_guid":"o","space_guid":"s"}`, instanceB, "LastOperation"},
			{"update", "PATCH", instanceB, `{"service_id":"b1-id"}`, instanceB, "LastOperation"},
			{"deprovision", "DELETE", instanceB + "?service_id=b2-id&plan_id=b2-plan", "", instanceB, "LastOperation"},
			{"deprovision of a retired service", "DELETE", instanceB + "?service_id=old&plan_id=old", "", instanceB, "LastOperation"},
			{"bind", "PUT", instanceB + "/service_bindings/x", `{"service_id":"b1-id","plan_id":"b1-plan"}`, instanceB + "/service_bindings/x", "LastBindingOperation"},
			{"rotate", "PUT", instanceB + "/service_bindings/x", `{"predecessor_binding_id":"p"}`, instanceB + "/service_bindings/x", "LastBindingOperation"},
			{"unbind", "DELETE", instanceB + "/service_bindings/x?service_id=b1-id&plan_id=b1-plan", "", instanceB + "/service_bindings/x", "LastBindingOperation"},
		} {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				a, b := pair()
				b.accepts, b.operation, b.catalog = true, operation, rotatable(b.catalog)
				base := serve(t, a, b)
				path, query, _ := strings.Cut(test.path, "?")
				status, body := send(t, test.method, base+path+"?accepts_incomplete=true&"+query, test.body)
				if status != http.StatusAccepted {
					t.Fatalf("status %d: %s", status, body)
				}
				var response struct{ Operation string }
				if err := json.Unmarshal([]byte(body), &response); err != nil {
					t.Fatal(err)
				}
				a.takeCalls()
				b.takeCalls()
				// Some platforms do not escape the operation.
				status, body = send(t, "GET", base+test.poll+"/last_operation?operation="+response.Operation, "")
				if status != http.StatusOK {
					t.Errorf("status %d: %s", status, body)
				}
				quoted := quote(operation)
				if calls := b.takeCalls(); !slices.Equal(calls, []string{test.call + " " + quoted}) {
					t.Errorf("the broker got %.100q, want %s %.100s", calls, test.call, quoted)
				}
				if calls := a.takeCalls(); len(calls) > 0 {
					t.Errorf("the other broker got %q", calls)
				}
			})
		}
	}
}

func TestLongOperation(t *testing.T) {
	t.Parallel()
	fill := strings.Repeat("x", 9_995)
	for name, test := range map[string]struct {
		operation string
		status    int
	}{
		"passes unchanged":        {fill, http.StatusAccepted},
		"looks wrapped":           {"~x~" + fill, http.StatusInternalServerError},
		"looks like legacy":       {"a-id " + fill, http.StatusInternalServerError},
		"has too many characters": {fill + fill, http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := pair()
			b.accepts, b.operation = true, test.operation
			base := serve(t, a, b)
			status, body := send(t, "PATCH", base+instanceB+"?accepts_incomplete=true", `{"service_id":"b1-id"}`)
			if status != test.status {
				t.Fatalf("status %d, want %d: %.200s", status, test.status, body)
			}
			if status != http.StatusAccepted {
				return
			}
			b.takeCalls()
			status, body = send(t, "GET", base+instanceB+"/last_operation?operation="+url.QueryEscape(test.operation), "")
			if calls := b.takeCalls(); status != http.StatusOK || !slices.Equal(calls, []string{"LastOperation " + quote(test.operation)}) {
				t.Errorf("status %d, %.100s; the broker got %.100q", status, body, calls)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	const (
		path = instanceB + "/service_bindings/new"
		body = `{"predecessor_binding_id":"old"}`
	)
	notImplemented := map[string]error{"GetBinding": openbroker.ErrNotImplemented, "GetInstance": openbroker.ErrNotImplemented}
	type change func(a, b *stub)
	both := func(a, b *stub) { rotatable(a.catalog); rotatable(b.catalog) }
	for name, test := range map[string]struct {
		prepare []change
		request
	}{
		"no plan rotates":     {nil, request{status: 400}},
		"one broker can":      {[]change{func(_, b *stub) { rotatable(b.catalog) }}, request{status: 201, b: []string{"Bind  old false"}}},
		"the binding decides": {[]change{both}, request{status: 201, a: []string{"GetBinding old"}, b: []string{"GetBinding old", "Bind  old false"}}},
		"the instance decides": {
			[]change{both, func(a, b *stub) {
				a.errs, b.errs = map[string]error{"GetBinding": openbroker.ErrNotImplemented}, map[string]error{"GetBinding": openbroker.ErrBindingDoesNotExist}
			}},
			request{status: 201, a: []string{"GetBinding old", "GetInstance"}, b: []string{"GetBinding old", "GetInstance", "Bind  old false"}},
		},
		"no broker supports reads": {
			[]change{both, func(a, b *stub) { a.errs, b.errs = notImplemented, notImplemented }},
			request{status: 201, a: []string{"GetBinding old", "GetInstance", "Bind  old false"}, b: []string{"GetBinding old", "GetInstance", "Bind  old false"}},
		},
		"a broker that fails may be the owner": {
			[]change{both, func(a, _ *stub) {
				a.errs = map[string]error{"GetBinding": errors.New("down"), "Bind": openbroker.ErrUnavailable}
			}},
			request{status: 503, a: []string{"GetBinding old", "Bind  old false"}},
		},
		"no broker knows it": {
			[]change{both, func(_, b *stub) { b.instances = nil }},
			request{status: 404, a: []string{"GetBinding old", "GetInstance", "Bind  old false"}, b: []string{"GetBinding old", "GetInstance", "Bind  old false"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := pair()
			for _, prepare := range test.prepare {
				prepare(a, b)
			}
			test.method, test.path, test.body = "PUT", path, body
			test.run(t, serve(t, a, b), a, b)
		})
	}
}

func TestSelectedResult(t *testing.T) {
	t.Parallel()
	get := request{method: "GET", path: instanceB, a: []string{"GetInstance"}, b: []string{"GetInstance"}}
	remove := request{method: "DELETE", path: instanceB + "?service_id=old&plan_id=old", a: []string{"Deprovision old old false"}, b: []string{"Deprovision old old false"}}
	for name, test := range map[string]struct {
		request
		a, b   error
		status int
		stops  bool
	}{
		"not implemented, then found": {get, openbroker.ErrNotImplemented, nil, 200, false},
		"own 404, then found":         {get, openbroker.NewError(404, "Mine", "own"), nil, 200, false},
		"an error is a result":        {get, openbroker.ErrConcurrency, nil, 422, true},
		"any error is a result":       {get, errors.New("down"), nil, 500, true},
		"not found beats 501":         {get, openbroker.ErrNotImplemented, openbroker.ErrInstanceDoesNotExist, 404, false},
		"gone beats not found":        {get, openbroker.ErrGone, openbroker.ErrInstanceDoesNotExist, 410, false},
		"no broker supports it":       {get, openbroker.ErrNotImplemented, openbroker.ErrNotImplemented, 501, false},
		"delete: gone beats 501":      {remove, openbroker.ErrNotImplemented, openbroker.ErrInstanceDoesNotExist, 410, false},
		"delete: the second fails":    {remove, openbroker.ErrInstanceDoesNotExist, errors.New("down"), 500, false},
		"delete: the first fails":     {remove, errors.New("down"), nil, 500, true},
		"delete: async required":      {remove, openbroker.ErrInstanceDoesNotExist, openbroker.ErrAsyncRequired, 422, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := pair()
			a.errs = map[string]error{"GetInstance": test.a, "Deprovision": test.a}
			b.errs = map[string]error{"GetInstance": test.b, "Deprovision": test.b}
			test.request.status = test.status
			if test.stops {
				test.request.b = nil
			}
			test.run(t, serve(t, a, b), a, b)
		})
	}
}

// Errors of the broker reach the handler unchanged.
func TestErrorsPassUnchanged(t *testing.T) {
	t.Parallel()
	cause := errors.New("own")
	a, b := pair()
	b.errs = map[string]error{"Update": cause, "Deprovision": openbroker.ErrConcurrency.WithInstanceUsable(false)}
	r, err := router.New(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	service := &b.catalog.Services[0]
	if _, err := r.Update(t.Context(), &openbroker.UpdateRequest{ServiceID: "b1-id", Service: service}); err != cause { //nolint:errorlint // The test checks the identity.
		t.Errorf("Update returned %v", err)
	}
	status, body := send(t, "DELETE", serve(t, a, b)+instanceB+"?service_id=b1-id&plan_id=b1-plan", "")
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"instance_usable":false`) {
		t.Errorf("status %d: %s", status, body)
	}
	first, second := openbroker.NewError(404, "First", ""), openbroker.NewError(404, "Second", "")
	a.errs, b.errs = map[string]error{"GetInstance": first}, map[string]error{"GetInstance": second}
	if _, err := r.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: "ia"}); !errors.Is(err, first) {
		t.Errorf("two equal results yielded %v", err)
	}
	if _, err := r.Bind(t.Context(), &openbroker.BindRequest{}); !errors.Is(err, openbroker.ErrBadRequest) {
		t.Errorf("Bind without a service returned %v", err)
	}
}

// A broker may share its response, so the router must not modify it.
func TestResponsesAreNotChanged(t *testing.T) {
	t.Parallel()
	a, _ := pair()
	shared := &openbroker.DeprovisionResponse{Outcome: openbroker.Accepted, Operation: "own"}
	r, err := router.New(t.Context(), sharing{a, shared})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		response, err := r.Deprovision(t.Context(), &openbroker.DeprovisionRequest{InstanceID: "ia", ServiceID: "a-id"})
		if err != nil || response.Operation != "~a-id~own" {
			t.Fatalf("%+v, %v", response, err)
		}
	}
	if shared.Operation != "own" {
		t.Errorf("the broker's response became %+v", shared)
	}
}

// Service ids may contain spaces, as in the example of openbrokerapi.
func TestLegacyOperationWithSpaces(t *testing.T) {
	t.Parallel()
	a, b := pair()
	a.catalog.Services[0].ID, b.catalog.Services[0].ID, b.catalog.Services[1].ID = "service", "service id", "service id 2"
	r, err := router.New(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	operations := map[string]string{"service id": "", "service id x y": "x y", "service id 2 x": "x", "service id 2": ""}
	for range 20 { // The ids are compared in random order.
		for operation, want := range operations {
			if _, err := r.LastOperation(t.Context(), &openbroker.LastOperationRequest{InstanceID: "ib", Operation: operation}); err != nil {
				t.Errorf("%q: %v", operation, err)
			}
			if calls := b.takeCalls(); !slices.Equal(calls, []string{"LastOperation " + quote(want)}) {
				t.Errorf("%q: the broker got %q, want %q", operation, calls, want)
			}
		}
	}
}

// draining is a broker with a method Drain.
type draining struct {
	openbroker.Broker
	drained *int
}

func (d draining) Drain() { *d.drained++ }

// Drain calls exactly the brokers that have the method.
func TestDrain(t *testing.T) {
	t.Parallel()
	drained := 0
	a, b := pair()
	r, err := router.New(t.Context(), draining{a, &drained}, b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Drain(); drained != 1 {
		t.Errorf("drained %d times", drained)
	}
}
