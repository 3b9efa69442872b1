package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/provider/internal/step"
)

// blocking is the condition for a prepared transaction p that blocks the deletion of the
// roles $1: it is theirs, or that of another tenant who grants them something in it.
const blocking = `(p.owner = ANY($1) OR p.owner ~ '^ob[a-z2-7]{26}([a-z2-7]{4}|_owner|_reader)$' AND EXISTS (
	SELECT 1 FROM pg_locks l JOIN pg_locks x USING (virtualtransaction) WHERE x.locktype = 'transactionid' AND x.transactionid = p.transaction AND x.granted
	AND l.locktype = 'object' AND l.classid = 'pg_authid'::regclass AND l.granted AND l.objid IN (SELECT oid FROM pg_roles WHERE rolname = ANY($1))))`

// rollBackPrepared rolls back the prepared transactions in the database of a connection
// that block the deletion of roles; without roles, all. Only their owner may do that,
// there, and they hold their locks until then.
func rollBackPrepared(ctx context.Context, conn *pgx.Conn, roles ...string) error {
	rows, err := conn.Query(ctx, `SELECT p.gid, coalesce(p.owner::text, '') FROM pg_prepared_xacts p
		WHERE p.database = current_database() AND (cardinality($1::text[]) = 0 OR `+blocking+`)`, append([]string{}, roles...))
	if err != nil {
		return err
	}
	type prepared struct{ ID, Owner string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[prepared])
	if err != nil {
		return err
	}
	for _, transaction := range found {
		if err := rollBackAs(ctx, conn, transaction.ID, transaction.Owner); err != nil {
			return fmt.Errorf("rolling back a prepared transaction of %q: %w", transaction.Owner, err)
		}
		if err := step.Done(ctx, "roll back a prepared transaction"); err != nil {
			return err
		}
	}
	return nil
}

// rollBackAs rolls back a prepared transaction, unless it is gone. Only a superuser can
// do that for an owner that is deleted.
func rollBackAs(ctx context.Context, conn *pgx.Conn, id, owner string) (err error) {
	if owner != "" {
		if _, err := conn.Exec(ctx, "SET ROLE "+identifier(owner)); err != nil {
			return err
		}
		defer func() {
			if _, reset := conn.Exec(ctx, "RESET ROLE"); err == nil {
				err = reset
			}
		}()
	}
	if _, err := conn.Exec(ctx, "ROLLBACK PREPARED "+literal(id)); !hasCode(err, codeNoObject) {
		return err
	}
	return nil
}
