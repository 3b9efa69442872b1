package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/openbroker/openbroker/durable"
)

const (
	defaultLimit = 100

	// platforms selects the platforms of instances, with one search in the index for each.
	platforms = `WITH RECURSIVE p (name) AS (
			SELECT min(platform) FROM instances
			UNION ALL SELECT (SELECT min(platform) FROM instances WHERE platform > p.name) FROM p WHERE p.name IS NOT NULL
		) SELECT name FROM p WHERE name IS NOT NULL`

	selectExpired = `SELECT ` + bindingColumns + ` FROM bindings AS b INDEXED BY bindings_expiry
		WHERE status = 'ready' AND expires_at <> 0 AND expires_at <= ? AND NOT EXISTS (
			SELECT 1 FROM operations AS o INDEXED BY operations_open
			WHERE o.finished_at = 0 AND o.platform = b.platform AND o.instance_id = b.instance_id)
		ORDER BY expires_at LIMIT ?`
)

// Expired implements [durable.Store]. It orders the bindings by expiry.
func (s *Store) Expired(ctx context.Context, limit int) ([]durable.BindingRecord, error) {
	var records []durable.BindingRecord
	err := s.read(ctx, func(r *session) error {
		return r.query(collect(&records, scanBinding), selectExpired, s.micros(), max(limit, 0))
	})
	return records, err
}

// Instances implements [durable.Store]. Ids are ordered as bytes.
func (s *Store) Instances(ctx context.Context, f durable.Filter) ([]durable.InstanceRecord, error) {
	var q listQuery
	q.equal("platform", f.Platform)
	if f.Platform == "" && f.InstanceID != "" {
		q.where("platform IN (" + platforms + ")") // Use the primary key.
	}
	q.equal("instance_id", f.InstanceID)
	q.equal("service_id", f.ServiceID)
	q.equal("plan_id", f.PlanID)
	q.equal("status", string(f.Status))
	if f.After != (durable.Key{}) {
		q.where("(platform, instance_id) > (?, ?)", f.After.Platform, f.After.InstanceID)
	}
	return list(ctx, s, q.page(`SELECT `+instanceColumns+` FROM instances`, "platform, instance_id", f.Limit), q.args, scanInstance)
}

// Bindings implements [durable.Store]. Ids are ordered as bytes.
func (s *Store) Bindings(ctx context.Context, f durable.Filter) ([]durable.BindingRecord, error) {
	var q listQuery
	q.equal("platform", f.Platform)
	q.equal("instance_id", f.InstanceID)
	q.equal("binding_id", f.BindingID)
	q.equal("service_id", f.ServiceID)
	q.equal("plan_id", f.PlanID)
	q.equal("status", string(f.Status))
	if f.After != (durable.Key{}) {
		q.where("(platform, instance_id, binding_id) > (?, ?, ?)", f.After.Platform, f.After.InstanceID, f.After.BindingID)
	}
	return list(ctx, s, q.page(`SELECT `+bindingColumns+` FROM bindings`, "platform, instance_id, binding_id", f.Limit), q.args, scanBinding)
}

// Operations implements [durable.Store]. It returns ErrNotFound if the operation
// f.AfterID or f.FromID was pruned: start the list again then.
func (s *Store) Operations(ctx context.Context, f durable.Filter) ([]durable.OperationRecord, error) {
	var q listQuery
	if f.InstanceID == "" {
		q.equal("+platform", f.Platform) // The index of keys would select nearly all, and then sort.
	} else {
		q.equal("platform", f.Platform)
		if f.Platform == "" {
			q.where("platform IN (" + platforms + ")") // Use the index of the keys.
		}
	}
	q.equal("instance_id", f.InstanceID)
	q.equal("binding_id", f.BindingID)
	q.equal("kind", string(f.Kind))
	if f.State == durable.OperationFailed {
		q.where("state = 'failed'") // Use the index of the failures.
	} else {
		q.equal("state", string(f.State))
	}
	if f.State == durable.OperationActive || f.State == durable.OperationCancelling {
		q.where("finished_at = 0") // Use the index of the few open operations.
	}
	if f.AfterID != "" {
		seq, err := s.sequence(ctx, f.AfterID)
		if err != nil {
			return nil, err
		}
		q.where("seq < ?", seq)
	}
	if f.FromID != "" {
		seq, err := s.sequence(ctx, f.FromID)
		if err != nil {
			return nil, err
		}
		q.where("seq >= ?", seq)
	}
	return list(ctx, s, q.page(`SELECT `+operationColumns+` FROM operations`, "seq DESC", f.Limit), q.args, scanOperation)
}

// OperationWindow implements [admin.Store].
func (s *Store) OperationWindow(ctx context.Context, after string, operations int) (from string, err error) {
	var q listQuery
	if after != "" {
		seq, err := s.sequence(ctx, after)
		if err != nil {
			return "", err
		}
		q.where("seq < ?", seq)
	}
	const last = 2 // The last of the window, and an older one.
	text := q.page("SELECT id FROM operations", "seq DESC", last) + " OFFSET ?"
	found, err := list(ctx, s, text, append(q.args, operations-1), scanText)
	if err != nil || len(found) < last {
		return "", err
	}
	return found[0], nil
}

func (s *Store) sequence(ctx context.Context, id string) (int64, error) {
	var seq int64
	err := s.read(ctx, func(r *session) error {
		err := r.queryRow(`SELECT seq FROM operations WHERE id = ?`, id).Scan(&seq)
		if errors.Is(err, sql.ErrNoRows) {
			return durable.ErrNotFound
		}
		return err
	})
	return seq, err
}

// A listQuery collects the conditions of a list.
type listQuery struct {
	conditions []string
	args       []any
}

func (q *listQuery) where(condition string, args ...any) {
	q.conditions = append(q.conditions, condition)
	q.args = append(q.args, args...)
}

func (q *listQuery) equal(column, value string) {
	if value != "" {
		q.where(column+" = ?", value)
	}
}

func (q *listQuery) page(query, order string, limit int) string {
	if len(q.conditions) > 0 {
		query += " WHERE " + strings.Join(q.conditions, " AND ")
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	q.args = append(q.args, limit)
	return query + " ORDER BY " + order + " LIMIT ?"
}

// list runs a query that is not prepared, because there are too many variants.
// Such a query may take long, so it stops when ctx ends.
func list[T any](ctx context.Context, s *Store, query string, args []any, scan func(scanner) (T, error)) ([]T, error) {
	var records []T
	err := s.read(ctx, func(r *session) error {
		rows, err := r.conn.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		return forEach(rows, collect(&records, scan))
	})
	return records, err
}
