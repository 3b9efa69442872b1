package sqlitestore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

const (
	// isStuck has the parameters ?1, which is now, and ?2, before which an operation
	// must have had a worker.
	isStuck = `(deadline <> 0 AND deadline <= ?1 OR lease_until <= ?2 AND updated_at <= ?2)`

	// countOpen has a row for each owner of a lease, and one with an empty owner for the
	// operations without a lease.
	countOpen = `SELECT CASE WHEN lease_until > ?1 THEN owner ELSE '' END AS holder, count(*), min(created_at),
			sum(lease_until > ?1), sum(state = 'cancelling'), sum(failures > 0), sum(` + isStuck + `)
		FROM (
			SELECT owner, created_at, updated_at, lease_until, deadline, state, failures FROM operations INDEXED BY operations_queue
			WHERE finished_at = 0 ORDER BY seq LIMIT ?3
		) GROUP BY holder ORDER BY holder`
	countStatus = `SELECT count(*) FROM (SELECT 1 FROM instances INDEXED BY instances_status WHERE status = ? LIMIT ?)`
	countFailed = `SELECT count(*) FROM (SELECT finished_at FROM operations WHERE state = 'failed' ORDER BY seq DESC LIMIT ?) WHERE finished_at > ?`
)

// Summarize implements [admin.Store].
func (s *Store) Summarize(ctx context.Context, scope admin.SummaryScope) (*admin.Summary, error) {
	summary := &admin.Summary{Instances: map[durable.RecordStatus]int{}}
	err := s.read(ctx, func(r *session) (err error) {
		// A transaction reads one snapshot of the database.
		if _, err := r.exec("BEGIN"); err != nil {
			return err
		}
		err = summarize(ctx, r.conn, scope, s.micros(), summary)
		_, endErr := r.exec("ROLLBACK")
		return errors.Join(err, endErr)
	})
	if err != nil {
		return nil, err
	}
	return summary, nil
}

func summarize(ctx context.Context, conn *sql.Conn, scope admin.SummaryScope, now int64, summary *admin.Summary) error {
	summary.Now = fromMicros(now)
	rows, err := conn.QueryContext(ctx, countOpen, now, now-scope.Idle.Microseconds(), scope.Cap)
	if err != nil {
		return err
	}
	var oldest int64
	if err := forEach(rows, func(row scanner) error {
		var held admin.Summary
		var holder string
		var first int64
		err := row.Scan(&holder, &held.Open, &first, &held.Running, &held.Cancelling, &held.Retrying, &held.Stuck)
		if oldest == 0 || first < oldest {
			oldest = first
		}
		summary.Open += held.Open
		summary.Running += held.Running
		summary.Cancelling += held.Cancelling
		summary.Retrying += held.Retrying
		summary.Stuck += held.Stuck
		if holder != "" {
			summary.Replicas = append(summary.Replicas, admin.Replica{Name: holder, Operations: held.Open})
		}
		return err
	}); err != nil {
		return err
	}
	summary.OldestOpen = fromMicros(oldest)
	for _, status := range []durable.RecordStatus{
		durable.StatusCreating, durable.StatusReady, durable.StatusUpdating, durable.StatusDeleting, durable.StatusCreateFailed, durable.StatusDeleted,
	} {
		n := 0
		if err := conn.QueryRowContext(ctx, countStatus, string(status), scope.Cap).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			summary.Instances[status] = n
		}
	}
	return conn.QueryRowContext(ctx, countFailed, scope.Cap, now-scope.Recent.Microseconds()).Scan(&summary.Failed)
}

// Queue implements [admin.Store].
func (s *Store) Queue(ctx context.Context, f admin.QueueFilter) ([]durable.OperationRecord, error) {
	now := s.micros()
	var q listQuery
	if f.Stuck > 0 {
		q.where(isStuck, now, now-f.Stuck.Microseconds()) // Its parameters have numbers: it comes first.
	}
	q.where("finished_at = 0")
	if f.Retrying {
		q.where("failures > 0")
	}
	q.equal("platform", f.Platform)
	q.equal("instance_id", f.InstanceID)
	q.equal("kind", string(f.Kind))
	q.equal("state", string(f.State))
	if f.AfterID != "" {
		seq, err := s.sequence(ctx, f.AfterID)
		if err != nil {
			return nil, err
		}
		q.where("seq > ?", seq)
	}
	return list(ctx, s, q.page(`SELECT `+queueColumns+` FROM operations INDEXED BY operations_queue`, "seq", f.Limit), q.args, scanOperation)
}
