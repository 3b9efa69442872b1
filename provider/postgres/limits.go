package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// limitsLock is the name of the lock under which connections are promised.
const limitsLock = "the connections of the server"

// promised is how many connections all instances but one may use: the sum of the limits
// of their logins, and at least the limit of their plan, which the owner role keeps: it
// cannot log in, so that its limit has no effect.
const promised = `WITH logins AS (
	SELECT DISTINCT left(g.rolname, 28) AS home, l.oid, greatest(l.rolconnlimit, 0) AS connections
	FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
	WHERE g.rolname ~ '^ob[a-z2-7]{26}_(owner|reader)$' AND length(l.rolname) = 32 AND starts_with(l.rolname, 'ob')
), instances AS (
	SELECT left(o.rolname, 28) AS home, greatest(o.rolconnlimit, 0) AS reserved FROM pg_roles o WHERE o.rolname ~ '^ob[a-z2-7]{26}_owner$'
) SELECT coalesce(sum(greatest(i.reserved, (SELECT coalesce(sum(l.connections), 0) FROM logins l WHERE l.home = i.home))), 0)::bigint
	FROM instances i WHERE i.home <> $1`

// available is how many connections the server has for all but superusers.
const available = `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
	- coalesce(current_setting('reserved_connections', true), '0')::int`

// roomFor returns an error if the server has no connections for another so many of an
// instance.
func (p *Provider) roomFor(ctx context.Context, conn *pgx.Conn, n names, connections int) error {
	if p.overcommit == 0 || connections == 0 {
		return nil
	}
	var others, all int
	if err := conn.QueryRow(ctx, promised, n.home).Scan(&others); err != nil {
		return fmt.Errorf("summing up the limits of connections: %w", err)
	}
	if err := conn.QueryRow(ctx, available).Scan(&all); err != nil {
		return fmt.Errorf("reading the limits of the server: %w", err)
	}
	room := (all - int(p.server.pool.Config().MaxConns) - cap(p.server.slots)) * p.overcommit
	if others+connections > room {
		return openbroker.ErrServiceQuotaExceeded.WithDescription(
			"The server has no connections left for this plan: %d of %d are promised, and %d more are needed.", others, room, connections).
			WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	return nil
}

// reserve creates the owner role with the limit of the plan, if the server has room for
// it. Other operations wait for that, so that two cannot get the same connections.
func (s *session) reserve(ctx context.Context, p *Provider, n names, plan PlanSettings) error {
	return s.locked(ctx, limitsLock, func() error {
		inUse, err := s.inUse(ctx, n, "")
		if err != nil {
			return err
		}
		bindings := max(inUse.logins, 1)
		if err := p.roomFor(ctx, s.Conn, n, bindings*plan.ConnectionLimit); err != nil {
			return err
		}
		if err := s.createRole(ctx, n.owner); err != nil {
			return err
		}
		if err := execute(ctx, s.Conn, "ALTER ROLE "+identifier(n.owner)+" CONNECTION LIMIT "+strconv.Itoa(connectionLimit(plan.ConnectionLimit))); err != nil {
			return fmt.Errorf("keeping the limit of the plan: %w", err)
		}
		return step.Done(ctx, "keep the limit of the plan")
	})
}

// promise creates the login role of a binding with its limit, if the server has room for
// it.
func (s *session) promise(ctx context.Context, b *bind) error {
	return s.locked(ctx, limitsLock, func() error {
		inUse, err := s.inUse(ctx, b.n, b.login.name)
		if err != nil {
			return err
		}
		if err := b.p.roomFor(ctx, s.Conn, b.n, inUse.connections+b.login.limit); err != nil {
			return err
		}
		if err := s.createRole(ctx, b.login.name); err != nil {
			return err
		}
		if err := execute(ctx, s.Conn, "ALTER ROLE "+identifier(b.login.name)+" CONNECTION LIMIT "+strconv.Itoa(connectionLimit(b.login.limit))); err != nil {
			return fmt.Errorf("limiting the connections of the login: %w", err)
		}
		return step.Done(ctx, "limit the connections of the login")
	})
}

// use is what the logins of an instance may use.
type use struct{ logins, connections int }

// inUse sums up the logins of an instance, except one.
func (s *session) inUse(ctx context.Context, n names, except string) (use, error) {
	logins, err := s.logins(ctx, n)
	if err != nil {
		return use{}, err
	}
	var u use
	err = s.QueryRow(ctx, "SELECT count(*), coalesce(sum(greatest(rolconnlimit, 0)), 0) FROM pg_roles WHERE rolname = ANY($1) AND rolname <> $2", logins, except).
		Scan(&u.logins, &u.connections)
	return u, err
}
