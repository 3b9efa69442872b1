package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// sizes is a broker whose plan has a parameter.
type sizes struct {
	openbroker.Unimplemented

	catalog *openbroker.Catalog
}

func newSizes() (*sizes, error) {
	schema, err := catalog.SchemaOf[struct {
		Size int `json:"size" jsonschema:"minimum=1,maximum=64"`
	}]()
	plan := openbroker.Plan{ID: "small-id", Name: "small", Description: "A plan.", Schemas: &openbroker.Schemas{
		ServiceInstance: &openbroker.InstanceSchemas{Create: &openbroker.InputParametersSchema{Parameters: schema}},
	}}
	service := openbroker.Service{ID: "db-id", Name: "db", Description: "A service.", Plans: []openbroker.Plan{plan}}
	return &sizes{catalog: &openbroker.Catalog{Services: []openbroker.Service{service}}}, err
}

func (s *sizes) Catalog(context.Context) (*openbroker.Catalog, error) { return s.catalog, nil }

// A handler validates parameters with one option.
func ExampleNewValidator() {
	broker, err := newSizes()
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := openbroker.NewHandler(broker, openbroker.WithParameterValidation(catalog.NewValidator()),
		openbroker.WithLogger(slog.New(slog.DiscardHandler)))
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPut, "/v2/service_instances/i-1", strings.NewReader(
		`{"service_id":"db-id","plan_id":"small-id","organization_guid":"o","space_guid":"s","parameters":{"size":65,"colour":"red"}}`))
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 400 {"error":"InvalidParameters","description":"parameters: 2 violations: /colour: is unknown: the properties here are size; /size: must be at most 64"}
}

// A struct describes the parameters that are decoded into it.
func ExampleSchemaOf() {
	type parameters struct {
		Size int    `json:"size" jsonschema:"minimum=1,maximum=64"`
		Tier string `json:"tier,omitempty" jsonschema:"enum=small,enum=large"`
	}
	schema, err := catalog.SchemaOf[parameters]()
	fmt.Println(string(schema), err)
	// Output:
	// {"$schema":"http://json-schema.org/draft-04/schema#","additionalProperties":false,"properties":{"size":{"maximum":64,"minimum":1,"type":"integer"},"tier":{"enum":["small","large"],"type":"string"}},"required":["size"],"type":"object"} <nil>
}

func ExampleReadSchema() {
	files := fstest.MapFS{"create.json": {Data: []byte(`{"$schema":"http://json-schema.org/draft-04/schema#","type":"objekt"}`)}}
	_, err := catalog.ReadSchema(files, "create.json")
	fmt.Println(err)
	// Output: catalog: the schema in create.json: is not valid in its draft: /type: must be "array", "boolean", "integer", "null", "number", "object" or "string"
}

func ExampleValidateSchemas() {
	err := catalog.ValidateSchemas(&openbroker.Catalog{Services: []openbroker.Service{{Plans: []openbroker.Plan{{
		Schemas: &openbroker.Schemas{ServiceBinding: &openbroker.BindingSchemas{
			Create: &openbroker.InputParametersSchema{Parameters: json.RawMessage(`{"properties":{"a":{"$ref":"other.json"}}}`)},
		}},
	}}}}})
	fmt.Println(err)
	// Output: services[0].plans[0].schemas.service_binding.create.parameters: refers to another document, "other.json": the specification allows no external references, so copy the target into the schema
}
