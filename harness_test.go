package openbroker_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

// The services and plans of the catalog that most tests use.
const (
	serviceID = "service-1"
	planID    = "plan-small"
	// otherPlanID has maintenance_info 1.2.3 and rotatable bindings.
	otherPlanID = "plan-large"
	// frozenPlanID does not allow plan changes.
	frozenPlanID     = "plan-frozen"
	unbindablePlanID = "plan-unbindable"
	// otherServiceID has one plan, requires no permissions, does not allow plan
	// changes, and its bindings are not retrievable.
	otherServiceID   = "service-2"
	foreignPlanID    = "plan-foreign"
	instancePath     = "/v2/service_instances/i-1"
	bindingPath      = instancePath + "/service_bindings/b-1"
	provisionBody    = `{"service_id":"service-1","plan_id":"plan-small","organization_guid":"org-1","space_guid":"space-1"}`
	updateBody       = `{"service_id":"service-1","plan_id":"plan-small"}`
	bindBody         = updateBody
	deleteQuery      = "?service_id=service-1&plan_id=plan-small"
	acceptIncomplete = "accepts_incomplete=true"
)

func testCatalog() *openbroker.Catalog {
	no := false
	plan := func(id string) openbroker.Plan {
		return openbroker.Plan{ID: id, Name: strings.TrimPrefix(id, "plan-"), Description: "A plan."}
	}
	large, frozen, unbindable := plan(otherPlanID), plan(frozenPlanID), plan(unbindablePlanID)
	large.MaintenanceInfo = &openbroker.MaintenanceInfo{Version: "1.2.3", Description: "New operating system."}
	large.BindingRotatable = true
	frozen.PlanUpdateable = &no
	unbindable.Bindable = &no
	return &openbroker.Catalog{Services: []openbroker.Service{
		{
			ID: serviceID, Name: "database", Description: "A service.", Bindable: true, PlanUpdateable: true,
			InstancesRetrievable: true, BindingsRetrievable: true,
			Requires: []string{openbroker.PermissionSyslogDrain, openbroker.PermissionRouteForwarding, openbroker.PermissionVolumeMount},
			Plans:    []openbroker.Plan{plan(planID), large, frozen, unbindable},
		},
		{
			ID: otherServiceID, Name: "queue", Description: "Another service.", Bindable: true,
			Plans: []openbroker.Plan{plan(foreignPlanID)},
		},
	}}
}

var _ openbroker.Broker = (*fakeBroker)(nil)

// A fakeBroker answers each call with the function of that name, or with success if
// the function is nil, and records the requests.
type fakeBroker struct {
	catalog              func(context.Context) (*openbroker.Catalog, error)
	provision            func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error)
	update               func(context.Context, *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error)
	deprovision          func(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error)
	bind                 func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error)
	unbind               func(context.Context, *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error)
	getInstance          func(context.Context, *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error)
	getBinding           func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error)
	lastOperation        func(context.Context, *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error)
	lastBindingOperation func(context.Context, *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error)

	defaultCatalog func() *openbroker.Catalog

	mu       sync.Mutex
	requests []any
}

// failing returns a broker that returns err for every call except Catalog.
func failing(err error) *fakeBroker {
	return &fakeBroker{
		provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
			return nil, err
		},
		update: func(context.Context, *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
			return nil, err
		},
		deprovision: func(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
			return nil, err
		},
		bind: func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
			return nil, err
		},
		unbind: func(context.Context, *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
			return nil, err
		},
		getInstance: func(context.Context, *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
			return nil, err
		},
		getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
			return nil, err
		},
		lastOperation: func(context.Context, *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
			return nil, err
		},
		lastBindingOperation: func(context.Context, *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
			return nil, err
		},
	}
}

