package sqlitefile_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

func TestCatalog(t *testing.T) {
	t.Parallel()
	catalog := sqlitefile.Catalog()
	if err := catalog.Validate(); err != nil {
		t.Fatal(err)
	}
	service := catalog.Service(sqlitefile.ServiceID)
	if service == nil || service.Name != "sqlite" || !service.Bindable || !service.InstancesRetrievable || !service.BindingsRetrievable || !service.PlanUpdateable {
		t.Fatalf("service: %+v", service)
	}
	for id, name := range map[string]string{sqlitefile.SmallPlanID: "small", sqlitefile.LargePlanID: "large"} {
		plan := service.Plan(id)
		if plan == nil || plan.Name != name || plan.MaintenanceInfo != nil {
			t.Errorf("plan %s: %+v", name, plan)
		}
	}
	catalog.Services[0].Plans[0].Name = "changed"
	if sqlitefile.Catalog().Services[0].Plans[0].Name != "small" {
		t.Error("catalogs share memory")
	}
}

// The schemas accept and refuse the same parameters as the checks.
func TestSchemas(t *testing.T) {
	t.Parallel()
	plan := sqlitefile.Catalog().Services[0].Plans[0]
	for name, c := range map[string]struct {
		schema  *openbroker.InputParametersSchema
		valid   []string
		invalid []string
	}{
		"create": {plan.Schemas.ServiceInstance.Create, []string{`{}`}, []string{`{"a":1}`, `[]`}},
		"update": {plan.Schemas.ServiceInstance.Update, []string{`{}`}, []string{`{"a":1}`}},
		"bind":   {plan.Schemas.ServiceBinding.Create, []string{`{}`, `{"mode":"rw"}`, `{"mode":"ro"}`}, []string{`{"mode":"x"}`, `{"mode":1}`, `{"Mode":"ro"}`}},
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
		}
	}
}
