package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// Deprovision deletes what the server has of the instance: logins that are left, the
// database or schema, and the roles. It needs neither the plan nor the state.
func (p *Provider) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	n := namesOf(instance)
	return outcome(ctx, p.server.operate(ctx, task, n, n.resource, func(s *session) error { return s.deprovision(ctx, n) }))
}

func (s *session) deprovision(ctx context.Context, n names) error {
	logins, err := s.logins(ctx, n)
	if err != nil {
		return err
	}
	for _, name := range logins {
		if err := s.unbind(ctx, name, n); err != nil {
			return err
		}
	}
	if err := s.deleteInstanceDatabase(ctx, n); err != nil {
		return err
	}
	// The owner role is the last to go, because it shows that the instance exists.
	roles, err := texts(ctx, s.Conn, "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1) ORDER BY rolname DESC", []string{n.reader, n.owner})
	if err != nil || len(roles) == 0 {
		return err
	}
	for _, role := range roles {
		if err := s.join(ctx, role); err != nil {
			return err
		}
	}
	return s.dropRoles(ctx, n, roles, func(conn *pgx.Conn) error {
		if err := dropSchema(ctx, conn, n.home); err != nil {
			return err
		}
		if err := execute(ctx, conn, "DROP OWNED BY "+identifiers(roles)+" CASCADE"); err != nil {
			return fmt.Errorf("deleting what the roles %s own: %w", identifiers(roles), err)
		}
		return step.Done(ctx, "delete what the roles own")
	})
}

// deleteInstanceDatabase deletes the database of an instance, unless it is gone.
func (s *session) deleteInstanceDatabase(ctx context.Context, n names) error {
	d, err := s.database(ctx, n.home)
	if err != nil || !d.found {
		return err
	}
	if !d.interrupted {
		if err := s.settle(ctx, n.home, d.accepts); err != nil {
			return err
		}
	}
	return s.dropDatabase(ctx, n.home)
}

// settle rolls back the prepared transactions of a database, which would block its
// deletion, and closes it. They can be rolled back only from within.
func (s *session) settle(ctx context.Context, name string, accepts bool) error {
	unfinished, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_prepared_xacts WHERE database = $1", name)
	if err != nil {
		return err
	}
	if unfinished {
		if !accepts {
			// No login is left that could use this.
			if err := execute(ctx, s.Conn, "ALTER DATABASE "+identifier(name)+" ALLOW_CONNECTIONS true"); err != nil {
				return fmt.Errorf("opening the database %s: %w", name, err)
			}
			accepts = true
		}
		if err := s.in(ctx, name, func(conn *pgx.Conn) error { return rollBackPrepared(ctx, conn) }); err != nil {
			return err
		}
	}
	if !accepts {
		return nil
	}
	return s.closeDatabase(ctx, name)
}
