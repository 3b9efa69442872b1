package openbroker_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

const draft04 = `"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,`

// strictCatalog is the test catalog with schemas. Each schema has a unique property,
// so that an error shows which schema was applied.
func strictCatalog() *openbroker.Catalog {
	schema := func(rest string) *openbroker.InputParametersSchema {
		return &openbroker.InputParametersSchema{Parameters: json.RawMessage("{" + draft04 + rest + "}")}
	}
	c := testCatalog()
	plans := c.Services[0].Plans
	plans[0].Schemas = &openbroker.Schemas{
		ServiceInstance: &openbroker.InstanceSchemas{
			Create: schema(`"required":["size"],"properties":{"size":{"type":"integer","maximum":100},"mode":{"enum":["rw","ro"]},` +
				`"users":{"type":"array","items":{"type":"object","required":["name"]}}}`),
			Update: schema(`"properties":{"size":{"type":"integer"},"mode":{"enum":["rw","ro"]}}`),
		},
		ServiceBinding: &openbroker.BindingSchemas{Create: schema(`"required":["role"],"properties":{"role":{"type":"string"}}`)},
	}
	plans[1].Schemas = &openbroker.Schemas{
		ServiceInstance: &openbroker.InstanceSchemas{Update: schema(`"properties":{"large":{"type":"integer"}}`)},
		ServiceBinding:  &openbroker.BindingSchemas{Create: schema(`"required":["large"],"properties":{"large":{"type":"integer"}}`)},
	}
	return c
}

func strictBroker() *fakeBroker {
	c := strictCatalog()
	return &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return c, nil }}
}

func validating() openbroker.Option {
	return openbroker.WithParameterValidation(catalog.NewValidator())
}

