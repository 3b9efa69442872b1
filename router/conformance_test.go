package router_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/router"
	"github.com/openbroker/openbroker/seal"
)

// noResources is a provider without resources.
type noResources struct{}

func (noResources) Provision(context.Context, *durable.Task, durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, nil
}

func (noResources) Update(context.Context, *durable.Task, durable.Instance, durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, nil
}

func (noResources) Deprovision(context.Context, *durable.Task, durable.Instance) error { return nil }

func (noResources) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{Credentials: openbroker.Credentials{"instance": b.Instance.ID, "binding": b.ID}}, nil
}
func (noResources) Unbind(context.Context, *durable.Task, durable.Binding) error { return nil }

// Two brokers behind a router, a synchronous and an asynchronous one, follow the
// specification like a single broker.
func TestConformance(t *testing.T) {
	t.Parallel()
	var brokers []openbroker.Broker
	for name, mode := range map[string]durable.ResponseMode{"books": durable.ModeSynchronous, "records": durable.ModeAsynchronous} {
		plan := func(size string) openbroker.Plan {
			return openbroker.Plan{ID: name + "-" + size + "-id", Name: size, Description: "Some."}
		}
		catalog := &openbroker.Catalog{Services: []openbroker.Service{{
			ID: name + "-id", Name: name, Description: "Keeps " + name + ".", Bindable: true, PlanUpdateable: true,
			BindingsRetrievable: true, InstancesRetrievable: true, Plans: []openbroker.Plan{plan("small"), plan("large")},
		}}}
		brokers = append(brokers, newEngine(t, catalog, mode))
	}
	both, err := router.New(t.Context(), brokers...)
	if err != nil {
		t.Fatal(err)
	}
	brokertest.Run(t, brokertest.Broker(both))
}

func newEngine(t *testing.T, catalog *openbroker.Catalog, mode durable.ResponseMode) *durable.Engine {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "things.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := durable.New(t.Context(), catalog, noResources{}, store, durable.Config{
		Sealer: keys, Logger: slog.New(slog.DiscardHandler), DefaultPolicy: durable.Policy{Mode: mode},
	})
	if err != nil {
		t.Fatal(err)
	}
	engine.Start(t.Context())
	t.Cleanup(func() { engine.Stop(context.WithoutCancel(t.Context())) })
	return engine
}
