package brokertest_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/conformance"
)

const (
	serviceID = "a0c3e3c2-0c55-4d7e-9e22-8a9a3a3f0a01"
	planID    = "b1d4f4d3-1d66-4e8f-8f33-9bab4b4f1b02"
)

var notesCatalog = &openbroker.Catalog{Services: []openbroker.Service{{
	ID: serviceID, Name: "notes", Description: "Sticky notes.", InstancesRetrievable: true,
	Plans: []openbroker.Plan{{ID: planID, Name: "yellow", Description: "A yellow one."}},
}}}

// notes is a broker of sticky notes in memory.
type notes struct {
	openbroker.Unimplemented
	mu   sync.Mutex
	made map[string]*openbroker.ProvisionRequest
}

func newNotes() *notes { return &notes{made: map[string]*openbroker.ProvisionRequest{}} }

var _ openbroker.Broker = (*notes)(nil)

func (n *notes) Catalog(context.Context) (*openbroker.Catalog, error) { return notesCatalog, nil }

func (n *notes) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch old := n.made[r.InstanceID]; {
	case old == nil:
		n.made[r.InstanceID] = r
		return &openbroker.ProvisionResponse{Outcome: openbroker.Completed}, nil
	case old.PlanID == r.PlanID && old.SpaceGUID == r.SpaceGUID && bytes.Equal(old.Parameters, r.Parameters):
		return &openbroker.ProvisionResponse{Outcome: openbroker.AlreadyExists}, nil
	default:
		return nil, openbroker.ErrInstanceAlreadyExists
	}
}

func (n *notes) GetInstance(_ context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made[r.InstanceID] == nil {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	return &openbroker.GetInstanceResponse{ServiceID: serviceID, PlanID: planID, Parameters: n.made[r.InstanceID].Parameters}, nil
}

func (n *notes) Deprovision(_ context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made[r.InstanceID] == nil {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	delete(n.made, r.InstanceID)
	return &openbroker.DeprovisionResponse{}, nil
}

func (n *notes) Update(_ context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made[r.InstanceID] == nil {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	return &openbroker.UpdateResponse{}, nil // A note has nothing to change.
}

// The function test stands for a test such as TestConformance.
func ExampleRun() {
	test := func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(newNotes()))
	}
	_ = test
	// Output:
}

func ExampleBroker() {
	test := func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(newNotes()),
			brokertest.Level(conformance.Should),          // Also recommendations.
			brokertest.Profiles(conformance.CloudFoundry), // Also the requirements of Cloud Foundry.
			brokertest.Plans("yellow"),                    // Only this plan.
			brokertest.Parameters(planID, conformance.Parameters{Provision: map[string]any{"text": "Buy milk"}}),
		)
	}
	_ = test
	// Output:
}

func ExampleHandler() {
	test := func(t *testing.T) {
		handler := openbroker.NewHandler(newNotes()) // Or any other handler.
		brokertest.Run(t, brokertest.Handler(handler), brokertest.Login("admin", "secret"))
	}
	_ = test
	// Output:
}

func ExampleURL() {
	test := func(t *testing.T) {
		brokertest.Run(t, brokertest.URL("https://broker.test.example.com"), brokertest.Bearer("token"), brokertest.Only("catalog-*"))
	}
	_ = test
	// Output:
}
