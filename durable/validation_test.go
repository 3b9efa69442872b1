package durable_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
)

// strictCatalog returns the test catalog with schemas for plan-auto, which have a
// property of the given name, and with other schemas for plan-sync.
func strictCatalog(name string) *openbroker.Catalog {
	schema := func(name string) *openbroker.InputParametersSchema {
		return &openbroker.InputParametersSchema{Parameters: json.RawMessage(
			`{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,"properties":{"` + name + `":{"type":"integer"},"note":{"type":"string"}}}`)}
	}
	schemas := func(name string) *openbroker.Schemas {
		return &openbroker.Schemas{
			ServiceInstance: &openbroker.InstanceSchemas{Create: schema(name), Update: schema(name)},
			ServiceBinding:  &openbroker.BindingSchemas{Create: schema(name)},
		}
	}
	c := testCatalog()
	c.Services[0].Plan(planID).Schemas = schemas(name)
	c.Services[0].Plan("plan-sync").Schemas = schemas("other")
	return c
}

// countingValidator counts its calls.
type countingValidator struct {
	catalog.Validator

	asked atomic.Int32
}

func (v *countingValidator) ValidateParameters(schema json.RawMessage, parameters openbroker.Parameters) error {
	v.asked.Add(1)
	return v.Validator.ValidateParameters(schema, parameters)
}

// startValidating runs a replica whose handler validates parameters.
func startValidating(t *testing.T, store durable.Store) (*replica, *countingValidator) {
	t.Helper()
	r := start(t, store, newKeys(t), newScripted(), nil)
	if err := r.SetCatalog(strictCatalog("size")); err != nil {
		t.Fatal(err)
	}
	validator := &countingValidator{}
	server := httptest.NewServer(openbroker.NewHandler(r.Engine, openbroker.WithAuthenticator(authenticator{}),
		openbroker.WithLogger(fastConfig(nil, r.logs).Logger), openbroker.WithParameterValidation(validator)))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r, validator
}

// refused fails the test unless the parameters are refused because of a property.
func (a answer) refused(t *testing.T, pointer string) {
	t.Helper()
	a.is(t, http.StatusBadRequest, "InvalidParameters")
	if description, _ := a.body["description"].(string); !strings.Contains(description, "1 violation: "+pointer+": ") {
		t.Errorf("the description is %q, want %s", description, pointer)
	}
}

// An update is validated with the plan of the instance, even if the request omits
// or misstates it.
func TestUpdateIsValidated(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r, validator := startValidating(t, store)
		r.provision("i", planID, `,"parameters":{"other":1}`).refused(t, "/other")
		r.done("i", r.provision("i", planID, `,"parameters":{"size":1,"note":"x"}`))
		for _, step := range []struct {
			name, body, wrong string
			asked             int32
		}{
			{"with the plan", `,"plan_id":"plan-auto","parameters":{"other":1}`, "/other", 1},
			{"without the plan", `,"parameters":{"other":1}`, "/other", 1},
			{"with the previous plan", `,"previous_values":{"plan_id":"plan-auto"},"parameters":{"other":1}`, "/other", 1},
			{"with a wrong previous plan", `,"previous_values":{"plan_id":"plan-sync"},"parameters":{"other":1}`, "/other", 1},
			{"with the next plan", `,"plan_id":"plan-sync","parameters":{"size":1}`, "/size", 1},
			{"a wrong previous plan refuses nothing", `,"previous_values":{"plan_id":"plan-fixed"},"parameters":{"size":1}`, "", 1},
			{"without parameters", `,"context":{"platform":"kubernetes"}`, "", 0},
			{"a subset", `,"parameters":{"size":2}`, "", 1},
			{"null removes", `,"parameters":{"note":null,"size":3}`, "", 1},
			{"null beside an invalid value", `,"parameters":{"note":null,"size":"3"}`, "/size", 1},
			{"a stored value that is not allowed", `,"parameters":{"size":"1"}`, "/size", 1},
		} {
			validator.asked.Store(0)
			a := r.update("i", step.body)
			if step.wrong != "" {
				a.refused(t, step.wrong)
			} else {
				r.done("i", a)
			}
			if asked := validator.asked.Load(); asked != step.asked {
				t.Errorf("%s: validated %d times, want %d", step.name, asked, step.asked)
			}
		}
		a := r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		if !strings.Contains(a.text, `"parameters":{"size":3}`) || a.body["plan_id"] != planID {
			t.Errorf("the instance is %s", a.text)
		}
		if calls := r.provider.called(durable.KindUpdate, "i"); len(calls) != 2 {
			t.Errorf("the provider was called %d times", len(calls))
		}
		r.update("none", `,"parameters":{"other":1}`).is(t, http.StatusNotFound, "")
	})
}

