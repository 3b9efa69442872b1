package sqlitestore

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
)

var _ durable.Counter = (*Store)(nil)

const (
	countOpenByKind = `SELECT kind, state, count(*), min(created_at) FROM operations INDEXED BY operations_queue
		WHERE finished_at = 0 GROUP BY kind, state ORDER BY kind, state`
	countInstances = `SELECT service_id, plan_id, status, count(*) FROM instances
		WHERE status <> 'deleted' GROUP BY service_id, plan_id, status ORDER BY service_id, plan_id, status`
	countBindings = `SELECT service_id, plan_id, status, count(*) FROM bindings
		WHERE status <> 'deleted' GROUP BY service_id, plan_id, status ORDER BY service_id, plan_id, status`
)

// CountOpen implements [durable.Counter].
func (s *Store) CountOpen(ctx context.Context) ([]durable.OpenCount, error) {
	now := s.micros()
	return list(ctx, s, countOpenByKind, nil, func(row scanner) (durable.OpenCount, error) {
		var c durable.OpenCount
		var oldest int64
		err := row.Scan(&c.Kind, &c.State, &c.Count, &oldest)
		c.Oldest = time.Duration(max(0, now-oldest)) * time.Microsecond
		return c, err
	})
}

// CountRecords implements [durable.Counter]. It reads both tables, but no data of the
// records.
func (s *Store) CountRecords(ctx context.Context) (instances, bindings []durable.RecordCount, err error) {
	scan := func(row scanner) (durable.RecordCount, error) {
		var c durable.RecordCount
		err := row.Scan(&c.ServiceID, &c.PlanID, &c.Status, &c.Count)
		return c, err
	}
	if instances, err = list(ctx, s, countInstances, nil, scan); err != nil {
		return nil, nil, err
	}
	bindings, err = list(ctx, s, countBindings, nil, scan)
	return instances, bindings, err
}
