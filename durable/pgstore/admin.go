package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
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
)

// Intervene implements [admin.Store].
func (s *Store) Intervene(ctx context.Context, i *admin.Intervention) error {
	if err := checkKeys(i.Audit.Key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	written := i.Audit
	l, err := s.nextLink(ctx, nil)
	if err != nil {
		return fmt.Errorf("pgstore: intervene: %w", err)
	}
	var hash audit.Hash
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// A single change in its transaction may wait for locks.
		if _, err := tx.Exec(ctx, waitForLocks, milliseconds(s.timeout)); err != nil {
			return err
		}
		err := intervene(ctx, tx, i, &written)
		if err == nil {
			hash, err = l.record(ctx, tx, &written)
		}
		return err
	})
	l.end(hash, err)
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

func intervene(ctx context.Context, tx pgx.Tx, i *admin.Intervention, entry *admin.AuditEntry) error {
	now, err := interveneInstance(ctx, tx, i)
	if err != nil {
		return err
	}
	entry.At = now.UTC()
	if i.Forget {
		if err := forget(ctx, tx, entry.Key); err != nil {
			return err
		}
	}
	var lease time.Duration
	if i.Change != nil {
		if lease, err = changeOperation(ctx, tx, entry.Key, i.Change, now); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT state FROM operations WHERE id = $1`, i.Change.ID).Scan(&entry.StateAfter); err != nil {
			return err
		}
	}
	if i.Binding != nil || i.Begin != nil {
		if err := writeRecords(ctx, tx, i, now, lease); err != nil {
			return err
		}
	}
	return nil
}

// record writes the entry of an intervention.
func (l *link) record(ctx context.Context, tx pgx.Tx, entry *admin.AuditEntry) (hash audit.Hash, err error) {
	record, err := admin.RecordOf(entry)
	if err != nil {
		return nil, err
	}
	return l.write(ctx, tx, record)
}

// write writes the batch of the chain with an entry.
func (l *link) write(ctx context.Context, tx pgx.Tx, record *audit.Record) (hash audit.Hash, err error) {
	l.add(record)
	b := &pgx.Batch{}
	for _, r := range l.records {
		b.Queue(insertEntry, entryArguments(r)...)
	}
	l.queue(b)
	results := tx.SendBatch(ctx, b)
	for range l.records {
		if _, err := results.Exec(); err != nil {
			return nil, errors.Join(err, ignoreSame(results.Close(), err))
		}
	}
	hash, err = l.scan(results.QueryRow())
	return hash, errors.Join(err, results.Close())
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
	where, args := `platform = $1 AND instance_id = $2`, []any{key.Platform, key.InstanceID}
	if key.BindingID != "" {
		where, args = where+` AND binding_id = $3`, append(args, key.BindingID)
	}
	b.Queue(`WITH gone AS (DELETE FROM operations WHERE `+where+` RETURNING `+goneColumns+`) `+keptEntries, args...)
	b.Queue(`DELETE FROM bindings WHERE `+where, args...)
	if key.BindingID == "" {
		b.Queue(`DELETE FROM instances WHERE platform = $1 AND instance_id = $2`, key.Platform, key.InstanceID)
	}
	return tx.SendBatch(ctx, b).Close()
}
