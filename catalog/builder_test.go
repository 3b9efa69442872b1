package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

const objectSchema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}`

// Each method sets only its field.
func TestBuild(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"bind.json": {Data: []byte(objectSchema)}}
	metadata := openbroker.ServiceMetadata{DisplayName: "Database"}
	client := openbroker.DashboardClient{ID: "c", Secret: "s", RedirectURI: "https://example.com"}
	cost := openbroker.Cost{Amount: map[string]float64{"usd": 9.5}, Unit: "MONTHLY"}
	got, err := catalog.Build(
		catalog.NewService("1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e", "database", "A database.").
			Bindable().PlanUpdateable().Retrievable().AllowContextUpdates().
			Tags("sql").Tags("relational").Requires(openbroker.PermissionSyslogDrain).
			Metadata(metadata).DashboardClient(client).Extension("x-tier", 1).
			Plans(
				catalog.NewPlan("5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", "small", "A small database."),
				catalog.NewPlan("9b2f6c3d-1f0a-4c8e-8d27-6f5e4d3c2b1a", "large", "A large database.").
					Metadata(openbroker.PlanMetadata{Bullets: []string{"Fast"}}).Costs(cost).
					Bindable(true).BindingRotatable().PlanUpdateable(false).
					MaximumPollingDuration(1500*time.Millisecond).Maintenance("1.2.3", "New image.").
					CreateSchema(catalog.JSONSchema(objectSchema)).
					UpdateSchema(catalog.SchemaFrom(json.RawMessage(objectSchema), nil)).
					BindSchema(catalog.SchemaFrom(catalog.ReadSchema(files, "bind.json"))).
					Extension("x-cores", []int{1, 2}),
			),
		catalog.NewService("77f0b1c2-3d4e-4f5a-8b6c-7d8e9f0a1b2c", "queue", "A queue.").
			Plans(catalog.NewPlan("e5d4c3b2-a190-4f8e-9d7c-6b5a49382716", "small", "A small queue.")),
	)
	if err != nil {
		t.Fatal(err)
	}
	yes, no, seconds := true, false, 2
	schema := &openbroker.InputParametersSchema{Parameters: json.RawMessage(objectSchema)}
	want := &openbroker.Catalog{Services: []openbroker.Service{
		{
			ID: "1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e", Name: "database", Description: "A database.",
			Bindable: true, PlanUpdateable: true, InstancesRetrievable: true, BindingsRetrievable: true, AllowContextUpdates: true,
			Tags: []string{"sql", "relational"}, Requires: []string{openbroker.PermissionSyslogDrain},
			Metadata: &metadata, DashboardClient: &client, Extensions: openbroker.Extensions{"x-tier": json.RawMessage("1")},
			Plans: []openbroker.Plan{
				{ID: "5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", Name: "small", Description: "A small database.", Free: &yes},
				{
					ID: "9b2f6c3d-1f0a-4c8e-8d27-6f5e4d3c2b1a", Name: "large", Description: "A large database.", Free: &no,
					Metadata: &openbroker.PlanMetadata{Bullets: []string{"Fast"}, Costs: []openbroker.Cost{cost}},
					Bindable: &yes, BindingRotatable: true, PlanUpdateable: &no, MaximumPollingDuration: &seconds,
					MaintenanceInfo: &openbroker.MaintenanceInfo{Version: "1.2.3", Description: "New image."},
					Schemas: &openbroker.Schemas{
						ServiceInstance: &openbroker.InstanceSchemas{Create: schema, Update: schema},
						ServiceBinding:  &openbroker.BindingSchemas{Create: schema},
					},
					Extensions: openbroker.Extensions{"x-cores": json.RawMessage("[1,2]")},
				},
			},
		},
		{
			ID: "77f0b1c2-3d4e-4f5a-8b6c-7d8e9f0a1b2c", Name: "queue", Description: "A queue.",
			Plans: []openbroker.Plan{{ID: "e5d4c3b2-a190-4f8e-9d7c-6b5a49382716", Name: "small", Description: "A small queue.", Free: &yes}},
		},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// The error lists all faults.
func TestBuildErrors(t *testing.T) {
	t.Parallel()
	plan := func() *catalog.PlanBuilder {
		return catalog.NewPlan("5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", "small", "A small database.")
	}
	service := func(plans ...*catalog.PlanBuilder) *catalog.ServiceBuilder {
		return catalog.NewService("1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e", "database", "A database.").Plans(plans...)
	}
	for name, c := range map[string]struct {
		services []*catalog.ServiceBuilder
		want     []string
	}{
		"specification": {
			[]*catalog.ServiceBuilder{catalog.NewService("", "database", ""), service(plan(), plan())},
			[]string{
				"/services/0/id: error: the id of service \"database\" is empty [service-id-empty]",
				"/services/0/description: error: the description of service \"database\" is empty [service-description-empty]",
				"/services/0/plans: error: plans of service \"database\" is empty [service-plans-empty]",
				"/services/1/name: error: service name \"database\" is already used at /services/0/name [service-name-duplicate]",
				"/services/1/plans/1/id: error: plan id \"5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7\" is already used at /services/1/plans/0/id [plan-id-duplicate]",
				"/services/1/plans/1/name: error: plan name \"small\" is already used at /services/1/plans/0/name [plan-name-duplicate]",
			},
		},
		"schemas": {
			[]*catalog.ServiceBuilder{service(plan().CreateSchema(catalog.JSONSchema("{")).UpdateSchema(catalog.SchemaFrom(catalog.SchemaOf[chan int]())).
				BindSchema(catalog.SchemaFrom(catalog.ReadSchema(fstest.MapFS{}, "missing.json"))).Extension("x-f", func() {}))},
			[]string{
				"plan small: the schema to create an instance: it is not valid JSON",
				"plan small: the schema to update an instance: catalog: the schema of chan int: chan int: chan int has no JSON Schema",
				"plan small: the schema to create a binding: catalog: reading a schema: open missing.json: file does not exist",
				"plan small: the field x-f: json: unsupported type: func()",
			},
		},
		"given error": {
			[]*catalog.ServiceBuilder{service(plan().CreateSchema(catalog.SchemaFrom(nil, errors.New("no schema"))))},
			[]string{"plan small: the schema to create an instance: no schema"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			built, err := catalog.Build(c.services...)
			if built != nil || err == nil {
				t.Fatalf("built %+v, %v", built, err)
			}
			var got []string
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "      = ") {
					got = append(got, strings.TrimSuffix(line, "\n"))
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*openbroker.Catalog{"empty": {}, "nil": nil} {
		if err := catalog.Validate(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if built, err := catalog.Build(); err != nil || len(built.Services) > 0 {
		t.Errorf("no services: %+v, %v", built, err)
	}
	bad := openbroker.Catalog{Extensions: openbroker.Extensions{"x": json.RawMessage("{")}}
	if err := catalog.Validate(&bad); err == nil {
		t.Error("an extension that is not JSON is valid")
	}
}

func ExampleBuild() {
	c, err := catalog.Build(
		catalog.NewService("31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10", "database", "A database.").
			Bindable().Tags("sql", "relational").
			Plans(
				catalog.NewPlan("5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", "small", "Up to 1 GB."),
				catalog.NewPlan("9b2f6c3d-1f0a-4c8e-8d27-6f5e4d3c2b1a", "large", "Up to 100 GB.").
					Costs(openbroker.Cost{Amount: map[string]float64{"usd": 49}, Unit: "MONTHLY"}).
					CreateSchema(catalog.JSONSchema(`{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}`)),
			),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, plan := range c.Services[0].Plans {
		fmt.Println(plan.Name, plan.IsFree())
	}
	// Output:
	// small true
	// large false
}

func ExampleValidate() {
	err := catalog.Validate(&openbroker.Catalog{Services: []openbroker.Service{{
		ID: "31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10", Name: "database",
		Plans: []openbroker.Plan{{ID: "5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", Name: "small", Description: "Up to 1 GB."}},
	}}})
	fmt.Println(err)
	// Output:
	// /services/0/description: error: the description of service "database" is empty [service-description-empty]
	//       = Enter a short description.
}
