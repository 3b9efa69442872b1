package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
)

// watchCatalog applies changes of the catalog file until ctx ends.
func (b *broker) watchCatalog(ctx context.Context, current *openbroker.Catalog) {
	settings := b.settings.Catalog
	if settings == nil || settings.File == "" {
		return
	}
	watcher := &catalog.Watcher{
		Path: string(settings.File), Current: current, Logger: b.logger, Poll: time.Duration(settings.PollInterval),
		Load: b.catalogReader(ctx),
		Apply: func(ctx context.Context, next *openbroker.Catalog, changes []catalog.Change) error {
			err := b.applyCatalog(ctx, next, changes)
			b.setCatalogFault(err)
			return err
		},
	}
	if err := watcher.Watch(ctx); err != nil {
		b.logger.LogAttrs(ctx, slog.LevelError, "the catalog is not watched for changes", slog.String("error", err.Error()))
	}
}

// applyCatalog serves the next catalog, unless that breaks existing instances.
func (b *broker) applyCatalog(ctx context.Context, next *openbroker.Catalog, changes []catalog.Change) error {
	if err := setup.CheckSchemas(b.settings, next); err != nil {
		return errors.New(exit.OneLine(err))
	}
	current, err := b.engine.Catalog(ctx)
	if err != nil {
		return err
	}
	broken, err := b.broken(ctx, current, changes)
	if err != nil {
		return fmt.Errorf("look up the instances that the changed catalog affects: %w", err)
	}
	if len(broken) > 0 && !b.settings.Catalog.AllowBreaking {
		err := refusal(broken)
		if _, misfit := b.settings.EngineConfig(next); misfit != nil {
			// Otherwise the operator would learn this only when the next start fails.
			err = fmt.Errorf("%w. Also correct the policies, because the next start will refuse them: %s", err, exit.OneLine(misfit))
		}
		return err
	}
	if err := b.engine.SetCatalog(next); err != nil {
		return err
	}
	if len(broken) > 0 {
		b.warnAboutBroken(ctx, broken)
	} else if late, err := b.broken(ctx, current, changes); err == nil && len(late) > 0 {
		// They were created after the first look and before the change. They can still
		// be fetched and deleted.
		b.logger.LogAttrs(ctx, slog.LevelWarn, "the changed catalog breaks instances that were just being created", slog.Any("broken", late))
	}
	b.saveCatalog(ctx, next)
	b.warnAboutPolicies(ctx, next)
	return nil
}

func refusal(broken []string) error {
	return fmt.Errorf("existing instances would break: %s. Delete them or move them to another plan, or restart with catalog.allow_breaking: true", strings.Join(broken, "; "))
}

// broken describes the breaking changes of plans that instances use.
func (b *broker) broken(ctx context.Context, current *openbroker.Catalog, changes []catalog.Change) ([]string, error) {
	breaking := slices.DeleteFunc(slices.Clone(changes), func(c catalog.Change) bool {
		// A removed service is also reported for each of its plans.
		return !c.Breaking() || c.Kind == catalog.ChangeRemoved && c.PlanID == ""
	})
	seen := map[durable.PlanRef]bool{}
	var plans []durable.PlanRef
	for i := range breaking {
		for _, plan := range affected(current, &breaking[i]) {
			if !seen[plan] {
				seen[plan] = true
				plans = append(plans, plan)
			}
		}
	}
	if len(plans) == 0 {
		return nil, nil
	}
	uses, err := b.engine.PlansInUse(ctx, plans...)
	if err != nil {
		return nil, err
	}
	const maxShown = 10
	var broken []string
	for i := range breaking {
		ours := affected(current, &breaking[i])
		used := slices.IndexFunc(uses, func(u durable.PlanUse) bool { return slices.Contains(ours, u.PlanRef) })
		if used < 0 {
			continue
		}
		if len(broken) == maxShown {
			return append(broken, "and more"), nil
		}
		key := uses[used].Instance
		broken = append(broken, fmt.Sprintf("%s (at least the instance %q of the platform %q uses the plan %s)",
			breaking[i].Message, key.InstanceID, key.Platform, uses[used].PlanID))
	}
	return broken, nil
}

// affected returns the plans that a change affects: one, or all of a service.
func affected(current *openbroker.Catalog, change *catalog.Change) []durable.PlanRef {
	if change.PlanID != "" {
		return []durable.PlanRef{{ServiceID: change.ServiceID, PlanID: change.PlanID}}
	}
	service := current.Service(change.ServiceID)
	if service == nil {
		return nil
	}
	plans := make([]durable.PlanRef, len(service.Plans))
	for i := range service.Plans {
		plans[i] = durable.PlanRef{ServiceID: service.ID, PlanID: service.Plans[i].ID}
	}
	return plans
}

// warnAboutPolicies logs a warning if the policies of the configuration do not fit the
// changed catalog. The engine keeps the policies from the start.
func (b *broker) warnAboutPolicies(ctx context.Context, next *openbroker.Catalog) {
	engine, err := b.settings.EngineConfig(next)
	if err != nil {
		b.logger.LogAttrs(ctx, slog.LevelWarn, "the policies do not fit the changed catalog: the next start will refuse them", slog.String("error", exit.OneLine(err)))
		return
	}
	var waiting []string
	for _, id := range slices.Sorted(maps.Keys(engine.Policies)) {
		if _, known := b.policies[id]; !known {
			waiting = append(waiting, id)
		}
	}
	if len(waiting) > 0 {
		b.logger.LogAttrs(ctx, slog.LevelWarn, "policies for new plans of the changed catalog take effect at the next start", slog.Any("plan_ids", waiting))
	}
}
