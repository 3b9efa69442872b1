package durable_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A named provider stands for several: those with its names. The first one makes new
// instances.
type named struct {
	*scripted
	names []string
	// checks is the answer of ChecksCreation.
	checks bool
	mu     sync.Mutex
	// made are the providers of the instances that were deprovisioned and bound.
	made []string
}

var _ durable.NamedProviders = (*named)(nil)

func (n *named) ProviderFor(service *openbroker.Service) (string, error) {
	if service.ID != serviceID {
		return "", openbroker.ErrBadRequest.WithDescription("no provider")
	}
	return n.names[0], nil
}

func (n *named) HasProvider(name string) bool { return slices.Contains(n.names, name) }

func (n *named) UnnamedProvider() string { return "first" }

func (n *named) ChecksCreation(*openbroker.Service) bool { return n.checks }

func (n *named) saw(what string, i durable.Instance) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.made = append(n.made, what+" "+i.ID+" "+i.Provider)
}

func (n *named) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	n.saw("provision", i)
	return n.scripted.Provision(ctx, task, i)
}

func (n *named) Update(ctx context.Context, task *durable.Task, i, previous durable.Instance) (durable.UpdateResult, error) {
	n.saw("update", i)
	n.saw("previous", previous)
	return n.scripted.Update(ctx, task, i, previous)
}

func (n *named) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	n.saw("bind", b.Instance)
	return n.scripted.Bind(ctx, task, b)
}

func (n *named) Deprovision(ctx context.Context, task *durable.Task, i durable.Instance) error {
	n.saw("deprovision", i)
	return n.scripted.Deprovision(ctx, task, i)
}

// An instance stays with the provider that made it. A provider with instances cannot be
// removed; one without can.
func TestNamedProviders(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := newKeys(t)
		begin := func(names ...string) (*replica, *named) {
			provider := &named{scripted: newScripted(), names: names}
			r := serve(t, store, keys, provider, provider.scripted, nil)
			r.Start(t.Context())
			return r, provider
		}
		old, first := begin("blue")
		old.provision("i", planID, "").is(t, http.StatusCreated, "")
		old.send("PUT", instancePath("other"), strings.ReplaceAll(provisionBody("plan-hidden", ""), serviceID, "service-2")).is(t, http.StatusBadRequest, "")
		old.Stop(t.Context())
		if got := strings.Join(first.made, ", "); got != "provision i blue" {
			t.Errorf("the first process: %s", got)
		}

		next, second := begin("green", "blue")
		next.provision("j", planID, "").is(t, http.StatusCreated, "")
		next.send("PATCH", instancePath("i"), `{"service_id":"`+serviceID+`","parameters":{"size":1}}`).is(t, http.StatusOK, "")
		next.send("PUT", bindingPath("i", "b"), bindBody(planID, "")).is(t, http.StatusCreated, "")
		next.Stop(t.Context())
		if got := strings.Join(second.made, ", "); got != "provision j green, update i blue, previous i blue, bind i blue" {
			t.Errorf("the second process: %s", got)
		}

		// The name is kept by an update.
		refused := func(names ...string) error {
			_, err := durable.New(t.Context(), testCatalog(), &named{scripted: newScripted(), names: names}, store, fastConfig(keys, &logBuffer{}))
			return err
		}
		if err := refused("green"); !errors.Is(err, durable.ErrProviderMissing) || !strings.Contains(err.Error(), `the provider "blue" made at least the instance "i" of the platform`) {
			t.Errorf("without blue: %v", err)
		}
		if err := refused("renamed", "blue"); !errors.Is(err, durable.ErrProviderMissing) || !strings.Contains(err.Error(), `"green" made at least the instance "j"`) {
			t.Errorf("without green: %v", err)
		}
		last, third := begin("green", "blue")
		last.send("DELETE", instancePath("i")+"?"+hints(planID), "").is(t, http.StatusOK, "")
		last.Stop(t.Context())
		if got := strings.Join(third.made, ", "); got != "deprovision i blue" {
			t.Errorf("the third process: %s", got)
		}
		if err := refused("green"); err != nil {
			t.Errorf("without blue, which has no instance: %v", err)
		}
	})
}

// Instances that are older than names belong to one provider, whatever their service has
// now. Without it, the engine does not start.
func TestInstancesOlderThanNames(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := newKeys(t)
		old := start(t, store, keys, newScripted(), nil)
		old.provision("i", planID, "").is(t, http.StatusCreated, "")
		old.Stop(t.Context())

		begin := func(names ...string) error {
			_, err := durable.New(t.Context(), testCatalog(), &named{scripted: newScripted(), names: names}, store, fastConfig(keys, &logBuffer{}))
			return err
		}
		if err := begin("blue"); !errors.Is(err, durable.ErrProviderMissing) || !strings.Contains(err.Error(), `the provider "first" made at least the instance "i" of the platform`) {
			t.Errorf("without the provider of older instances: %v", err)
		}
		next := &named{scripted: newScripted(), names: []string{"blue", "first"}}
		r := serve(t, store, keys, next, next.scripted, nil)
		r.Start(t.Context())
		r.send("DELETE", instancePath("i")+"?"+hints(planID), "").is(t, http.StatusOK, "")
		r.Stop(t.Context())
		for range 2 {
			if err := begin("blue"); err != nil {
				t.Errorf("without an older instance: %v", err)
			}
		}
	})
}

// A checkingNamed can refuse requests.
type checkingNamed struct{ *named }

func (checkingNamed) CheckInstance(context.Context, durable.Instance, *durable.Instance) error {
	return nil
}
func (checkingNamed) CheckBinding(context.Context, durable.Binding) error { return nil }

// A readingStore counts the reads of the instance i until it is accepted.
type readingStore struct {
	durable.Store
	reads, first atomic.Int64
}

func (s *readingStore) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	if key.InstanceID == "i" {
		s.reads.Add(1)
	}
	return s.Store.Load(ctx, key)
}

func (s *readingStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	s.first.Store(s.reads.Load())
	return s.Store.Accept(ctx, a)
}

// The record of a new instance is read first only if its provider can refuse it.
func TestReadsBeforeACreation(t *testing.T) {
	t.Parallel()
	for checks, want := range map[bool]int64{true: 1, false: 0} {
		store := &readingStore{Store: openSQLite(t)}
		provider := checkingNamed{&named{scripted: newScripted(), names: []string{"first"}, checks: checks}}
		r := serve(t, store, newKeys(t), provider, provider.scripted, nil)
		r.Start(t.Context())
		r.provision("i", planID, "").is(t, http.StatusCreated, "")
		if got := store.first.Load(); got != want {
			t.Errorf("the record is read %d times before the creation, want %d", got, want)
		}
	}
}
