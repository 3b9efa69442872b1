package provider_test

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// queueConfig has the settings of the provider in the configuration.
type queueConfig struct {
	URL   provider.URL    `yaml:"url" required:"true" doc:"where the queues are"`
	Token provider.Secret `yaml:"token" doc:"token of the broker"`
}

// queuePlan has the settings of a plan.
type queuePlan struct {
	Size int `yaml:"size" min:"1" default:"1" doc:"number of queues"`
}

// queues is the provider.
type queues struct{ durable.UnimplementedProvider }

func (queues) Provision(_ context.Context, _ *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	plan, err := provider.Plan[queuePlan](instance)
	fmt.Println("create queues:", plan.Size)
	return durable.ProvisionResult{}, err
}

const queueCatalog = `
services:
  - id: 3f9e4f0a-8f0e-4d0c-9b39-0b5ad1a1c001
    name: queue
    description: Queues.
    bindable: false
    plans:
      - {id: 3f9e4f0a-8f0e-4d0c-9b39-0b5ad1a1c002, name: three, description: Three queues., queue: {size: 3}}
`

func ExampleDefine() {
	definition := provider.Define(provider.Spec[queueConfig, queuePlan]{
		Name: "queue", Doc: "queues", Catalog: queueCatalog,
		New: func(_ context.Context, config queueConfig, host provider.Host) (durable.Provider, error) {
			fmt.Println(host.Name, "uses", config.URL)
			return queues{}, nil
		},
	})
	set, err := provider.NewSet(definition)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Package server/config does this for a configuration file.
	group, err := provider.NewGroup(set, provider.Named{Name: "jobs", Definition: definition, Settings: &queueConfig{URL: "https://queues.example"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	dispatcher, err := group.Start(context.Background(), provider.Host{})
	if err != nil {
		fmt.Println(err)
		return
	}
	catalog, err := group.Catalog()
	if err != nil {
		fmt.Println(err)
		return
	}
	// The engine calls the dispatcher.
	service := &catalog.Services[0]
	instance := durable.Instance{ID: "i", ServiceID: service.ID, Service: service, Plan: &service.Plans[0], Provider: "jobs"}
	_, err = dispatcher.Provision(context.Background(), nil, instance)
	fmt.Println(err)

	// Platforms do not see the settings.
	fmt.Println(len(service.Plans[0].Extensions), len(set.Public(catalog).Services[0].Plans[0].Extensions))
	// Output:
	// jobs uses https://queues.example
	// create queues: 3
	// <nil>
	// 1 0
}

func ExamplePlan() {
	instance := durable.Instance{Plan: &openbroker.Plan{ID: "p"}, PlanID: "p", PlanSettings: []byte(`{"size": 0}`)}
	_, err := provider.Plan[queuePlan](instance)
	fmt.Println(err)
	// Output: the settings of the plan "p": size must be a whole number from 1 to 2147483647
}
