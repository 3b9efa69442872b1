package client_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/simulator"
)

// startSimulator returns a simulator behind a real socket.
func startSimulator(t *testing.T) (*simulator.Simulator, string) {
	t.Helper()
	directory := t.TempDir()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(directory, "simulator.db"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.LoadOrCreate(filepath.Join(directory, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	broker, err := simulator.New(t.Context(), store, simulator.Config{Engine: durable.Config{Sealer: keys}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(broker)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		broker.Stop(context.Background())
		_ = store.Close()
	})
	return broker, server.URL
}

// TestOrphansOfTheSimulator lets a broker lose its responses after it has done the
// work, and checks which resources remain after Close.
func TestOrphansOfTheSimulator(t *testing.T) {
	t.Parallel()
	sim, url := startSimulator(t)
	const deleted, kept = true, false
	for number, c := range []struct {
		name                        string
		fault                       simulator.Fault
		specification, cloudFoundry bool
	}{
		{"500 after the work", simulator.Fault{Status: 500, After: true}, deleted, deleted},
		{"no response after the work", simulator.Fault{Drop: true, After: true, Times: 2}, deleted, kept},
		{"panic", simulator.Fault{Panic: true, After: true}, deleted, deleted},
		{"malformed 201", simulator.Fault{Malformed: simulator.HTML}, deleted, deleted},
		{"wrong types", simulator.Fault{Malformed: simulator.WrongTypes}, deleted, deleted},
		{"422 with an unknown code", simulator.Fault{Status: 422, Error: "Own", After: true}, kept, deleted},
		{"410", simulator.Fault{Status: 410, After: true}, kept, deleted},
		{"400", simulator.Fault{Status: 400, After: true}, kept, kept},
	} {
		for policy, want := range map[client.OrphanPolicy]bool{client.OrphanPolicySpecification: c.specification, client.OrphanPolicyCloudFoundry: c.cloudFoundry} {
			c.fault.On = simulator.OnProvision
			if err := sim.SetFaults(c.fault); err != nil {
				t.Fatal(err)
			}
			broker, err := client.New(url, client.WithOrphanMitigation(policy))
			if err != nil {
				t.Fatal(err)
			}
			id := fmt.Sprintf("i-%d-%d", number, policy)
			_, err = broker.Provision(t.Context(), &openbroker.ProvisionRequest{
				InstanceID: id, ServiceID: simulator.ServiceID, PlanID: simulator.SyncPlanID, OrganizationGUID: "o", SpaceGUID: "s",
			})
			if err == nil && !c.fault.Drop {
				t.Errorf("%s: no error", c.name)
			}
			if err := broker.Close(t.Context()); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if err := sim.SetFaults(); err != nil {
				t.Fatal(err)
			}
			_, err = broker.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: id})
			if gone := err != nil; gone != want {
				t.Errorf("%s, policy %d: deleted %v, want %v (%v)", c.name, policy, gone, want, err)
			}
		}
	}
}

// TestLifeCycle makes all calls, synchronous and asynchronous.
func TestLifeCycle(t *testing.T) {
	t.Parallel()
	_, url := startSimulator(t)
	ctx := t.Context()
	c, err := client.New(url, client.WithStrictDecoding(), client.WithPollInterval(time.Millisecond, time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := c.Catalog(ctx)
	if err != nil {
		t.Fatal(err)
	}
	service := catalog.Service(simulator.ServiceID)
	for _, id := range []string{simulator.SyncPlanID, simulator.AsyncPlanID} {
		plan := service.Plan(id)
		provision := &openbroker.ProvisionRequest{
			InstanceID: "i-" + plan.Name, ServiceID: service.ID, PlanID: id, Service: service, Plan: plan,
			OrganizationGUID: "o", SpaceGUID: "s", AcceptsIncomplete: true,
		}
		provisioned, err := c.Provision(ctx, provision)
		if err != nil {
			t.Fatal(err)
		}
		await := func(outcome openbroker.Outcome, o client.Operation) {
			t.Helper()
			if accepted := outcome == openbroker.Accepted; accepted != (plan.Name == "async") {
				t.Errorf("%s of %s: %v", o.Kind, plan.Name, outcome)
			} else if accepted {
				if _, err := c.Wait(ctx, o, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		await(provisioned.Outcome, client.ProvisionOperation(provision, provisioned))
		update := &openbroker.UpdateRequest{
			InstanceID: provision.InstanceID, ServiceID: service.ID, PlanID: id, Plan: plan, AcceptsIncomplete: true,
			Parameters: openbroker.Parameters(`{"colour":"blue"}`),
		}
		updated, err := c.Update(ctx, update)
		if err != nil {
			t.Fatal(err)
		}
		await(updated.Outcome, client.UpdateOperation(update, updated))
		instance, err := c.GetInstance(ctx, &openbroker.GetInstanceRequest{InstanceID: provision.InstanceID})
		if err != nil || !strings.Contains(string(instance.Parameters), "blue") || instance.PlanID != id {
			t.Errorf("%v, %v", instance, err)
		}
		bind := &openbroker.BindRequest{InstanceID: provision.InstanceID, BindingID: "b", ServiceID: service.ID, PlanID: id, Plan: plan, AcceptsIncomplete: true}
		bound, err := c.Bind(ctx, bind)
		if err != nil {
			t.Fatal(err)
		}
		await(bound.Outcome, client.BindOperation(bind, bound))
		binding, err := c.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: provision.InstanceID, BindingID: "b"})
		if err != nil || len(binding.Credentials) == 0 {
			t.Errorf("%v, %v", binding, err)
		}
		unbind := &openbroker.UnbindRequest{InstanceID: provision.InstanceID, BindingID: "b", ServiceID: service.ID, PlanID: id, AcceptsIncomplete: true}
		unbound, err := c.Unbind(ctx, unbind)
		if err != nil {
			t.Fatal(err)
		}
		await(unbound.Outcome, client.UnbindOperation(unbind, unbound))
		deprovision := &openbroker.DeprovisionRequest{InstanceID: provision.InstanceID, ServiceID: service.ID, PlanID: id, AcceptsIncomplete: true}
		deprovisioned, err := c.Deprovision(ctx, deprovision)
		if err != nil {
			t.Fatal(err)
		}
		await(deprovisioned.Outcome, client.DeprovisionOperation(deprovision, deprovisioned))
	}
}

// TestOldVersionIsRefused sends a version that the simulator no longer supports.
func TestOldVersionIsRefused(t *testing.T) {
	t.Parallel()
	_, url := startSimulator(t)
	c, err := client.New(url, client.WithAPIVersion(openbroker.Version{Major: 2, Minor: 11}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Catalog(t.Context())
	var response *client.ResponseError
	if !asResponse(err, &response) || response.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("%v", err)
	}
}
