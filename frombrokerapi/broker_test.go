package frombrokerapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/client"
	"github.com/openbroker/openbroker/frombrokerapi"
)

// memory is a typical broker for brokerapi: ten methods, and state in maps.
type memory struct {
	mu        sync.Mutex
	instances map[string]provisionDetails
	bindings  map[string]bindDetails
	// fail is returned by every call if it is not nil; async makes changes
	// asynchronous.
	fail  error
	async bool
	seen  []any
}

func newMemory() *memory {
	return &memory{instances: map[string]provisionDetails{}, bindings: map[string]bindDetails{}}
}

var (
	errExists  = &failureResponse{error: errors.New("instance already exists"), status: 409, action: "instance-already-exists", empty: true}
	errMissing = &failureResponse{error: errors.New("instance does not exist"), status: 410, action: "instance-missing", empty: true}
	errGone    = &failureResponse{error: errors.New("binding does not exist"), status: 410, action: "binding-missing", empty: true}
	errUnknown = &failureResponse{error: errors.New("not found"), status: 404, action: "binding-not-found", empty: true}
)

func (m *memory) Services(context.Context) ([]service, error) {
	return []service{{
		ID: "9b0f8b8e-4c0c-4a35-9d4c-3c8b8b3b6c01", Name: "memory", Description: "Nothing that lasts.", Bindable: true,
		InstancesRetrievable: true, BindingsRetrievable: true, PlanUpdatable: true,
		Plans: []servicePlan{
			{ID: "9b0f8b8e-4c0c-4a35-9d4c-3c8b8b3b6c02", Name: "small", Description: "A little.", Schemas: &schemas{}},
			{ID: "9b0f8b8e-4c0c-4a35-9d4c-3c8b8b3b6c03", Name: "large", Description: "More."},
		},
	}}, m.fail
}

func (m *memory) note(details any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, details)
	return m.fail
}