func (b *fakeBroker) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	if b.catalog != nil {
		return b.catalog(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.defaultCatalog == nil {
		catalog := testCatalog()
		b.defaultCatalog = func() *openbroker.Catalog { return catalog }
	}
	return b.defaultCatalog(), nil
}

// handle records a request and calls script, or returns success.
func handle[Q, R any](ctx context.Context, b *fakeBroker, request Q, script func(context.Context, Q) (R, error), success R) (R, error) {
	b.mu.Lock()
	b.requests = append(b.requests, request)
	b.mu.Unlock()
	if script == nil {
		return success, nil
	}
	return script(ctx, request)
}

func (b *fakeBroker) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return handle(ctx, b, r, b.provision, &openbroker.ProvisionResponse{})
}

func (b *fakeBroker) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	return handle(ctx, b, r, b.update, &openbroker.UpdateResponse{})
}

func (b *fakeBroker) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return handle(ctx, b, r, b.deprovision, &openbroker.DeprovisionResponse{})
}

func (b *fakeBroker) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	return handle(ctx, b, r, b.bind, &openbroker.BindResponse{})
}

func (b *fakeBroker) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	return handle(ctx, b, r, b.unbind, &openbroker.UnbindResponse{})
}

func (b *fakeBroker) GetInstance(ctx context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	return handle(ctx, b, r, b.getInstance, &openbroker.GetInstanceResponse{})
}

func (b *fakeBroker) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	return handle(ctx, b, r, b.getBinding, &openbroker.GetBindingResponse{})
}

func (b *fakeBroker) LastOperation(ctx context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	return handle(ctx, b, r, b.lastOperation, &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded})
}

func (b *fakeBroker) LastBindingOperation(ctx context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	return handle(ctx, b, r, b.lastBindingOperation, &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded})
}

// received returns all requests received so far.
func (b *fakeBroker) received() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]any(nil), b.requests...)
}

// lastReceived returns the last request, which must be of type Q.
func lastReceived[Q any](t *testing.T, b *fakeBroker) Q {
	t.Helper()
	requests := b.received()
	if len(requests) == 0 {
		t.Fatal("the broker was not called")
	}
	request, ok := requests[len(requests)-1].(Q)
	if !ok {
		t.Fatalf("the broker received a %T", requests[len(requests)-1])
	}
	return request
}

// A testServer serves a broker over real HTTP.
type testServer struct {
	*httptest.Server
	t   *testing.T
	log *lockedBuffer
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func testTime() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) }

// serve starts a server with a JSON log, and without authentication unless an option
// adds it.
func serve(t *testing.T, broker openbroker.Broker, options ...openbroker.Option) *testServer {
	t.Helper()
	s := &testServer{t: t, log: new(lockedBuffer)}
	options = append([]openbroker.Option{
		openbroker.WithLogger(slog.New(slog.NewJSONHandler(s.log, nil))),
		openbroker.WithClock(testTime),
	}, options...)
	s.Server = httptest.NewServer(openbroker.NewHandler(broker, options...))
	t.Cleanup(s.Close)
	s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// An httpResponse is a response with its whole body.
type httpResponse struct {
	status int
	header http.Header
	body   string
}

// do sends a request with API version 2.17. Each of headers is "Name: value" to set
// a header, or "-Name" to remove it.
func (s *testServer) do(method, path, body string, headers ...string) httpResponse {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	for _, header := range headers {
		if name, ok := strings.CutPrefix(header, "-"); ok {
			request.Header.Del(name)
			continue
		}
		name, value, _ := strings.Cut(header, ":")
		request.Header.Set(name, strings.TrimSpace(value))
	}
	response, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return readResponse(s.t, response)
}

// raw sends bytes on a new connection and reads one response.
func (s *testServer) raw(request string) httpResponse {
	s.t.Helper()
	connection := s.dial()
	defer connection.Close()
	if _, err := io.WriteString(connection, request); err != nil {
		s.t.Fatal(err)
	}
	return receive(s.t, connection)
}

func (s *testServer) dial() *net.TCPConn {
	s.t.Helper()
	connection, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
	return connection.(*net.TCPConn)
}

func receive(t *testing.T, connection io.Reader) httpResponse {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	return readResponse(t, response)
}

func readResponse(t *testing.T, response *http.Response) httpResponse {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return httpResponse{response.StatusCode, response.Header, string(body)}
}

// object returns the body, which must be a JSON object with the right content type.
func (a httpResponse) object(t *testing.T) map[string]any {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q, body %q", got, a.body)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil || object == nil {
		t.Fatalf("the body of the %d is not a JSON object: %q", a.status, a.body)
	}
	return object
}

