package pgstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

var _ durable.Counter = (*Store)(nil)

const (
	countOpen = `SELECT kind, state, count(*), greatest(0, extract(epoch FROM clock_timestamp() - min(created_at)))::float8
		FROM operations WHERE state IN ('active', 'cancelling') GROUP BY kind, state ORDER BY kind, state`
	// One statement reads one snapshot.
	countRecords = `SELECT true, service_id, plan_id, status, count(*) FROM instances WHERE deleted_at IS NULL GROUP BY service_id, plan_id, status
		UNION ALL SELECT false, service_id, plan_id, status, count(*) FROM bindings WHERE deleted_at IS NULL GROUP BY service_id, plan_id, status
		ORDER BY 1 DESC, 2, 3, 4`
	// limitCount replaces the statement_timeout of the session, which is short.
	limitCount = `SELECT set_config('statement_timeout', $1, true)`
)

// countTimeout limits CountRecords, which may read all records.
const countTimeout = 5 * time.Minute

// CountOpen implements [durable.Counter].
func (s *Store) CountOpen(ctx context.Context) ([]durable.OpenCount, error) {
	return query(ctx, s, "count", func(row pgx.CollectableRow) (durable.OpenCount, error) {
		var c durable.OpenCount
		var oldest float64
		err := row.Scan(&c.Kind, &c.State, &c.Count, &oldest)
		c.Oldest = time.Duration(oldest * float64(time.Second))
		return c, err
	}, countOpen)
}

// CountRecords implements [durable.Counter]. PostgreSQL reads both tables.
func (s *Store) CountRecords(ctx context.Context) (instances, bindings []durable.RecordCount, err error) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, limitCount, strconv.FormatInt(countTimeout.Milliseconds(), 10)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, countRecords)
		if err != nil {
			return err
		}
		var c durable.RecordCount
		var ofInstances bool
		_, err = pgx.ForEachRow(rows, []any{&ofInstances, &c.ServiceID, &c.PlanID, &c.Status, &c.Count}, func() error {
			if ofInstances {
				instances = append(instances, c)
			} else {
				bindings = append(bindings, c)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("pgstore: count: %w", err)
	}
	return instances, bindings, nil
}
