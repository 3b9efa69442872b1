package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

var _ admin.Store = (*Store)(nil)

const (
	retryOperation = `UPDATE operations SET updated_at = $1, generation = generation + 1, owner = '', lease_until = NULL, not_before = NULL, failures = 0,
			deadline = CASE WHEN deadline IS NOT NULL THEN greatest(deadline, $2::timestamptz) END
		WHERE id = $3 AND platform = $4 AND instance_id = $5 AND state = 'active'`
	stopOperation = `UPDATE operations SET updated_at = $1, description = $2, failure = $3, slot = 'c' || id,
			data = CASE WHEN lease_until IS NULL THEN NULL ELSE data END, checkpoint = CASE WHEN lease_until IS NULL THEN NULL ELSE checkpoint END,
			state = CASE WHEN lease_until IS NULL THEN 'failed' ELSE 'cancelling' END,
			finished_at = CASE WHEN lease_until IS NULL THEN $1::timestamptz END
		WHERE id = $4 AND platform = $5 AND instance_id = $6 AND state = 'active'`
	failOperation = `UPDATE operations SET updated_at = $1, description = $2, failure = $3, generation = generation + 1,
			data = NULL, checkpoint = NULL, state = 'failed', finished_at = $1, owner = '', lease_until = NULL, not_before = NULL
		WHERE id = $4 AND platform = $5 AND instance_id = $6 AND finished_at IS NULL`

	insertAudit = `INSERT INTO audit (at, actor, reason, action, platform, instance_id, binding_id, operation_id, begun_id,
			status_before, status_after, state_before, state_after)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`
	auditColumns = `id, at, actor, reason, action, platform, instance_id, binding_id, operation_id, begun_id,
		status_before, status_after, state_before, state_after`
)

// Intervene implements [admin.Store].
func (s *Store) Intervene(ctx context.Context, i *admin.Intervention) error {
	if err := checkKeys(i.Audit.Key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	written := i.Audit
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// A single change in its transaction may wait for locks.
		if _, err := tx.Exec(ctx, waitForLocks, milliseconds(s.timeout)); err != nil {
			return err
		}
		return intervene(ctx, tx, i, &written)
	})
	if sqlState(err) == uniqueViolation {
		err = durable.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("pgstore: intervene: %w", err)
	}
	i.Audit = written
	// Notify immediately: the caller may close the store next.
	s.hints.notifyOnce(ctx)
	return nil
}

