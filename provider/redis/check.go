package redis

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// CheckInstance refuses parameters, since instances have none, and what the server has no
// place for.
func (p *redis) CheckInstance(ctx context.Context, instance durable.Instance, _ *durable.Instance) error {
	if _, err := parameters.Fields(instance.Parameters); err != nil {
		return err
	}
	settings, err := settingsOf(&instance)
	if err != nil {
		return err
	}
	nodes, registry, err := p.reach(ctx)
	if err != nil {
		return unavailable(err)
	}
	all, err := registry.read(ctx, registry.client)
	if errors.Is(err, errIncomplete) {
		return nil // The operation waits for the registry, and decides then.
	}
	if err == nil {
		_, err = registry.choose(all, instance.ResourceName(), settings, nodes)
	}
	return unavailable(err)
}

// CheckBinding refuses all parameters except a valid mode.
func (p *redis) CheckBinding(_ context.Context, binding durable.Binding) error {
	_, err := parameters.Mode(binding.Parameters)
	return err
}

// ResourceExists reports whether the server has a record of the instance.
func (p *redis) ResourceExists(ctx context.Context, instance durable.Instance) (bool, error) {
	_, registry, err := p.reach(ctx)
	if err != nil {
		return false, unavailable(err)
	}
	found, err := registry.get(ctx, instance.ResourceName())
	if errors.Is(err, errIncomplete) {
		return false, nil // The registry is made from the records, which do not have the instance.
	}
	return found != nil, unavailable(err)
}

// Resources yields the resource names of all instances that the server has records of.
func (p *redis) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, registry, err := p.reach(ctx)
		var all entries
		if err == nil {
			all, err = registry.read(ctx, registry.client)
		}
		if err != nil {
			yield("", err)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if !yield(name, nil) {
				return
			}
		}
	}
}
