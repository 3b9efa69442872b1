package router_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/router"
)

// A stub is a broker that knows the given instances, records its calls, and
// returns the given results.
type stub struct {
	mu        sync.Mutex
	catalog   *openbroker.Catalog
	catalogOf func() (*openbroker.Catalog, error)
	instances []string
	// accepts makes changes asynchronous, with this operation.
	accepts   bool
	operation string
	// errs maps the names of methods to their errors.
	errs  map[string]error
	calls []string
}

var _ openbroker.Broker = (*stub)(nil)

// note records a call and returns its error.
func (s *stub) note(method, instance, details string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, strings.TrimSpace(method+" "+details))
	if err, ok := s.errs[method]; ok {
		return err
	}
	if !slices.Contains(s.instances, instance) {
		return fmt.Errorf("stub: %w", openbroker.ErrInstanceDoesNotExist)
	}
	return nil
}

// takeCalls returns the calls since the last takeCalls.
func (s *stub) takeCalls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func (s *stub) outcome() openbroker.Outcome {
	if s.accepts {
		return openbroker.Accepted
	}
	return openbroker.Completed
}

func (s *stub) Catalog(context.Context) (*openbroker.Catalog, error) {
	if s.catalogOf != nil {
		return s.catalogOf()
	}
	return s.catalog, nil
}

func (s *stub) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	s.mu.Lock()
	s.instances = append(s.instances, r.InstanceID)
	s.mu.Unlock()
	err := s.note("Provision", r.InstanceID, fmt.Sprintf("%s %s %v", r.Service.ID, r.Plan.ID, r.AcceptsIncomplete))
	return &openbroker.ProvisionResponse{Outcome: s.outcome(), Operation: s.operation}, err
}

func (s *stub) Update(_ context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	err := s.note("Update", r.InstanceID, fmt.Sprintf("%s %v", r.Service.ID, r.AcceptsIncomplete))
	return &openbroker.UpdateResponse{Outcome: s.outcome(), Operation: s.operation}, err
}

func (s *stub) Deprovision(_ context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	err := s.note("Deprovision", r.InstanceID, fmt.Sprintf("%s %s %v", r.ServiceID, r.PlanID, r.AcceptsIncomplete))
	return &openbroker.DeprovisionResponse{Outcome: s.outcome(), Operation: s.operation}, err
}

func (s *stub) Bind(_ context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	err := s.note("Bind", r.InstanceID, fmt.Sprintf("%s %s %v", r.ServiceID, r.PredecessorBindingID, r.AcceptsIncomplete))
	return &openbroker.BindResponse{Outcome: s.outcome(), Operation: s.operation}, err
}

func (s *stub) Unbind(_ context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	err := s.note("Unbind", r.InstanceID, fmt.Sprintf("%s %s %v", r.ServiceID, r.PlanID, r.AcceptsIncomplete))
	return &openbroker.UnbindResponse{Outcome: s.outcome(), Operation: s.operation}, err
}

func (s *stub) GetInstance(_ context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	return &openbroker.GetInstanceResponse{}, s.note("GetInstance", r.InstanceID, r.ServiceID)
}

func (s *stub) GetBinding(_ context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	return &openbroker.GetBindingResponse{}, s.note("GetBinding", r.InstanceID, r.BindingID)
}

func (s *stub) LastOperation(_ context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	return &openbroker.LastOperationResponse{State: openbroker.OperationInProgress}, s.note("LastOperation", r.InstanceID, fmt.Sprintf("%q", r.Operation))
}

func (s *stub) LastBindingOperation(_ context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	return &openbroker.LastOperationResponse{State: openbroker.OperationInProgress}, s.note("LastBindingOperation", r.InstanceID, fmt.Sprintf("%q", r.Operation))
}

// sharing returns the same response for each Deprovision.
type sharing struct {
	openbroker.Broker
	response *openbroker.DeprovisionResponse
}

func (s sharing) Deprovision(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return s.response, nil
}

// quote quotes like the stub.
func quote(text string) string { return strconv.Quote(text) }

// catalogWith returns a catalog of one service per name, each with one plan.
func catalogWith(names ...string) *openbroker.Catalog {
	c := &openbroker.Catalog{}
	for _, name := range names {
		c.Services = append(c.Services, openbroker.Service{
			ID: name + "-id", Name: name, Description: name, Bindable: true, BindingsRetrievable: true,
			Plans: []openbroker.Plan{{ID: name + "-plan", Name: "plan", Description: "plan"}},
		})
	}
	return c
}

// rotatable makes the bindings of all plans of a catalog rotatable.
func rotatable(c *openbroker.Catalog) *openbroker.Catalog {
	for i := range c.Services {
		c.Services[i].Plans[0].BindingRotatable = true
	}
	return c
}

// pair returns two brokers: a with the instance ia, and b with the instance ib.
func pair() (a, b *stub) {
	return &stub{catalog: catalogWith("a"), instances: []string{"ia"}},
		&stub{catalog: catalogWith("b1", "b2"), instances: []string{"ib"}}
}

// serve returns the URL of a server for several brokers.
func serve(t *testing.T, brokers ...openbroker.Broker) string {
	t.Helper()
	r, err := router.New(t.Context(), brokers...)
	if err != nil {
		t.Fatal(err)
	}
	quiet := openbroker.WithLogger(slog.New(slog.DiscardHandler))
	server := httptest.NewServer(openbroker.NewHandler(r, quiet))
	t.Cleanup(server.Close)
	return server.URL
}

// send sends a request and returns the status and the body of the response.
func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