func intervene(ctx context.Context, tx pgx.Tx, i *admin.Intervention, audit *admin.AuditEntry) error {
	now, err := interveneInstance(ctx, tx, i)
	if err != nil {
		return err
	}
	audit.At = now.UTC()
	if i.Forget {
		if err := forget(ctx, tx, audit.Key); err != nil {
			return err
		}
	}
	var lease time.Duration
	if i.Change != nil {
		if lease, err = changeOperation(ctx, tx, audit.Key, i.Change, now); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT state FROM operations WHERE id = $1`, i.Change.ID).Scan(&audit.StateAfter); err != nil {
			return err
		}
	}
	if i.Binding != nil || i.Begin != nil {
		if err := writeRecords(ctx, tx, i, now, lease); err != nil {
			return err
		}
	}
	return tx.QueryRow(ctx, insertAudit, append([]any{now}, auditArguments(audit)...)...).Scan(&audit.ID)
}

// interveneInstance adds the guard. It locks the instance before its operations, as
// all changes do, and returns the time of the change.
func interveneInstance(ctx context.Context, tx pgx.Tx, i *admin.Intervention) (time.Time, error) {
	s := &statement{}
	values := "updated_at = clock_timestamp()"
	if i.Instance != nil {
		values = s.instanceValues(i.Instance, "clock_timestamp()")
	}
	s.add("guard", `UPDATE instances i SET revision = i.revision + 1, `+values+`
		WHERE `+s.instanceIs("i", i.Audit.Key)+` AND i.revision = `+s.number(i.Expect)+` RETURNING i.updated_at`)
	var now time.Time
	err := tx.QueryRow(ctx, s.sql(), s.args...).Scan(&now)
	if errors.Is(err, pgx.ErrNoRows) {
		err = durable.ErrConflict
	}
	return now, err
}

// changeOperation changes the operation. If that ends the operation, it returns
// the remaining time of its lease.
func changeOperation(ctx context.Context, tx pgx.Tx, key durable.Key, c *admin.OperationChange, now time.Time) (time.Duration, error) {
	var leased time.Time
	err := tx.QueryRow(ctx, `SELECT lease_until FROM operations WHERE id = $1 FOR NO KEY UPDATE`, c.ID).Scan(timestamp{&leased})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, durable.ErrConflict
	}
	if err != nil {
		return 0, err
	}
	query, args := failOperation, []any{now, storable(c.Description), c.Failure}
	switch c.State {
	case durable.OperationActive:
		var deadline *time.Time
		if c.Timeout > 0 {
			later := now.Add(c.Timeout)
			deadline = &later
		}
		query, args, leased = retryOperation, []any{now, deadline}, time.Time{}
	case durable.OperationCancelling:
		query, leased = stopOperation, time.Time{}
	case durable.OperationFailed:
	case durable.OperationSucceeded:
		return 0, durable.ErrConflict
	}
	tag, err := tx.Exec(ctx, query, append(args, c.ID, key.Platform, key.InstanceID)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = durable.ErrConflict
	}
	return max(leased.Sub(now), 0), err
}

// writeRecords writes the binding and begins the operation.
func writeRecords(ctx context.Context, tx pgx.Tx, i *admin.Intervention, now time.Time, lease time.Duration) error {
	s := &statement{}
	s.add("guard", `SELECT `+s.at(now)+` AS now`)
	if i.Binding != nil {
		s.putBinding(i.Binding)
	}
	if i.Begin != nil {
		next := *i.Begin
		next.Delay = max(next.Delay, lease)
		s.begin(&next, "guard", "")
	}
	_, err := tx.Exec(ctx, s.sql(), s.args...)
	return err
}

func forget(ctx context.Context, tx pgx.Tx, key durable.Key) error {
	b := &pgx.Batch{}
	for _, table := range []string{"operations", "bindings"} {
		if key.BindingID != "" {
			b.Queue(`DELETE FROM `+table+` WHERE platform = $1 AND instance_id = $2 AND binding_id = $3`, key.Platform, key.InstanceID, key.BindingID)
		} else {
			b.Queue(`DELETE FROM `+table+` WHERE platform = $1 AND instance_id = $2`, key.Platform, key.InstanceID)
		}
	}
	if key.BindingID == "" {
		b.Queue(`DELETE FROM instances WHERE platform = $1 AND instance_id = $2`, key.Platform, key.InstanceID)
	}
	return tx.SendBatch(ctx, b).Close()
}

// auditArguments returns the values of an entry, beginning with its actor.
func auditArguments(e *admin.AuditEntry) []any {
	return []any{
		storable(e.Actor), storable(e.Reason), string(e.Action), e.Platform, e.InstanceID, e.BindingID, e.OperationID, e.BegunID,
		string(e.StatusBefore), string(e.StatusAfter), string(e.StateBefore), string(e.StateAfter),
	}
}

func scanAudit(row pgx.CollectableRow) (admin.AuditEntry, error) {
	var e admin.AuditEntry
	err := row.Scan(&e.ID, timestamp{&e.At}, &e.Actor, &e.Reason, &e.Action, &e.Platform, &e.InstanceID, &e.BindingID, &e.OperationID, &e.BegunID,
		&e.StatusBefore, &e.StatusAfter, &e.StateBefore, &e.StateAfter)
	return e, err
}

// AuditTrail implements [admin.Store].
func (s *Store) AuditTrail(ctx context.Context, f admin.AuditFilter) ([]admin.AuditEntry, error) {
	var q listQuery
	q.equal("platform", f.Platform)
	q.equal("instance_id", f.InstanceID)
	q.equal("binding_id", f.BindingID)
	q.equal("actor", f.Actor)
	q.equal("action", string(f.Action))
	if f.OperationID != "" {
		id := q.value(f.OperationID)
		q.where("(operation_id = " + id + " OR begun_id = " + id + ")")
	}
	if f.Before != 0 {
		q.where("id < " + strconv.FormatInt(f.Before, 10))
	}
	return list(ctx, s, &q, scanAudit, "SELECT "+auditColumns+" FROM audit", "id DESC", f.Limit)
}
