package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// dropAttempts bounds how often a role is cleaned up after somebody gave it something
// new in the meantime.
const dropAttempts = 5

// Unbind ends the sessions of the binding, gives what it owns to the instance, and deletes
// its login role.
func (p *Provider) Unbind(ctx context.Context, task *durable.Task, binding durable.Binding) error {
	n := namesOf(binding.Instance)
	return outcome(ctx, p.server.operate(ctx, task, n, n.resource, func(s *session) error {
		return s.unbind(ctx, loginOf(binding), n)
	}))
}

// unbind deletes a login role, unless it is gone.
func (s *session) unbind(ctx context.Context, login string, n names) error {
	found, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_roles WHERE rolname = $1", login)
	if err != nil || !found {
		return err
	}
	if err := s.join(ctx, login); err != nil {
		return err
	}
	// A dropped role goes on in its sessions, so they must end first, and none may begin.
	if err := execute(ctx, s.Conn, "ALTER ROLE "+identifier(login)+" NOLOGIN CONNECTION LIMIT 0 PASSWORD NULL"); err != nil {
		return fmt.Errorf("keeping the login from logging in: %w", err)
	}
	if err := step.Done(ctx, "keep the login from logging in"); err != nil {
		return err
	}
	if err := s.endSessions(ctx, login); err != nil {
		return err
	}
	heir, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_roles WHERE rolname = $1", n.owner)
	if err != nil {
		return err
	}
	return s.dropRoles(ctx, n, []string{login}, func(conn *pgx.Conn) error {
		// DROP OWNED would delete the data that REASSIGN OWNED keeps.
		statements := []string{"DROP OWNED BY " + identifier(login)}
		if heir {
			statements = slices.Insert(statements, 0, "REASSIGN OWNED BY "+identifier(login)+" TO "+identifier(n.owner))
		}
		if err := together(ctx, conn, statements...); err != nil {
			return fmt.Errorf("giving what the login owns to the owner role: %w", err)
		}
		return step.Done(ctx, "give what the login owns to the owner role")
	})
}

// dropRoles deletes roles of an instance after clean has run in each database that has
// something of them.
func (s *session) dropRoles(ctx context.Context, n names, roles []string, clean func(*pgx.Conn) error) error {
	for attempt := 1; ; attempt++ {
		err := s.cleanEverywhere(ctx, n, roles, clean)
		if err != nil {
			return err
		}
		for _, role := range roles {
			err = s.withoutStrangers(ctx, s.Conn, n, func() error { return execute(ctx, s.Conn, "DROP ROLE IF EXISTS "+identifier(role)) })
			if err != nil {
				err = fmt.Errorf("deleting the role %s: %w", role, err)
				break
			}
			if err := step.Done(ctx, "delete a role"); err != nil {
				return err
			}
		}
		// Another tenant can grant a role something at any time.
		if !hasCode(err, codeDependent) || attempt == dropAttempts {
			return err
		}
	}
}

// cleanEverywhere runs clean in each database that has something of the roles, after their
// prepared transactions there are rolled back: their locks outlast their sessions.
// Privileges for databases themselves can be deleted in any: here.
func (s *session) cleanEverywhere(ctx context.Context, n names, roles []string, clean func(*pgx.Conn) error) error {
	databases, err := texts(ctx, s.Conn, `SELECT coalesce(d.datname, current_database())::text FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
		WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid IN (SELECT oid FROM pg_roles WHERE rolname = ANY($1)) AND coalesce(d.datconnlimit, 0) <> $2
		UNION SELECT p.database::text FROM pg_prepared_xacts p WHERE `+blocking+` ORDER BY 1`, roles, interruptedDrop)
	if err != nil {
		return err
	}
	for _, name := range databases {
		work := func(conn *pgx.Conn) error {
			if err := rollBackPrepared(ctx, conn, roles...); err != nil {
				return err
			}
			return s.withoutStrangers(ctx, conn, n, func() error { return clean(conn) })
		}
		if name == s.Config().Database {
			err = work(s.Conn)
		} else {
			err = s.in(ctx, name, work)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
