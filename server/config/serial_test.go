package config_test

import (
	"context"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/server/config"
)

// The plans of a provider that needs it have a policy without parallel bindings, and no
// other plans.
func TestSerialBindings(t *testing.T) {
	t.Parallel()
	serial := provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "serial", Doc: "one thing for all bindings", SerialBindings: true,
		Catalog: `services: [{id: s, name: serial, description: Serial., bindable: true, plans: [{id: one, name: one, description: One.}, {id: two, name: two, description: Two.}]}]`,
		New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) {
			return durable.UnimplementedProvider{}, nil
		},
	})
	set, err := provider.NewSet(sqlitefile.Definition, serial)
	if err != nil {
		t.Fatal(err)
	}
	for policies, problem := range map[string]string{
		"": "",
		"policies: {plans: {one: {attempts: 3}}}":               "",
		"policies: {plans: {one: {parallel_bindings: false}}}":  "",
		"policies: {default: {parallel_bindings: true}}":        "",
		"policies: {plans: {small: {parallel_bindings: true}}}": "",
		"policies: {plans: {two: {parallel_bindings: true}}}":   `must not have parallel_bindings for the plan "two"`,
	} {
		c, err := config.Parse("openbroker.yaml", []byte("providers: {a: {sqlitefile: {}}, b: {serial: {}}}\n"+policies), func(string) (string, bool) { return "", false }, set)
		if err != nil {
			t.Fatal(err)
		}
		catalog, err := c.ReadCatalog()
		if err != nil {
			t.Fatal(err)
		}
		engine, err := c.EngineConfig(catalog)
		if (err != nil) != (problem != "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v", policies, err)
		}
		for id, parallel := range map[string]bool{"one": false, "two": false, catalog.Services[0].Plans[0].ID: true} {
			if policy := engine.Policies[id]; err == nil && policy.AllowsParallelBindings() != parallel {
				t.Errorf("%q: the plan %s allows parallel bindings: %t", policies, id, !parallel)
			}
		}
	}
}
