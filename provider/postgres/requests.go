package postgres

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// requestTimeout bounds the checks of a request. The platform waits for it.
const requestTimeout = 10 * time.Second

// ask runs work for a request.
func (p *Provider) ask(ctx context.Context, work func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return answer(p.server.query(ctx, func(conn *pgxpool.Conn) error { return work(ctx, conn.Conn()) }))
}

// CheckInstance refuses parameters, since instances have none, a plan for which the server
// lacks something or has no connections left, and a plan that needs another database.
func (p *Provider) CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error {
	if _, err := parameters.Fields(instance.Parameters); err != nil {
		return err
	}
	if previous != nil && previous.PlanID == instance.PlanID {
		return nil
	}
	plan, err := planOf(instance)
	if err != nil {
		return err
	}
	if previous != nil {
		instance.State = previous.State
		if _, err := refuseMove(instance, plan); err != nil {
			return err
		}
	}
	return p.ask(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if err := checkServerFor(ctx, conn, plan); err != nil {
			return err
		}
		return p.roomFor(ctx, conn, namesOf(instance), plan.ConnectionLimit)
	})
}

// CheckBinding refuses all parameters except a valid mode.
func (p *Provider) CheckBinding(_ context.Context, binding durable.Binding) error {
	_, err := parameters.Mode(binding.Parameters)
	return err
}

// ResourceExists reports whether the server has something of the instance.
func (p *Provider) ResourceExists(ctx context.Context, instance durable.Instance) (found bool, err error) {
	n := namesOf(instance)
	err = p.ask(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		found, err = exists(ctx, conn, "SELECT 1 FROM pg_database WHERE datname = $1 UNION ALL SELECT 1 FROM pg_roles WHERE rolname = $2", n.home, n.owner)
		return err
	})
	return found, err
}

// Resources yields the resource names of the instances that the broker's account may
// delete.
func (p *Provider) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var found []string
		err := p.server.query(ctx, func(conn *pgxpool.Conn) (err error) {
			found, err = texts(ctx, conn.Conn(), `SELECT datname::text FROM pg_database WHERE pg_has_role(datdba, 'MEMBER')
				UNION SELECT left(rolname::text, -length($1)) FROM pg_roles WHERE rolname LIKE '%' || $1 AND pg_has_role(oid, 'MEMBER') ORDER BY 1`, ownerSuffix)
			return err
		})
		if err != nil {
			yield("", err)
			return
		}
		for _, identifier := range found {
			if name, ours := credential.ResourceName(identifier); ours && !yield(name, nil) {
				return
			}
		}
	}
}

// checkServerFor returns what the server lacks for a plan. The operator must change the
// plan or the server, so that the text is for the log.
func checkServerFor(ctx context.Context, conn *pgx.Conn, plan PlanSettings) error {
	var superuser bool
	if err := conn.QueryRow(ctx, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&superuser); err != nil {
		return err
	}
	for _, name := range plan.Extensions {
		usable, err := exists(ctx, conn, "SELECT 1 FROM pg_available_extension_versions WHERE name = $1 AND (NOT superuser OR trusted OR $2)", name, superuser)
		if err != nil {
			return err
		}
		if !usable {
			return fmt.Errorf("the extension %s of the plan is not on the server, or needs a superuser: install it, or put it into the database of the setting template", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Settings)) {
		if err := checkParameter(ctx, conn, name, plan.Settings[name]); err != nil {
			return err
		}
	}
	return checkLocale(ctx, conn, plan)
}

// checkParameter tries to set a parameter of a role: the own one.
func checkParameter(ctx context.Context, conn *pgx.Conn, name, value string) error {
	err := undone(ctx, conn, "ALTER ROLE CURRENT_USER SET "+name+" = "+literal(value))
	if err != nil {
		return fmt.Errorf("the parameter %s of the plan: %w; for a parameter of superusers: GRANT SET ON PARAMETER %s (PostgreSQL 15 and newer)", name, err, name)
	}
	return nil
}

// checkLocale tries a locale: CREATE DATABASE would fail late.
func checkLocale(ctx context.Context, conn *pgx.Conn, plan PlanSettings) error {
	if plan.Locale == "" {
		return nil
	}
	var encoding string
	if err := conn.QueryRow(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return err
	}
	if encoding != plan.Encoding {
		return nil // A locale is for one encoding, so that it cannot be tried here.
	}
	if err := undone(ctx, conn, "CREATE COLLATION pg_temp.openbroker_probe (locale = "+literal(plan.Locale)+")"); err != nil {
		return fmt.Errorf("the locale %s of the plan: %w", plan.Locale, err)
	}
	return nil
}

// undone runs a statement in a transaction that it rolls back.
func undone(ctx context.Context, conn *pgx.Conn, statement string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, statement)
	if back := tx.Rollback(ctx); err == nil {
		err = back
	}
	return err
}
