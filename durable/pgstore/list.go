package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

const (
	defaultLimit = 100

	// platforms selects the platforms of instances, with one search in the index for each.
	platforms = `WITH RECURSIVE p (name) AS (
			SELECT min(platform) FROM instances
			UNION ALL SELECT (SELECT min(platform) FROM instances WHERE platform > p.name) FROM p WHERE p.name IS NOT NULL
		) SELECT name FROM p WHERE name IS NOT NULL`
)

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
		q.where("(platform, instance_id) > (" + q.value(f.After.Platform) + ", " + q.value(f.After.InstanceID) + ")")
	}
	return list(ctx, s, &q, scanInstance, "SELECT "+instanceColumns+" FROM instances", "platform, instance_id", f.Limit)
}

// Bindings implements [durable.Store]. Ids are ordered as bytes.
func (s *Store) Bindings(ctx context.Context, f durable.Filter) ([]durable.BindingRecord, error) {
	var q listQuery
	// Each deletion of an instance asks for its bindings.
	q.prepared = f == durable.Filter{Platform: f.Platform, InstanceID: f.InstanceID, After: f.After, Limit: f.Limit} && f.Platform != "" && f.InstanceID != ""
	q.equal("platform", f.Platform)
	q.equal("instance_id", f.InstanceID)
	q.equal("binding_id", f.BindingID)
	q.equal("service_id", f.ServiceID)
	q.equal("plan_id", f.PlanID)
	q.equal("status", string(f.Status))
	if f.After != (durable.Key{}) {
		q.where("(platform, instance_id, binding_id) > (" + q.value(f.After.Platform) + ", " + q.value(f.After.InstanceID) + ", " + q.value(f.After.BindingID) + ")")
	}
	return list(ctx, s, &q, scanBinding, "SELECT "+bindingColumns+" FROM bindings", "platform, instance_id, binding_id", f.Limit)
}

// Operations implements [durable.Store]. It returns ErrNotFound if the operation
// f.AfterID or f.FromID was pruned: start the list again then.
func (s *Store) Operations(ctx context.Context, f durable.Filter) ([]durable.OperationRecord, error) {
	var q listQuery
	q.equal("platform", f.Platform)
	if f.Platform == "" && f.InstanceID != "" {
		q.where("platform IN (" + platforms + ")") // Use the index of the keys.
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
		q.where("finished_at IS NULL") // Use the index of the few open operations.
	}
	if f.AfterID != "" {
		seq, err := s.sequence(ctx, f.AfterID)
		if err != nil {
			return nil, err
		}
		q.where("seq < " + strconv.FormatInt(seq, 10))
	}
	if f.FromID != "" {
		seq, err := s.sequence(ctx, f.FromID)
		if err != nil {
			return nil, err
		}
		q.where("seq >= " + strconv.FormatInt(seq, 10))
	}
	return list(ctx, s, &q, scanOperation, "SELECT "+operationColumns+" FROM operations", "seq DESC", f.Limit)
}

// OperationWindow implements [admin.Store].
func (s *Store) OperationWindow(ctx context.Context, after string, operations int) (from string, err error) {
	where := ""
	if after != "" {
		seq, err := s.sequence(ctx, after)
		if err != nil {
			return "", err
		}
		where = " WHERE seq < " + strconv.FormatInt(seq, 10)
	}
	// The last of the window, and an older one.
	found, err := query(ctx, s, "operations", pgx.RowTo[string],
		"SELECT id FROM operations"+where+" ORDER BY seq DESC LIMIT 2 OFFSET "+strconv.Itoa(operations-1), pgx.QueryExecModeExec)
	if err != nil || len(found) < 2 { //nolint:mnd // See above.
		return "", err
	}
	return found[0], nil
}

func (s *Store) sequence(ctx context.Context, id string) (int64, error) {
	if !validText(id) {
		return 0, durable.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var seq int64
	err := s.pool.QueryRow(ctx, `SELECT seq FROM operations WHERE id = $1`, id).Scan(&seq)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, durable.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("pgstore: operations: %w", err)
	}
	return seq, nil
}

// A listQuery collects the conditions of a list.
type listQuery struct {
	conditions []string
	args       []any
	// prepared says that each connection prepares the query.
	prepared bool
	// impossible says that no record matches.
	impossible bool
}

func (q *listQuery) where(condition string) { q.conditions = append(q.conditions, condition) }

func (q *listQuery) value(v string) string {
	if !validText(v) {
		q.impossible = true
	}
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

func (q *listQuery) equal(column, value string) {
	if value != "" {
		q.where(column + " = " + q.value(value))
	}
}

// list runs a query. Most are not prepared, because there are too many variants. The
// limit is part of the text, so that the planner knows it.
func list[T any](ctx context.Context, s *Store, q *listQuery, scan pgx.RowToFunc[T], sql, order string, limit int) ([]T, error) {
	if q.impossible {
		return nil, nil
	}
	if len(q.conditions) > 0 {
		sql += " WHERE " + strings.Join(q.conditions, " AND ")
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	sql += " ORDER BY " + order + " LIMIT " + strconv.Itoa(limit)
	if q.prepared {
		return query(ctx, s, "list", scan, sql, q.args...)
	}
	return query(ctx, s, "list", scan, sql, append([]any{pgx.QueryExecModeExec}, q.args...)...)
}
