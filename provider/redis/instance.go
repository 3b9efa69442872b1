package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// Provision notes the instance in the registry, which chooses its logical database if it
// has one. A prefix needs nothing else.
func (p *redis) Provision(ctx context.Context, _ *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	nodes, kept, err := p.note(ctx, &instance)
	if err != nil {
		return durable.ProvisionResult{}, p.wait(ctx, err)
	}
	return durable.ProvisionResult{Metadata: p.labels(nodes), State: kept}, nil
}

// note writes the record of an instance with the settings of its plan, and returns the
// state to keep.
func (p *redis) note(ctx context.Context, instance *durable.Instance) (fleet, json.RawMessage, error) {
	settings, err := settingsOf(instance)
	if err != nil {
		return nil, nil, err
	}
	nodes, registry, err := p.reach(ctx)
	if err != nil {
		return nil, nil, err
	}
	made, err := registry.change(ctx, instance.ResourceName(), func(all entries) (record, error) {
		return registry.choose(all, instance.ResourceName(), settings, nodes)
	})
	if err != nil {
		return nil, nil, err
	}
	if err := step.Done(ctx, "note the instance"); err != nil {
		return nil, nil, err
	}
	kept, err := json.Marshal(state{
		Isolation: made.Isolation, Database: made.Database, MemoryMB: made.MemoryMB, Scripts: settings.Scripts, Commands: settings.Commands,
	})
	return nodes, kept, err
}

// Update changes the plan, and with it the rights of all bindings.
//
// After an error, the instance counts as unchanged: the next pass restores the rights.
func (p *redis) Update(ctx context.Context, _ *durable.Task, instance, _ durable.Instance) (durable.UpdateResult, error) {
	nodes, kept, err := p.note(ctx, &instance)
	if err != nil {
		return durable.UpdateResult{}, p.wait(ctx, err)
	}
	instance.State = kept
	if err := p.changeRights(ctx, nodes, &instance); err != nil {
		p.move(&instance, nil)
		p.hurry()
		return durable.UpdateResult{}, p.wait(ctx, err)
	}
	return durable.UpdateResult{Metadata: p.labels(nodes), State: kept}, nil
}

// changeRights gives the users of all bindings of an instance the rights of its plan.
func (p *redis) changeRights(ctx context.Context, nodes fleet, instance *durable.Instance) error {
	settings, err := settingsOf(instance)
	if err != nil {
		return err
	}
	p.move(instance, &target{instance.PlanID, settings})
	records := p.engine()
	if records == nil {
		return durable.Retryable(errors.New("the records of bindings are not there yet"), 0)
	}
	for binding, err := range records.Bindings(ctx, instance) {
		if err != nil {
			return fmt.Errorf("list the bindings: %w", err)
		}
		binding.Instance = *instance
		rights, err := grantOf(&binding, settings)
		if err != nil {
			return err
		}
		name := credential.Username(binding.ResourceName())
		if err := setUser(ctx, nodes, name, rights); err != nil {
			return err
		}
		if err := p.keepIfUsed(ctx, nodes, records, &binding); err != nil {
			return err
		}
	}
	return nil
}

// keepIfUsed deletes the user of a binding that was unbound in the meantime.
func (p *redis) keepIfUsed(ctx context.Context, nodes fleet, records durable.Records, binding *durable.Binding) error {
	used, err := records.InUse(ctx, *binding)
	if err == nil && !used {
		err = deleteUser(ctx, nodes, credential.Username(binding.ResourceName()))
	}
	return err
}

// Deprovision deletes the keys of the instance, and then its record. The engine has
// deleted its bindings, so that no application still writes.
func (p *redis) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	nodes, registry, err := p.reach(ctx)
	if err != nil {
		return p.wait(ctx, err)
	}
	name := instance.ResourceName()
	present, err := registry.get(ctx, name)
	if err != nil {
		return p.wait(ctx, err)
	}
	if present == nil {
		// It was not made, or is deleted, or the server has lost the record: a registry gets
		// back only those of instances that are not being deleted.
		kept, made := stateOf(&instance)
		if !made {
			return nil
		}
		present = new(kept.record())
		if present.Isolation == isolationDatabase {
			if err := registry.reclaim(ctx, name, *present); errors.Is(err, errTaken) {
				return nil
			} else if err != nil {
				return p.wait(ctx, err)
			}
		}
	}
	if present.Isolation == isolationDatabase {
		err = flushDatabase(ctx, nodes.reference(), present.Database)
	} else {
		err = deleteKeys(ctx, nodes, prefixOf(&instance), task)
	}
	if err != nil {
		return p.wait(ctx, err)
	}
	if err := step.Done(ctx, "delete the keys"); err != nil {
		return err
	}
	if err := registry.remove(ctx, name); err != nil {
		return p.wait(ctx, err)
	}
	return step.Done(ctx, "remove the record")
}
