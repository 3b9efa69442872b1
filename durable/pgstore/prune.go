package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

// OFFSET 0 does not change the result. It prevents PostgreSQL from turning EXISTS
// into a join, which would read all open operations for each record.
const (
	pruneOperations = `WITH gone AS (
			DELETE FROM operations WHERE seq IN (
				SELECT seq FROM operations WHERE finished_at IS NOT NULL AND NOT kept AND finished_at < statement_timestamp() - $1::interval
				ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)
			RETURNING ` + goneColumns + `
		), trail AS (` + keptEntries + `) SELECT count(*) FROM gone`

	// A record is deleted with its operations, under the lock of the instance.
	pruneBindings = `WITH old AS (
			SELECT b.platform, b.instance_id, b.binding_id FROM bindings b JOIN instances i ON i.platform = b.platform AND i.instance_id = b.instance_id
			WHERE b.deleted_at IS NOT NULL AND b.deleted_at < statement_timestamp() - $1::interval
				AND NOT EXISTS (SELECT FROM operations o
					WHERE o.finished_at IS NULL AND o.platform = b.platform AND o.instance_id = b.instance_id AND o.binding_id = b.binding_id OFFSET 0)
			ORDER BY b.deleted_at LIMIT $2 FOR UPDATE OF i, b SKIP LOCKED
		), gone AS (
			DELETE FROM operations o USING old WHERE o.platform = old.platform AND o.instance_id = old.instance_id AND o.binding_id = old.binding_id
			RETURNING ` + oldColumns + `
		), trail AS (` + keptEntries + `), records AS (
			DELETE FROM bindings b USING old WHERE b.platform = old.platform AND b.instance_id = old.instance_id AND b.binding_id = old.binding_id RETURNING 1
		) SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM records)`

	// An instance is deleted after its bindings.
	pruneInstances = `WITH old AS (
			SELECT i.platform, i.instance_id FROM instances i
			WHERE i.deleted_at IS NOT NULL AND i.deleted_at < statement_timestamp() - $1::interval
				AND NOT EXISTS (SELECT FROM bindings b WHERE b.platform = i.platform AND b.instance_id = i.instance_id OFFSET 0)
				AND NOT EXISTS (SELECT FROM operations o WHERE o.finished_at IS NULL AND o.platform = i.platform AND o.instance_id = i.instance_id OFFSET 0)
			ORDER BY i.deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
		), gone AS (
			DELETE FROM operations o USING old WHERE o.platform = old.platform AND o.instance_id = old.instance_id RETURNING ` + oldColumns + `
		), trail AS (` + keptEntries + `), records AS (
			DELETE FROM instances i USING old WHERE i.platform = old.platform AND i.instance_id = old.instance_id RETURNING 1
		) SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM records)`

	selectExpired = `SELECT ` + bindingColumns + ` FROM bindings b
		WHERE b.status = 'ready' AND b.expires_at IS NOT NULL AND b.expires_at <= statement_timestamp()
			AND NOT EXISTS (SELECT FROM operations o WHERE o.finished_at IS NULL AND o.platform = b.platform AND o.instance_id = b.instance_id OFFSET 0)
		ORDER BY b.expires_at LIMIT $1`
)

// Prune implements [durable.Store]. The result includes the operations that are
// deleted with their record; the limit does not.
func (s *Store) Prune(ctx context.Context, retention time.Duration, limit int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var pruned int
	batch := &pgx.Batch{}
	for _, statement := range []string{pruneOperations, pruneBindings, pruneInstances} {
		batch.Queue(statement, retention, max(limit, 0)).QueryRow(func(row pgx.Row) error {
			var count int
			err := row.Scan(&count)
			pruned += count
			return err
		})
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("pgstore: prune: %w", err)
	}
	return pruned, nil
}

// Expired implements [durable.Store]. It orders the bindings by expiry.
func (s *Store) Expired(ctx context.Context, limit int) ([]durable.BindingRecord, error) {
	return query(ctx, s, "expired", scanBinding, selectExpired, max(limit, 0))
}
