package memstore_test

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/memstore"
	"github.com/openbroker/openbroker/seal"
)

// A queueProvider is the provider of an author, who wants to test it with the engine.
type queueProvider struct{ durable.UnimplementedProvider }

func (queueProvider) Provision(context.Context, *durable.Task, durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, nil
}

func ExampleNew() {
	ctx := context.Background()
	catalog := &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "queue", Name: "queue", Description: "A queue", Plans: []openbroker.Plan{{ID: "small", Name: "small", Description: "A small queue"}},
	}}}
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		panic(err)
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		panic(err)
	}

	store := memstore.New()
	defer store.Close()
	engine, err := durable.New(ctx, catalog, queueProvider{}, store, durable.Config{Sealer: keys})
	if err != nil {
		panic(err)
	}
	engine.Start(ctx)
	defer engine.Stop(ctx)

	response, err := engine.Provision(ctx, &openbroker.ProvisionRequest{InstanceID: "my-queue", ServiceID: "queue", PlanID: "small"})
	if err != nil {
		panic(err)
	}
	snapshot, err := store.Load(ctx, durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: "my-queue"})
	if err != nil {
		panic(err)
	}
	fmt.Println(response.Outcome == openbroker.Completed, snapshot.Instance.Status)
	// Output: true ready
}
