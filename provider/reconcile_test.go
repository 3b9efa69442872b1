package provider_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

var errStore = errors.New("the store is away")

// fixedRecords are the records of a store that fails in the end.
type fixedRecords struct {
	durable.Records
	instances []durable.Instance
}

func (r fixedRecords) Instances(context.Context) iter.Seq2[durable.Instance, error] {
	return func(yield func(durable.Instance, error) bool) {
		for _, i := range r.instances {
			if !yield(i, nil) {
				return
			}
		}
		yield(durable.Instance{}, errStore)
	}
}

func (r fixedRecords) Bindings(ctx context.Context, _ *durable.Instance) iter.Seq2[durable.Binding, error] {
	return func(yield func(durable.Binding, error) bool) {
		for i, err := range r.Instances(ctx) {
			if !yield(durable.Binding{Instance: i, ID: "of " + i.ID}, err) {
				return
			}
		}
	}
}

func (fixedRecords) Exists(context.Context, durable.Instance) (bool, error) { return true, nil }

func (fixedRecords) InUse(context.Context, durable.Binding) (bool, error) { return true, nil }

// reconciling notes the records that it gets.
type reconciling struct {
	durable.UnimplementedProvider
	name string
	note func(string)
}

func (r reconciling) Reconcile(ctx context.Context, records durable.Records) {
	for i, err := range records.Instances(ctx) {
		settings, _ := provider.Plan[plan](i)
		r.note(fmt.Sprintf("%s: %s %d %v", r.name, i.ID, settings.Size, err))
	}
	for b, err := range records.Bindings(ctx, nil) {
		settings, _ := provider.Plan[plan](b.Instance)
		r.note(fmt.Sprintf("%s: %s %d %v", r.name, b.ID, settings.Size, err))
	}
	for range records.Instances(ctx) {
		break
	}
	for range records.Bindings(ctx, nil) {
		break
	}
	if found, err := records.Exists(ctx, durable.Instance{}); !found || err != nil {
		r.note("Exists is not passed on")
	}
	if used, err := records.InUse(ctx, durable.Binding{}); !used || err != nil {
		r.note("InUse is not passed on")
	}
	if r.name == "wild" {
		panic("a nil map")
	}
}

// Each provider reconciles with its own instances, which have the settings of their
// plans. One that panics does not disturb the others.
func TestReconcile(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var notes []string
	definition := provider.Define(provider.Spec[struct{}, plan]{
		Name: "forgetful", Doc: "users in memory", Catalog: catalogOf("f"),
		New: func(_ context.Context, _ struct{}, host provider.Host) (durable.Provider, error) {
			return reconciling{name: host.Name, note: func(text string) { mu.Lock(); notes = append(notes, text); mu.Unlock() }}, nil
		},
	})
	plain := provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "plain", Doc: "nothing", Catalog: catalogOf("p"),
		New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) {
			return durable.UnimplementedProvider{}, nil
		},
	})
	set, err := provider.NewSet(plain, definition)
	if err != nil {
		t.Fatal(err)
	}
	group, err := provider.NewGroup(set,
		provider.Named{Name: "plain", Definition: plain, Settings: plain.Settings()},
		provider.Named{Name: "calm", Definition: definition, Settings: definition.Settings()},
		provider.Named{Name: "wild", Definition: definition, Settings: definition.Settings()})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	dispatcher, err := group.Start(t.Context(), provider.Host{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	service := &openbroker.Service{Name: "s", Extensions: openbroker.Extensions{"provider": []byte(`"calm"`)}}
	of := func(name, id string) durable.Instance {
		return durable.Instance{
			ID: id, Provider: name, Service: service,
			Plan: &openbroker.Plan{Extensions: openbroker.Extensions{"forgetful": []byte(`{"size":5}`)}},
		}
	}
	dispatcher.Reconcile(t.Context(), fixedRecords{instances: []durable.Instance{of("calm", "a"), of("wild", "b"), of("plain", "c"), of("gone", "d"), of("", "e")}})
	slices.Sort(notes)
	want := []string{
		"calm:  0 the store is away", "calm: a 5 <nil>", "calm: of  0 the store is away", "calm: of a 5 <nil>",
		"wild:  0 the store is away", "wild: b 5 <nil>", "wild: of  0 the store is away", "wild: of b 5 <nil>",
	}
	if !slices.Equal(notes, want) {
		t.Errorf("the calls are\n%q, want\n%q", notes, want)
	}
	if text := log.String(); !strings.Contains(text, "a nil map") || !strings.Contains(text, "provider=wild") {
		t.Errorf("the log is %s", text)
	}
}
