package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// A strictBroker is a testBroker named "one" whose plan has a schema.
type strictBroker struct {
	*testBroker

	schema string
}

func (b strictBroker) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	c, err := b.testBroker.Catalog(ctx)
	if err == nil {
		c.Services[0].Plans[0].Schemas = &openbroker.Schemas{ServiceInstance: &openbroker.InstanceSchemas{
			Create: &openbroker.InputParametersSchema{Parameters: json.RawMessage(b.schema)},
		}}
	}
	return c, err
}

// refuser is a custom validator.
type refuser struct{}

func (refuser) ValidateParameters(json.RawMessage, openbroker.Parameters) error {
	return openbroker.ErrInvalidParameters.WithDescription("never")
}

func TestParametersAreValidatedByDefault(t *testing.T) {
	t.Parallel()
	const sizes = `{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"size":{"type":"integer"}}}`
	body := strings.Replace(provisionBody, "}", `,"parameters":{"size":"x"}}`, 1)
	for _, c := range []struct {
		name   string
		config server.Config
		status int
		answer string
	}{
		{"by default", server.Config{}, http.StatusBadRequest, "parameters: 1 violation: /size: must be an integer, not a string"},
		{"off", server.Config{SkipParameterValidation: true}, http.StatusCreated, ""},
		{
			"another validator",
			server.Config{SkipParameterValidation: true, Options: []openbroker.Option{openbroker.WithParameterValidation(refuser{})}},
			http.StatusBadRequest, "never",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, strictBroker{newBroker("one"), sizes}, c.config)
			a := s.send(t, "PUT", "/v2/service_instances/i", body)
			if a.StatusCode != c.status || !strings.Contains(a.body, c.answer) {
				t.Errorf("got %d %s", a.StatusCode, a.body)
			}
		})
	}
}

// The server refuses to start with an unusable schema.
func TestUnusableSchemaIsRefused(t *testing.T) {
	t.Parallel()
	broker := strictBroker{newBroker("one"), `{"$ref":"https://example.com/size.json"}`}
	err := server.Serve(t.Context(), broker, server.Config{Address: "127.0.0.1:0", Logger: newRecorder().logger()})
	for _, part := range []string{"services[0].plans[0].schemas.service_instance.create.parameters", "https://example.com/size.json", "disable the validation of parameters"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not mention %s", err, part)
		}
	}
	if err := server.CheckCatalog(t.Context(), broker); err != nil {
		t.Errorf("the catalog itself: %v", err)
	}
	s := start(t, broker, server.Config{SkipParameterValidation: true})
	if a := s.send(t, "PUT", "/v2/service_instances/i", provisionBody); a.StatusCode != http.StatusCreated {
		t.Errorf("without validation: %d %s", a.StatusCode, a.body)
	}
	s.Stop()
	if err := s.wait(t); err != nil && !errors.Is(err, server.ErrClosed) {
		t.Error(err)
	}
}