// wantBody checks a status and the exact body.
func (a httpResponse) wantBody(t *testing.T, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("got %d %s\nwant %d %s", a.status, a.body, status, body)
	}
	a.object(t)
}

// wantError checks the status of an error, and that its body is an object whose
// description contains all parts.
func (a httpResponse) wantError(t *testing.T, status int, parts ...string) {
	t.Helper()
	a.wantCode(t, status, "", parts...)
}

// wantCode is wantError for errors with an "error" field.
func (a httpResponse) wantCode(t *testing.T, status int, code string, parts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("got %d %s, want %d", a.status, a.body, status)
	}
	object := a.object(t)
	description, _ := object["description"].(string)
	if description == "" {
		t.Errorf("no description in %s", a.body)
	}
	if got, _ := object["error"].(string); got != code {
		t.Errorf("error is %q in %s, want %q", got, a.body, code)
	}
	for _, part := range parts {
		if !strings.Contains(description, part) {
			t.Errorf("description %q does not mention %q", description, part)
		}
	}
}

// wantNoCall checks that the broker was not called.
func wantNoCall(t *testing.T, b *fakeBroker) {
	t.Helper()
	if requests := b.received(); len(requests) > 0 {
		t.Errorf("the broker was called: %T", requests[0])
	}
}

// wantEqual compares the printed forms of two values.
func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("%s is\n%s\nwant\n%s", what, g, w)
	}
}

// An authenticatorFunc implements Authenticator with a function.
type authenticatorFunc func(*http.Request) (openbroker.Principal, error)

func (f authenticatorFunc) Authenticate(r *http.Request) (openbroker.Principal, error) { return f(r) }

func (authenticatorFunc) Challenges() []string { return []string{`Basic realm="test"`} }

// basicAuth accepts any user with the password "secret". The user name is the
// platform.
func basicAuth(r *http.Request) (openbroker.Principal, error) {
	user, password, _ := r.BasicAuth()
	if password != "secret" {
		return openbroker.Principal{}, openbroker.ErrUnauthorized
	}
	return openbroker.Principal{Name: user, Method: "basic", Platform: user}, nil
}

// endpointRequests lists one well-formed request for each of the ten endpoints.
var endpointRequests = []struct{ name, method, path, body string }{
	{"catalog", http.MethodGet, "/v2/catalog", ""},
	{"provision", http.MethodPut, instancePath, provisionBody},
	{"update", http.MethodPatch, instancePath, updateBody},
	{"deprovision", http.MethodDelete, instancePath + deleteQuery, ""},
	{"get instance", http.MethodGet, instancePath, ""},
	{"last operation", http.MethodGet, instancePath + "/last_operation", ""},
	{"bind", http.MethodPut, bindingPath, bindBody},
	{"unbind", http.MethodDelete, bindingPath + deleteQuery, ""},
	{"get binding", http.MethodGet, bindingPath, ""},
	{"last binding operation", http.MethodGet, bindingPath + "/last_operation", ""},
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// newRequest makes a request for handlers that are called without a server.
func newRequest(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	return r
}

// waitForCancel returns a provision function. It sends nil on ended when it starts,
// and the error of its context when the context ends.
func waitForCancel(ended chan<- error) func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return func(ctx context.Context, _ *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
		ended <- nil
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
}

func discardLog() openbroker.Option { return openbroker.WithLogger(slog.New(slog.DiscardHandler)) }
