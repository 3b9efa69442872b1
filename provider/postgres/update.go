package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// Update gives the instance and its bindings the limits, settings and extensions of
// another plan. A plan that would need another database is refused.
func (p *Provider) Update(ctx context.Context, task *durable.Task, instance, _ durable.Instance) (durable.UpdateResult, error) {
	var result durable.UpdateResult
	plan, err := planOf(instance)
	if err != nil {
		return result, err
	}
	kept, err := refuseMove(instance, plan)
	if err != nil {
		return result, err
	}
	if result.State, err = json.Marshal(kept); err != nil {
		return result, err
	}
	n := namesOf(instance)
	err = p.server.operate(ctx, task, n, kept, func(s *session) error {
		result.Metadata = p.metadata(s)
		if err := s.reserve(ctx, p, n, plan); err != nil {
			return err
		}
		err := s.in(ctx, kept.Database, func(conn *pgx.Conn) error { return createExtensions(ctx, conn, plan.Extensions) })
		if err != nil {
			return err
		}
		logins, err := s.logins(ctx, n)
		if err != nil {
			return err
		}
		for _, name := range logins {
			mode, found, err := s.modeOf(ctx, name, n)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			if err := loginFor(name, n, mode, plan).configure(ctx, s.Conn); err != nil {
				return err
			}
			if err := step.Done(ctx, "set the settings of a login"); err != nil {
				return err
			}
		}
		return nil
	})
	return result, outcome(ctx, err)
}

// refuseMove returns the state of an instance, and an error if the plan is for another
// kind of database.
func refuseMove(instance durable.Instance, plan PlanSettings) (state, error) {
	kept, ok, err := stateOf(instance)
	if err != nil || !ok {
		return kept, err
	}
	wanted := stateFor(namesOf(instance), plan)
	for _, difference := range []struct{ what, is, wanted string }{
		{"isolation", kept.Isolation, wanted.Isolation},
		{"database", kept.Database, wanted.Database},
		{"encoding", kept.Encoding, wanted.Encoding},
		{"locale", kept.Locale, wanted.Locale},
	} {
		if difference.is != difference.wanted {
			return kept, openbroker.ErrPlanChangeNotSupported.WithDescription(
				"The plan needs another %s: %q instead of %q. Create a new instance, and copy the data.", difference.what, difference.wanted, difference.is).
				WithInstanceUsable(true).WithUpdateRepeatable(false)
		}
	}
	return kept, nil
}
