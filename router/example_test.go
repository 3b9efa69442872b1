package router_test

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/router"
)

// A shelf offers one service.
type shelf struct {
	openbroker.Unimplemented
	catalog *openbroker.Catalog
}

func newShelf(name string) *shelf {
	return &shelf{catalog: &openbroker.Catalog{Services: []openbroker.Service{{
		ID: name + "-service-id", Name: name, Description: "Keeps " + name + ".",
		Plans: []openbroker.Plan{{ID: name + "-plan-id", Name: "small", Description: "A few."}},
	}}}}
}

func (s *shelf) Catalog(context.Context) (*openbroker.Catalog, error) { return s.catalog, nil }

func (s *shelf) Deprovision(_ context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return &openbroker.DeprovisionResponse{Outcome: openbroker.Accepted, Operation: "empty " + r.InstanceID}, nil
}

func (s *shelf) LastOperation(_ context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	fmt.Printf("the shelf for %s receives the poll of %q\n", s.catalog.Services[0].Name, r.Operation)
	return &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded}, nil
}

func ExampleNew() {
	ctx := context.Background()
	broker, err := router.New(ctx, newShelf("books"), newShelf("records"))
	if err != nil {
		fmt.Println(err)
		return
	}
	// Serve it: openbroker.NewHandler(broker). The operation of a response routes
	// the poll to the right broker.
	response, err := broker.Deprovision(ctx, &openbroker.DeprovisionRequest{InstanceID: "i1", ServiceID: "records-service-id", AcceptsIncomplete: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Operation)
	last, err := broker.LastOperation(ctx, &openbroker.LastOperationRequest{InstanceID: "i1", Operation: response.Operation})
	fmt.Println(last.State, err)

	// Two brokers cannot have the same service.
	_, err = router.New(ctx, newShelf("books"), newShelf("books"))
	fmt.Println(err != nil)
	// Output:
	// ~records-service-id~~ZW1wdHkgaTE
	// the shelf for records receives the poll of "empty i1"
	// succeeded <nil>
	// true
}
