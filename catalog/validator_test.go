package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// drafts are the values of $schema.
var drafts = map[string]string{
	"04":      "http://json-schema.org/draft-04/schema#",
	"06":      "http://json-schema.org/draft-06/schema#",
	"07":      "http://json-schema.org/draft-07/schema#",
	"2019-09": "https://json-schema.org/draft/2019-09/schema",
	"2020-12": "https://json-schema.org/draft/2020-12/schema",
}

func validate(schema, parameters string) error {
	return catalog.NewValidator().ValidateParameters(json.RawMessage(schema), openbroker.Parameters(parameters))
}

// $schema selects the draft.
func TestDrafts(t *testing.T) {
	t.Parallel()
	const every = "04 06 07 2019-09 2020-12"
	for _, c := range []struct {
		name, rest, parameters string
		// refuse are the drafts in which the parameters are invalid, broken the drafts in
		// which the schema is invalid.
		refuse, broken string
	}{
		{"exclusiveMinimum as a boolean", `"properties":{"a":{"minimum":1,"exclusiveMinimum":true}}`, `{"a":1}`, "04", "06 07 2019-09 2020-12"},
		{"exclusiveMinimum as a number", `"properties":{"a":{"exclusiveMinimum":1}}`, `{"a":1}`, "06 07 2019-09 2020-12", "04"},
		{"const", `"properties":{"a":{"const":1}}`, `{"a":2}`, "06 07 2019-09 2020-12", ""},
		{"contains", `"properties":{"a":{"contains":{"type":"string"}}}`, `{"a":[1]}`, "06 07 2019-09 2020-12", ""},
		{"propertyNames", `"propertyNames":{"maxLength":2}`, `{"abc":1}`, "06 07 2019-09 2020-12", ""},
		{"a false schema", `"properties":{"a":false}`, `{"a":1}`, "06 07 2019-09 2020-12", "04"},
		{"if and then", `"if":{"required":["a"]},"then":{"required":["b"]}`, `{"a":1}`, "07 2019-09 2020-12", ""},
		{"dependencies", `"dependencies":{"a":["b"]}`, `{"a":1}`, every, ""},
		{"dependentRequired", `"dependentRequired":{"a":["b"]}`, `{"a":1}`, "2019-09 2020-12", ""},
		{"unevaluatedProperties", `"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false`, `{"a":1,"b":1}`, "2019-09 2020-12", ""},
		{"minContains", `"properties":{"a":{"contains":{"type":"string"},"minContains":2}}`, `{"a":["x",1]}`, "2019-09 2020-12", ""},
		{"items as a list", `"properties":{"a":{"items":[{"type":"string"}]}}`, `{"a":[1]}`, "04 06 07 2019-09", "2020-12"},
		{"prefixItems", `"properties":{"a":{"prefixItems":[{"type":"string"}]}}`, `{"a":[1]}`, "2020-12", ""},
		{"beside $ref", `"definitions":{"a":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/a","maximum":5}}`, `{"a":6}`, "2019-09 2020-12", ""},
		{"$ref", `"definitions":{"a":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/a"}}`, `{"a":"6"}`, every, ""},
		{"1.0 is an integer", `"properties":{"a":{"type":"integer"}}`, `{"a":1.0}`, "", ""},
		{"format", `"properties":{"a":{"format":"ipv4"}}`, `{"a":"1.2.3"}`, "04 06 07", ""},
		{"format of another type", `"properties":{"a":{"format":"ipv4"}}`, `{"a":1}`, "", ""},
		{"an unknown format", `"properties":{"a":{"format":"zip-code"}}`, `{"a":"1"}`, "", ""},
		{"an unknown keyword", `"widget":"slider"`, `{"a":"1"}`, "", ""},
		{"default is not filled in", `"required":["a"],"properties":{"a":{"default":1}}`, `{}`, every, ""},
		{"characters, not bytes", `"properties":{"a":{"maxLength":2}}`, `{"a":"äß"}`, "", ""},
		{"large numbers are exact", `"properties":{"a":{"maximum":9007199254740992}}`, `{"a":9007199254740993}`, every, ""},
	} {
		for _, draft := range strings.Fields(every) {
			t.Run(c.name+"/"+draft, func(t *testing.T) {
				t.Parallel()
				err := validate(`{"$schema":"`+drafts[draft]+`",`+c.rest+`}`, c.parameters)
				invalid := errors.Is(err, openbroker.ErrInvalidParameters)
				if broken := err != nil && !invalid; broken != strings.Contains(c.broken, draft) {
					t.Errorf("the schema: %v", err)
				} else if !broken && invalid != strings.Contains(c.refuse, draft) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// A schema without $schema is draft-04, the draft of the specification.
func TestDraftByDefault(t *testing.T) {
	t.Parallel()
	if err := validate(`{"properties":{"a":{"const":1}}}`, `{"a":2}`); err != nil {
		t.Errorf("const, which draft-04 does not have: %v", err)
	}
	if err := validate(`{"properties":{"a":{"minimum":1,"exclusiveMinimum":true}}}`, `{"a":1}`); !errors.Is(err, openbroker.ErrInvalidParameters) {
		t.Errorf("exclusiveMinimum of draft-04: %v", err)
	}
}

func planWith(create, update, bind string) openbroker.Plan {
	schema := func(text string) *openbroker.InputParametersSchema {
		return &openbroker.InputParametersSchema{Parameters: json.RawMessage(text)}
	}
	return openbroker.Plan{Schemas: &openbroker.Schemas{
		ServiceInstance: &openbroker.InstanceSchemas{Create: schema(create), Update: schema(update)},
		ServiceBinding:  &openbroker.BindingSchemas{Create: schema(bind)},
	}}
}

func TestCheckSchemas(t *testing.T) {
	t.Parallel()
	good := planWith(`{"type":"object"}`, `{}`, `null`)
	good.Schemas.ServiceInstance.Update.Parameters = nil
	c := &openbroker.Catalog{Services: []openbroker.Service{
		{Plans: []openbroker.Plan{good, {}, {Schemas: &openbroker.Schemas{}}}},
		{Plans: []openbroker.Plan{good, planWith(`{"type":"objekt"}`, `{"$ref":"https://example.com/a"}`, `[]`)}},
	}}
	err := catalog.ValidateSchemas(c)
	want := `services[1].plans[1].schemas.service_instance.create.parameters: is not valid in its draft: /type: must be "array", "boolean", "integer", "null", "number", "object" or "string"
services[1].plans[1].schemas.service_instance.update.parameters: refers to another document, "https://example.com/a": the specification allows no external references, so copy the target into the schema
services[1].plans[1].schemas.service_binding.create.parameters: must be an object`
	if fmt.Sprint(err) != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	c.Services[1].Plans = c.Services[1].Plans[:1]
	if err := catalog.ValidateSchemas(c); err != nil {
		t.Error(err)
	}
}

// A schema is compiled once for all plans, catalogs and requests that use it.
func TestCompiledOnce(t *testing.T) {
	t.Parallel()
	var compiled atomic.Int32
	v := catalog.NewValidator()
	v.OnCompile(func() { compiled.Add(1) })
	schema := func(i int) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"properties":{"a":{"maximum":%d,"minimum":0.5}}}`, i))
	}
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			for j := range 50 {
				text, valid, invalid := schema(j%4), fmt.Sprintf(`{"a":%d}`, max(j%4, 1)), fmt.Sprintf(`{"a":%d.5}`, j%4)
				if j%4 > 0 {
					if err := v.ValidateParameters(text, openbroker.Parameters(valid)); err != nil {
						t.Errorf("%d: %s: %v", i, valid, err)
					}
				}
				if err := v.ValidateParameters(text, openbroker.Parameters(invalid)); !errors.Is(err, openbroker.ErrInvalidParameters) {
					t.Errorf("%d: %s: %v", i, invalid, err)
				}
			}
		})
	}
	wait.Wait()
	if n := compiled.Load(); n != 4 {
		t.Errorf("4 schemas were compiled %d times", n)
	}
	plan := planWith(string(schema(0)), string(schema(1)), string(schema(9)))
	for range 2 {
		if err := v.ValidateSchemas(&openbroker.Catalog{Services: []openbroker.Service{{Plans: []openbroker.Plan{plan, plan}}}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := compiled.Load(); n != 5 {
		t.Errorf("5 schemas were compiled %d times", n)
	}
}

// The cache drops only unused schemas.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	compiled := map[string]int{}
	v := catalog.NewValidator()
	current := ""
	v.OnCompile(func() { compiled[current]++ })
	use := func(name string) {
		current = name
		padding := strings.Repeat("x", 60<<10)
		if err := v.ValidateParameters(json.RawMessage(`{"title":"`+name+`","description":"`+padding+`"}`), openbroker.Parameters(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 { // 60 MB
		use("always")
		use(fmt.Sprint(i))
	}
	if compiled["always"] != 1 {
		t.Errorf("a schema that was always in use was compiled %d times", compiled["always"])
	}
	use("999")
	use("0")
	if compiled["999"] != 1 || compiled["0"] != 2 {
		t.Errorf("the last one was compiled %d times, the first one %d times", compiled["999"], compiled["0"])
	}
}
