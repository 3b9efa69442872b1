package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// slow is a broker that needs two polls to create an instance.
type slow struct {
	broker
	polls int
}

func (*slow) Provision(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return &openbroker.ProvisionResponse{Outcome: openbroker.Accepted, Operation: "create-1"}, nil
}

func (b *slow) LastOperation(context.Context, *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	if b.polls++; b.polls < 2 {
		return &openbroker.LastOperationResponse{State: openbroker.OperationInProgress, Description: "half way"}, nil
	}
	return &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded, Description: "created"}, nil
}

// The broker of this example runs in the same process. For a real one, omit
// WithTransport.
func Example() {
	ctx := context.Background()
	handler := openbroker.NewHandler(&slow{})
	c, err := client.New("https://broker.example.com",
		client.WithBasicAuth("platform", "secret"),
		client.WithTransport(client.NewHandlerTransport(handler)))
	if err != nil {
		panic(err)
	}

	catalog, err := c.Catalog(ctx)
	if err != nil {
		panic(err)
	}
	service := &catalog.Services[0]
	request := &openbroker.ProvisionRequest{
		InstanceID: "0c2f1e2a-6b0e-4d0a-9d4e-3a1f5f6f7a10",
		ServiceID:  service.ID, PlanID: service.Plans[0].ID, Service: service, Plan: &service.Plans[0],
		OrganizationGUID: "my-org", SpaceGUID: "my-space",
		AcceptsIncomplete: true,
	}
	response, err := c.Provision(ctx, request)
	if err != nil {
		panic(err)
	}
	if response.Outcome == openbroker.Accepted {
		_, err = c.Wait(ctx, client.ProvisionOperation(request, response), func(p client.Progress) {
			fmt.Println(p.State, "-", p.Description)
		})
		if err != nil {
			panic(err)
		}
	}
	// Output:
	// in progress - half way
	// succeeded - created
}

// The error of a failed call matches a sentinel, and contains the orphan that the call
// may have left.
func ExampleOrphanOf() {
	broken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "out of memory", http.StatusBadGateway) })
	c, err := client.New("https://broker.example.com", client.WithTransport(client.NewHandlerTransport(broken)))
	if err != nil {
		panic(err)
	}
	_, err = c.Bind(context.Background(), &openbroker.BindRequest{
		InstanceID: "orders", BindingID: "app", ServiceID: "s", PlanID: "p",
		Caller: openbroker.Caller{RequestIdentity: "4711"},
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, openbroker.ErrConcurrency))
	fmt.Println(client.OrphanOf(err))
	// Output:
	// bind: the broker responded with 502 Bad Gateway: out of memory [request identity 4711]
	// false
	// binding app of instance orders true
}
