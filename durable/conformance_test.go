package durable_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// cards is a wallet with a card for each binding.
type cards struct{ wallet }

func (cards) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{Credentials: openbroker.Credentials{"account": b.Instance.ID, "card": b.ID}}, nil
}

// With a minimal provider, the engine conforms to the specification in both modes.
func TestConformance(t *testing.T) {
	t.Parallel()
	plan := openbroker.Plan{Description: "A small one", BindingRotatable: true, MaintenanceInfo: &openbroker.MaintenanceInfo{Version: "1.0.0"}}
	first, second := plan, plan
	first.ID, first.Name = "16aa1fc1-4cc0-4f8f-b7a5-31a0ed1fd1d1", "small"
	second.ID, second.Name = "2fd7a0f3-9a06-4bb6-bd3a-1e2e5db6e102", "large"
	catalog := &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "b4b3b6f6-6c5e-4d2e-8ef0-4d3b5f0f7c03", Name: "wallet", Description: "Keeps money", Bindable: true, PlanUpdateable: true,
		BindingsRetrievable: true, InstancesRetrievable: true, AllowContextUpdates: true, Plans: []openbroker.Plan{first, second},
	}}}
	for _, mode := range []durable.ResponseMode{durable.ModeSynchronous, durable.ModeAsynchronous} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "wallet.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			engine, err := durable.New(t.Context(), catalog, cards{}, store, durable.Config{
				Sealer: newKeys(t), Logger: slog.New(slog.DiscardHandler), DefaultPolicy: durable.Policy{Mode: mode, SyncWait: 10 * time.Second},
			})
			if err != nil {
				t.Fatal(err)
			}
			engine.Start(t.Context())
			t.Cleanup(func() { engine.Stop(context.WithoutCancel(t.Context())) })
			brokertest.Run(t, brokertest.Broker(engine), brokertest.Level(conformance.Should), brokertest.Profiles(conformance.CloudFoundry))
		})
	}
}
