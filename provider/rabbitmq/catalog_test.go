package rabbitmq_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/rabbitmq"
)

// The ids of the default catalog. They never change.
const (
	serviceID   = "eb4638ba-7779-4d85-8225-8411944a9f42"
	smallPlanID = "2564c023-2c28-4dc6-af05-0353dec73b09"
	largePlanID = "58f50b60-74bd-4d13-9b00-45ded55adca7"
)

func defaultCatalog(t *testing.T) *openbroker.Catalog {
	t.Helper()
	c, err := rabbitmq.Definition.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	c := defaultCatalog(t)
	service := c.Service(serviceID)
	if service == nil || service.Name != "rabbitmq" || !service.Bindable || !service.InstancesRetrievable || !service.BindingsRetrievable || !service.PlanUpdateable || len(service.Tags) == 0 {
		t.Fatalf("service: %+v", service)
	}
	for id, name := range map[string]string{smallPlanID: "small", largePlanID: "large"} {
		if plan := service.Plan(id); plan == nil || plan.Name != name || plan.Schemas == nil || plan.Metadata == nil || plan.Metadata.Costs == nil {
			t.Errorf("plan %s: %+v", name, plan)
		}
	}
	source, err := catalog.SourceOf(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range lint.Run(source, lint.Platforms()...) {
		t.Error(finding.Text())
	}
}

// The schemas accept and refuse the same parameters as the checks, except for a mode,
// whose refusal has an explanation.
func TestSchemas(t *testing.T) {
	t.Parallel()
	plan := defaultCatalog(t).Services[0].Plans[0]
	for name, c := range map[string]struct {
		schema  *openbroker.InputParametersSchema
		valid   []string
		invalid []string
	}{
		"create": {plan.Schemas.ServiceInstance.Create, []string{`{}`}, []string{`{"a":1}`, `[]`}},
		"update": {plan.Schemas.ServiceInstance.Update, []string{`{}`}, []string{`{"a":1}`}},
		"bind": {
			plan.Schemas.ServiceBinding.Create,
			[]string{`{}`, `{"mode":"rw"}`, `{"mode":"ro"}`, `{"configure":[],"write":["a","b*"],"read":["*"]}`, `{"topics":{"e":{"write":["a"],"read":[]},"f":{}}}`},
			[]string{`{"mode":1}`, `{"Mode":"rw"}`, `{"read":".*"}`, `{"read":[""]}`, `{"read":[1]}`, `{"topics":[]}`, `{"topics":{"e":{"configure":[]}}}`},
		},
	} {
		var draft struct {
			Schema string `json:"$schema"`
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(c.schema.Parameters)))
		if err != nil || json.Unmarshal(c.schema.Parameters, &draft) != nil || !strings.Contains(draft.Schema, "draft-04") {
			t.Fatalf("%s: %v, $schema %q", name, err, draft.Schema)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", document); err != nil {
			t.Fatal(err)
		}
		schema, err := compiler.Compile("schema.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, parameters := range append(c.valid, c.invalid...) {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(parameters))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != slices.Contains(c.valid, parameters) {
				t.Errorf("%s: %s: %v", name, parameters, err)
			}
			if _, err := rabbitmq.Expressions(openbroker.Parameters(parameters)); name == "bind" && parameters != `{"mode":"ro"}` && (err == nil) != slices.Contains(c.valid, parameters) {
				t.Errorf("%s: the check of %s: %v", name, parameters, err)
			}
		}
	}
}

func TestPlanSettings(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(rabbitmq.Definition)
	if err != nil {
		t.Fatal(err)
	}
	group, err := provider.NewGroup(set, provider.Named{Name: "rabbitmq", Definition: rabbitmq.Definition, Settings: settings(t)})
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		`{}`: "",
		`{"max_connections":1,"max_queues":1,"max_channels":1,"max_length":1,"max_length_bytes":1,"message_ttl":"1ms","expires":"1193h","dashboard":false,"default_queue_type":"quorum"}`: "",
		`{"max_connections":0}`:           "rabbitmq.max_connections must be a whole number from 1 to 1000000",
		`{"max_queues":-1}`:               "rabbitmq.max_queues must be a whole number from 1 to 1000000",
		`{"message_ttl":"0.5ms"}`:         "rabbitmq.message_ttl must be from 1ms to 1193h0m0s",
		`{"expires":"1194h"}`:             "rabbitmq.expires must be from 1ms to 1193h0m0s",
		`{"default_queue_type":"mirror"}`: "rabbitmq.default_queue_type must be one of classic, quorum, stream",
		`{"max_size":1}`:                  `"max_size" is unknown`,
	} {
		plan := openbroker.Plan{ID: "p", Name: "p", Description: "A plan.", Extensions: openbroker.Extensions{"rabbitmq": json.RawMessage(given)}}
		err := group.CheckCatalog(&openbroker.Catalog{Services: []openbroker.Service{{ID: "s", Name: "s", Plans: []openbroker.Plan{plan}}}})
		var findings catalog.Errors
		if (err != nil) != (want != "") || err != nil && (!errors.As(err, &findings) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", given, err)
		}
	}
}