// A rotation inherits parameters, which are not validated, or has its own.
func TestRotationIsValidated(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r, validator := startValidating(t, store)
		r.done("i", r.provision("i", planID, ""))
		r.bind("i", "b", planID, `,"parameters":{"other":1}`).refused(t, "/other")
		r.bind("i", "b", planID, `,"parameters":{"size":1}`).is(t, http.StatusCreated, "")
		rotate := func(id, extra string) answer {
			validator.asked.Store(0)
			return r.send(http.MethodPut, bindingPath("i", id)+"?"+incomplete, `{"predecessor_binding_id":"b"`+extra+`}`)
		}
		rotate("c", `,"parameters":{"other":1}`).refused(t, "/other")
		rotate("c", `,"parameters":{"size":2}`).is(t, http.StatusCreated, "")
		if asked := validator.asked.Load(); asked != 1 {
			t.Errorf("validated %d times", asked)
		}
		// Inherited parameters that were once valid stay valid.
		if err := r.SetCatalog(strictCatalog("length")); err != nil {
			t.Fatal(err)
		}
		rotate("d", "").is(t, http.StatusCreated, "")
		if asked := validator.asked.Load(); asked != 0 {
			t.Errorf("inherited parameters were validated")
		}
		rotate("e", `,"parameters":{"size":2}`).refused(t, "/size")
	})
}

// The schemas of a new catalog apply immediately, even where only the engine knows the
// plan. An instance whose plan has left the catalog can still be updated.
func TestValidationFollowsTheCatalog(t *testing.T) {
	t.Parallel()
	r, _ := startValidating(t, openSQLite(t))
	r.done("i", r.provision("i", planID, `,"parameters":{"size":1}`))
	r.update("i", `,"parameters":{"length":1}`).refused(t, "/length")
	if err := r.SetCatalog(strictCatalog("length")); err != nil {
		t.Fatal(err)
	}
	r.provision("j", planID, `,"parameters":{"size":1}`).refused(t, "/size")
	r.update("i", `,"parameters":{"size":2}`).refused(t, "/size")
	r.done("i", r.update("i", `,"parameters":{"length":1}`))

	retired := testCatalog()
	retired.Services[0].Plans = retired.Services[0].Plans[1:]
	if err := r.SetCatalog(retired); err != nil {
		t.Fatal(err)
	}
	r.done("i", r.update("i", `,"parameters":{"anything":1}`))
}

// Refused values are neither logged nor returned.
func TestRefusedParametersStaySecret(t *testing.T) {
	t.Parallel()
	r, _ := startValidating(t, openSQLite(t))
	r.done("i", r.provision("i", planID, ""))
	const secret = "hunter2"
	for _, a := range []answer{
		r.provision("j", planID, `,"parameters":{"size":"`+secret+`"}`),
		r.update("i", `,"parameters":{"size":"`+secret+`"}`),
		r.bind("i", "b", planID, `,"parameters":{"size":["`+secret+`"]}`),
	} {
		a.refused(t, "/size")
		if strings.Contains(a.text, secret) {
			t.Errorf("the answer is %s", a.text)
		}
	}
	if log := r.logs.String(); strings.Contains(log, secret) || !strings.Contains(log, "status=400") {
		t.Errorf("the log is %s", log)
	}
}