func (m *memory) Provision(_ context.Context, id string, details provisionDetails, asyncAllowed bool) (provisionedServiceSpec, error) {
	if err := m.note(details); err != nil {
		return provisionedServiceSpec{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	spec := provisionedServiceSpec{IsAsync: m.async && asyncAllowed, DashboardURL: "https://memory.example/" + id}
	if spec.IsAsync {
		spec.OperationData = "provision-" + id
	}
	if before, found := m.instances[id]; found {
		if !equal(before, details) {
			return spec, errExists
		}
		spec.AlreadyExists = true
		return spec, nil
	}
	m.instances[id] = details
	return spec, nil
}

func equal(a, b any) bool { return reflect.DeepEqual(normal(a), normal(b)) }

func normal(v any) (out any) {
	encoded, _ := json.Marshal(v)
	_ = json.Unmarshal(encoded, &out)
	if fields, ok := out.(map[string]any); ok {
		delete(fields, "context")
		if parameters, ok := fields["parameters"].(map[string]any); ok && len(parameters) == 0 {
			delete(fields, "parameters")
		}
	}
	return out
}

func (m *memory) Deprovision(_ context.Context, id string, details deprovisionDetails, _ bool) (deprovisionServiceSpec, error) {
	if err := m.note(details); err != nil {
		return deprovisionServiceSpec{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, found := m.instances[id]; !found {
		return deprovisionServiceSpec{}, errMissing
	}
	delete(m.instances, id)
	return deprovisionServiceSpec{}, nil
}

func (m *memory) GetInstance(_ context.Context, id string, details fetchInstanceDetails) (getInstanceDetailsSpec, error) {
	if err := m.note(details); err != nil {
		return getInstanceDetailsSpec{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.instances[id]
	if !ok {
		return getInstanceDetailsSpec{}, errUnknown
	}
	return getInstanceDetailsSpec{
		ServiceID: found.ServiceID, PlanID: found.PlanID, DashboardURL: "https://memory.example/" + id, Parameters: found.RawParameters,
		Metadata: instanceMetadata{Labels: map[string]any{"n": json.Number("9007199254740993")}},
	}, nil
}

func (m *memory) Update(_ context.Context, id string, details updateDetails, _ bool) (updateServiceSpec, error) {
	if err := m.note(details); err != nil {
		return updateServiceSpec{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.instances[id]
	if !ok {
		return updateServiceSpec{}, errUnknown
	}
	if details.PlanID != "" {
		found.PlanID = details.PlanID
	}
	if details.RawParameters != nil {
		found.RawParameters = details.RawParameters
	}
	m.instances[id] = found
	return updateServiceSpec{}, nil
}

func (m *memory) LastOperation(_ context.Context, id string, details pollDetails) (lastOperation, error) {
	if err := m.note(details); err != nil {
		return lastOperation{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, found := m.instances[id]; !found {
		return lastOperation{}, errUnknown
	}
	return lastOperation{State: "succeeded", Description: details.OperationData}, nil
}

func (m *memory) Bind(_ context.Context, id, bindingID string, details bindDetails, _ bool) (binding, error) {
	if err := m.note(details); err != nil {
		return binding{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, found := m.instances[id]; !found {
		return binding{}, errMissing
	}
	bound := binding{Credentials: map[string]any{"uri": "memory://" + bindingID, "size": json.Number("12345678901234567890")}}
	if before, found := m.bindings[id+" "+bindingID]; found {
		if !equal(before, details) {
			return binding{}, &failureResponse{error: errors.New("binding already exists"), status: 409, action: "binding-already-exists"}
		}
		bound.AlreadyExists = true
		return bound, nil
	}
	m.bindings[id+" "+bindingID] = details
	return bound, nil
}

func (m *memory) Unbind(_ context.Context, id, bindingID string, details unbindDetails, _ bool) (unbindSpec, error) {
	if err := m.note(details); err != nil {
		return unbindSpec{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, found := m.bindings[id+" "+bindingID]; !found {
		return unbindSpec{}, errGone
	}
	delete(m.bindings, id+" "+bindingID)
	return unbindSpec{}, nil
}

func (m *memory) GetBinding(_ context.Context, id, bindingID string, details fetchBindingDetails) (getBindingSpec, error) {
	if err := m.note(details); err != nil {
		return getBindingSpec{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.bindings[id+" "+bindingID]
	if !ok {
		return getBindingSpec{}, errUnknown
	}
	return getBindingSpec{Credentials: map[string]any{"uri": "memory://" + bindingID, "size": json.Number("12345678901234567890")}, Parameters: found.RawParameters}, nil
}

func (m *memory) LastBindingOperation(ctx context.Context, id, _ string, details pollDetails) (lastOperation, error) {
	return m.LastOperation(ctx, id, details)
}

// TestConformance runs the suite of 2.17 against the adapted broker.
func TestConformance(t *testing.T) {
	t.Parallel()
	brokertest.Run(t, brokertest.Broker(frombrokerapi.Adapt(newMemory())))
}

func adapted(t *testing.T, m *memory, options ...frombrokerapi.Option) *client.Client {
	t.Helper()
	handler := openbroker.NewHandler(frombrokerapi.Adapt(m, options...))
	c, err := client.New("http://broker.example", client.WithTransport(client.NewHandlerTransport(handler)), client.WithRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	serviceID = "9b0f8b8e-4c0c-4a35-9d4c-3c8b8b3b6c01"
	planID    = "9b0f8b8e-4c0c-4a35-9d4c-3c8b8b3b6c02"
)

func provision() *openbroker.ProvisionRequest {
	return &openbroker.ProvisionRequest{
		InstanceID: "i", ServiceID: serviceID, PlanID: planID, OrganizationGUID: "o", SpaceGUID: "s", AcceptsIncomplete: true,
		Parameters: openbroker.Parameters(`{"n":9007199254740993}`),
		Context:    openbroker.PlatformContext{Platform: "kubernetes", Raw: json.RawMessage(`{"platform":"kubernetes","namespace":"ns"}`)},
	}
}

// TestValuesCross shows that values survive both translations.
func TestValuesCross(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.async = true
	c := adapted(t, m)
	response, err := c.Provision(t.Context(), provision())
	if err != nil || response.Outcome != openbroker.Accepted || response.Operation != "provision-i" || response.DashboardURL != "https://memory.example/i" {
		t.Fatalf("%+v, %v", response, err)
	}
	details, ok := m.seen[0].(provisionDetails)
	if !ok || string(details.RawParameters) != `{"n":9007199254740993}` || !strings.Contains(string(details.RawContext), `"namespace":"ns"`) || details.OrganizationGUID != "o" {
		t.Errorf("%+v", details)
	}
	polled, err := c.LastOperation(t.Context(), &openbroker.LastOperationRequest{InstanceID: "i", Operation: "provision-i"})
	if err != nil || polled.State != openbroker.OperationSucceeded || polled.Description != "provision-i" {
		t.Errorf("%+v, %v", polled, err)
	}
	instance, err := c.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: "i"})
	if err != nil || string(instance.Parameters) != `{"n":9007199254740993}` || fmt.Sprint(instance.Metadata.Labels["n"]) != "9007199254740993" {
		t.Errorf("%+v, %v", instance, err)
	}
	bound, err := c.Bind(t.Context(), &openbroker.BindRequest{InstanceID: "i", BindingID: "b", ServiceID: serviceID, PlanID: planID, AppGUID: "app"})
	if err != nil || bound.Credentials["size"] != json.Number("12345678901234567890") {
		t.Errorf("%v", err)
	}
	catalog, err := c.Catalog(t.Context())
	if err != nil || catalog.Services[0].Plans[0].Schemas != nil {
		t.Errorf("empty schemas are served: %+v, %v", catalog, err)
	}
}

// TestErrorsCross returns errors of both generations, bare and wrapped, from every
// call.
func TestErrorsCross(t *testing.T) {
	t.Parallel()
	async := failureResponse{error: errors.New("needs async"), status: 422, action: "async-required", key: "AsyncRequired"}
	for _, c := range []struct {
		name   string
		err    error
		status int
		want   error
		text   string
	}{
		{"new", &async, 422, openbroker.ErrAsyncRequired, "needs async"},
		{"wrapped", fmt.Errorf("provision: %w", &async), 422, openbroker.ErrAsyncRequired, "needs async"},
		{"old", &oldFailureResponse{async}, 422, openbroker.ErrAsyncRequired, "needs async"},
		{"app", &failureResponse{error: errors.New("app_guid is required"), status: 422, action: "app-guid-not-provided"}, 422, openbroker.ErrRequiresApp, "app_guid is required"},
		{"own", &failureResponse{error: errors.New("too many"), status: 429, action: "x", key: "TooMany"}, 429, nil, "too many"},
		{"old with a wrong status", &oldFailureResponse{failureResponse{error: errors.New("odd"), status: 299, action: "x"}}, 500, nil, "odd"},
		{"ours", openbroker.ErrConcurrency, 422, openbroker.ErrConcurrency, "concurrent"},
		{"plain", errors.New("password hunter22 is wrong"), 500, nil, ""},
	} {
		m := newMemory()
		m.instances["i"] = provisionDetails{}
		cl := adapted(t, m)
		if _, err := cl.Catalog(t.Context()); err != nil {
			t.Fatal(err)
		}
		broker := frombrokerapi.Adapt(m)
		m.fail = c.err
		_, err := broker.Bind(t.Context(), &openbroker.BindRequest{InstanceID: "i", BindingID: "b"})
		var own *openbroker.Error
		if errors.As(err, &own) != (c.text != "") || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if own != nil && (own.Status != c.status || !strings.Contains(own.Description, c.text)) {
			t.Errorf("%s: %d %q, want %d %q", c.name, own.Status, own.Description, c.status, c.text)
		}
	}
}

type key struct{}

func TestContextAndRotation(t *testing.T) {
	t.Parallel()
	var identity string
	broker := frombrokerapi.Adapt(newMemory(), frombrokerapi.WithContextValues(func(ctx context.Context, c openbroker.Caller) context.Context {
		identity = c.RequestIdentity
		return context.WithValue(ctx, key{}, identity)
	}))
	r := provision()
	r.Caller.RequestIdentity = "r-1"
	if _, err := broker.Provision(t.Context(), r); err != nil || identity != "r-1" {
		t.Errorf("%v, %q", err, identity)
	}
	_, err := broker.Bind(t.Context(), &openbroker.BindRequest{InstanceID: "i", BindingID: "c", PredecessorBindingID: "b"})
	if !errors.Is(err, openbroker.ErrBadRequest) {
		t.Errorf("a rotation: %v", err)
	}
}

// A broker for brokerapi becomes a handler.
func ExampleAdapt() {
	existing := newMemory() // Your domain.ServiceBroker, unchanged.
	broker := frombrokerapi.Adapt(existing)
	catalog, err := broker.Catalog(context.Background())
	fmt.Println(catalog.Services[0].Name, err)
	// Output: memory <nil>
}