func TestParameterValidation(t *testing.T) {
	t.Parallel()
	const (
		place  = `,"organization_guid":"o","space_guid":"s"`
		small  = `{"service_id":"service-1","plan_id":"plan-small"`
		large  = `{"service_id":"service-1","plan_id":"plan-large"`
		noPlan = `{"service_id":"service-1"`
	)
	for _, c := range []struct {
		name, method, body string
		// wrong is part of the description, or empty if the request is valid.
		wrong string
	}{
		{"create", "PUT", small + place + `,"parameters":{"size":5}}`, ""},
		{"create, invalid", "PUT", small + place + `,"parameters":{"size":"5"}}`, "/size: must be an integer, not a string"},
		{"create without what is required", "PUT", small + place + `}`, "/size: is required"},
		{"create with null parameters", "PUT", small + place + `,"parameters":null}`, "/size: is required"},
		{"null is a value when creating", "PUT", small + place + `,"parameters":{"size":null}}`, "/size: must be an integer, not null"},
		{"create without a schema", "PUT", large + place + `,"parameters":{"anything":[1]}}`, ""},
		{"the schema for updates does not apply to create", "PUT", large + place + `,"parameters":{"large":"x"}}`, ""},

		{"update", "PATCH", small + `,"parameters":{"size":500}}`, ""},
		{"update with a subset", "PATCH", small + `,"parameters":{"mode":"ro"}}`, ""},
		{"update, invalid", "PATCH", small + `,"parameters":{"users":[]}}`, "/users: is unknown: the properties here are mode, size"},
		{"update without parameters", "PATCH", small + `}`, ""},
		{"null removes", "PATCH", small + `,"parameters":{"size":null,"mode":"ro"}}`, ""},
		{"null removes beside what is invalid", "PATCH", small + `,"parameters":{"size":null,"mode":"x"}}`, "1 violation: /mode"},
		{"null further down is a value", "PATCH", small + `,"parameters":{"size":[null]}}`, "/size: must be an integer, not an array"},
		{"update to another plan", "PATCH", large + `,"previous_values":{"plan_id":"plan-small"},"parameters":{"large":1}}`, ""},
		{"update to another plan, invalid", "PATCH", large + `,"previous_values":{"plan_id":"plan-small"},"parameters":{"size":1}}`, "/size: is unknown"},
		{"update with a claimed plan", "PATCH", noPlan + `,"previous_values":{"plan_id":"plan-large"},"parameters":{"size":1}}`, ""},
		{"update of a retired plan", "PATCH", noPlan + `,"previous_values":{"plan_id":"plan-retired"},"parameters":{"size":"x"}}`, ""},
		{"update of an unknown plan", "PATCH", noPlan + `,"parameters":{"size":"x"}}`, ""},

		{"bind", "BIND", small + `,"parameters":{"role":"reader"}}`, ""},
		{"bind, invalid", "BIND", small + `,"parameters":{"role":1}}`, "/role: must be a string, not a number"},
		{"bind without what is required", "BIND", small + `}`, "/role: is required"},
		{"rotation that inherits", "BIND", large + `,"predecessor_binding_id":"b-0"}`, ""},
		{"rotation with parameters", "BIND", large + `,"predecessor_binding_id":"b-0","parameters":{"large":"x"}}`, "/large: must be an integer"},
		{"rotation without a plan", "BIND", `{"predecessor_binding_id":"b-0","parameters":{"large":"x"}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broker := strictBroker()
			s := serve(t, broker, validating())
			method, path := c.method, instancePath
			if method == "BIND" {
				method, path = "PUT", bindingPath
			}
			got := s.do(method, path, c.body)
			if c.wrong == "" {
				if got.status >= 300 {
					t.Errorf("got %d %s", got.status, got.body)
				}
				return
			}
			got.wantCode(t, http.StatusBadRequest, "InvalidParameters", "parameters: 1 violation: ", c.wrong)
			wantNoCall(t, broker)
			// Without the option, the same request is accepted.
			open := serve(t, strictBroker(), validating(), openbroker.WithParameterValidation(nil))
			if got := open.do(method, path, c.body); got.status >= 300 {
				t.Errorf("without validation: %d %s", got.status, got.body)
			}
		})
	}
}

// Errors of earlier steps take precedence over invalid parameters.
func TestParameterValidationComesLast(t *testing.T) {
	t.Parallel()
	s := serve(t, strictBroker(), validating())
	const wrong = `,"organization_guid":"o","space_guid":"s","parameters":{"size":"x"}`
	s.do("PUT", instancePath, `{"service_id":"service-1","plan_id":"nope"`+wrong+`}`).wantError(t, 400, "plan_id")
	s.do("PUT", instancePath, `{"service_id":"service-1","plan_id":"plan-small","maintenance_info":{"version":"9.9.9"}`+wrong+`}`).
		wantCode(t, 422, "MaintenanceInfoConflict")
}

// A broker that keeps state validates the requests that the handler could not
// validate, and no request is validated twice.
func TestValidateParametersInBroker(t *testing.T) {
	t.Parallel()
	c := strictCatalog()
	small, large := c.Services[0].Plan(planID), c.Services[0].Plan(otherPlanID)
	counting := &countingValidator{ParameterValidator: catalog.NewValidator()}
	var present *openbroker.Plan
	broker := &fakeBroker{
		catalog: func(context.Context) (*openbroker.Catalog, error) { return c, nil },
		update: func(_ context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
			// Repeated calls must not validate again.
			if err := errors.Join(r.ValidateParameters(present), r.ValidateParameters(present)); err != nil {
				return nil, r.ValidateParameters(present)
			}
			return &openbroker.UpdateResponse{}, nil
		},
		bind: func(_ context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
			if err := r.ValidateParameters(present); err != nil {
				return nil, err
			}
			return &openbroker.BindResponse{}, r.ValidateParameters(present)
		},
	}
	s := serve(t, broker, openbroker.WithParameterValidation(counting))
	const noPlan, size, wrong = `{"service_id":"service-1"`, `,"parameters":{"size":1}}`, "/size: is unknown"
	for _, step := range []struct {
		name    string
		present *openbroker.Plan
		method  string
		body    string
		wrong   string
		calls   int
	}{
		{"only the broker knows", small, "PATCH", noPlan + size, "", 1},
		{"only the broker knows, invalid", large, "PATCH", noPlan + size, wrong, 3},
		{"the platform is right", small, "PATCH", noPlan + `,"previous_values":{"plan_id":"plan-small"}` + size, "", 1},
		{"the platform is wrong", large, "PATCH", noPlan + `,"previous_values":{"plan_id":"plan-small"}` + size, wrong, 3},
		{"the request says it", small, "PATCH", noPlan + `,"plan_id":"plan-small"` + size, "", 1},
		{"no parameters", small, "PATCH", noPlan + `}`, "", 0},
		{"the plan is retired", nil, "PATCH", noPlan + size, "", 0},
		{"rotation", large, "BIND", `{"predecessor_binding_id":"b-0","parameters":{"large":1}}`, "", 1},
		{"rotation, invalid", large, "BIND", `{"predecessor_binding_id":"b-0","parameters":{"large":"x"}}`, "/large: must be", 1},
		{"rotation that inherits", large, "BIND", `{"predecessor_binding_id":"b-0"}`, "", 0},
		{"bind", small, "BIND", noPlan + `,"plan_id":"plan-small","parameters":{"role":"x"}}`, "", 1},
	} {
		present, counting.calls = step.present, 0
		method, path := step.method, instancePath
		if method == "BIND" {
			method, path = "PUT", bindingPath
		}
		got := s.do(method, path, step.body)
		if step.wrong != "" {
			got.wantCode(t, 400, "InvalidParameters", step.wrong)
		} else if got.status >= 300 {
			t.Errorf("%s: got %d %s", step.name, got.status, got.body)
		}
		if counting.calls != step.calls {
			t.Errorf("%s: validated %d times, want %d", step.name, counting.calls, step.calls)
		}
	}
}

// ValidateParameters of a request that no handler made is an error until
// SetParameterValidator is called.
func TestValidateParametersOfRequestMadeByHand(t *testing.T) {
	t.Parallel()
	plan := strictCatalog().Services[0].Plan(planID)
	update := &openbroker.UpdateRequest{Parameters: openbroker.Parameters(`{"size":"x"}`)}
	bind := &openbroker.BindRequest{Parameters: openbroker.Parameters(`{"role":1}`)}
	for name, r := range map[string]interface {
		ValidateParameters(plan *openbroker.Plan) error
		SetParameterValidator(v openbroker.ParameterValidator)
	}{"service_instance.update": update, "service_binding.create": bind} {
		err := r.ValidateParameters(plan)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "SetParameterValidator") {
			t.Errorf("%s: without a validator: got %v", name, err)
		}
		if err := r.ValidateParameters(&openbroker.Plan{ID: "p"}); err != nil {
			t.Errorf("%s: a plan without schemas: got %v", name, err)
		}
		r.SetParameterValidator(catalog.NewValidator())
		if err := r.ValidateParameters(plan); !errors.Is(err, openbroker.ErrInvalidParameters) {
			t.Errorf("%s: got %v", name, err)
		}
		r.SetParameterValidator(nil)
		if err := r.ValidateParameters(plan); err != nil {
			t.Errorf("%s: with a nil validator: got %v", name, err)
		}
	}
}

type countingValidator struct {
	openbroker.ParameterValidator
	calls int
}

func (v *countingValidator) ValidateParameters(schema json.RawMessage, parameters openbroker.Parameters) error {
	v.calls++
	return v.ParameterValidator.ValidateParameters(schema, parameters)
}

// An unusable schema is the broker's fault: the response is a 500, and the log names
// the schema.
func TestUnusableSchema(t *testing.T) {
	t.Parallel()
	c := strictCatalog()
	c.Services[0].Plans[0].Schemas.ServiceInstance.Create.Parameters = json.RawMessage(`{"properties":{"a":{"$ref":"https://example.com/a.json"}}}`)
	broker := &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return c, nil }}
	s := serve(t, broker, validating())
	got := s.do("PUT", instancePath, strings.Replace(provisionBody, "}", `,"parameters":{"a":"hunter2"}}`, 1))
	got.wantError(t, http.StatusInternalServerError)
	wantNoCall(t, broker)
	if strings.Contains(got.body, "example.com") {
		t.Errorf("the response reveals the schema: %s", got.body)
	}
	log := s.log.String()
	for _, part := range []string{"plan-small", "service_instance.create", "https://example.com/a.json"} {
		if !strings.Contains(log, part) {
			t.Errorf("the log does not mention %q: %s", part, log)
		}
	}
	if strings.Contains(log, "hunter2") {
		t.Errorf("the log has a value: %s", log)
	}
}

// The log does not contain refused parameters.
func TestRefusedParametersAreNotLogged(t *testing.T) {
	t.Parallel()
	s := serve(t, strictBroker(), validating())
	s.do("PUT", instancePath, strings.Replace(provisionBody, "}", `,"parameters":{"size":"hunter2","hunter3":1}}`, 1)).
		wantCode(t, 400, "InvalidParameters")
	if log := s.log.String(); strings.Contains(log, "hunter") || !strings.Contains(log, `"status":400`) {
		t.Errorf("the log is %s", log)
	}
}
