package sqlitestore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/openbroker/openbroker/durable"
)

const (
	// Both have the same fence.
	continueOperation = `UPDATE operations SET updated_at = ?1,
			description = coalesce(?2, description), failure = coalesce(?3, failure), checkpoint = coalesce(?4, checkpoint),
			failures = failures + ?5,
			owner = CASE WHEN ?6 THEN '' ELSE owner END,
			lease_until = CASE WHEN ?6 THEN 0 ELSE lease_until END,
			not_before = CASE WHEN ?6 THEN ?7 ELSE not_before END
		WHERE id = ?8 AND generation = ?9 AND finished_at = 0 AND lease_until <> 0 AND (state = 'active' OR ?10)
			AND platform = ?11 AND instance_id = ?12 AND binding_id = ?13`
	endOperation = `UPDATE operations SET updated_at = ?1,
			description = coalesce(?2, description), failure = coalesce(?3, failure), data = NULL, checkpoint = NULL,
			failures = failures + ?4, owner = '', lease_until = 0, not_before = 0, state = ?5, finished_at = ?1
		WHERE id = ?6 AND generation = ?7 AND finished_at = 0 AND lease_until <> 0 AND (state = 'active' OR ?8)
			AND platform = ?9 AND instance_id = ?10 AND binding_id = ?11`
	returnRevision = ` RETURNING revision`
	operationFence = `SELECT generation, state FROM operations WHERE id = ? AND platform = ? AND instance_id = ? AND binding_id = ?`
)

// Advance implements [durable.Store].
func (s *Store) Advance(ctx context.Context, a *durable.Advance) error {
	err := s.write(ctx, func(w *session) error { return advance(w, a, s.micros()) })
	if err == nil && (a.Release || a.Next != nil || ends(a)) {
		s.hint()
	}
	return err
}

func ends(a *durable.Advance) bool { return a.State != "" && a.State != durable.OperationActive }

func advance(w *session, a *durable.Advance, now int64) error {
	if err := advanceOperation(w, a, now); err != nil {
		return err
	}
	if a.Binding != nil {
		if err := writeBinding(w, a.Binding, now); err != nil {
			return err
		}
	}
	if err := advanceInstance(w, a, now); err != nil {
		return err
	}
	if a.Next == nil {
		return nil
	}
	return begin(w, a.Next, now)
}

// advanceOperation changes the operation if the worker still has it. It comes first
// in an advance: when it is refused, nothing has been written.
func advanceOperation(w *session, a *durable.Advance, now int64) error {
	var description any
	if a.Description != nil {
		description = *a.Description
	}
	failures := 0
	if a.Failed {
		failures = 1
	}
	key := a.Key
	var changed int64
	var err error
	if ends(a) {
		changed, err = w.exec(endOperation, now, description, a.Failure, failures, string(a.State),
			a.Fence.OperationID, a.Fence.Generation, a.Cancelled, key.Platform, key.InstanceID, key.BindingID)
	} else {
		changed, err = w.exec(continueOperation, now, description, a.Failure, a.Checkpoint, failures, a.Release, after(now, a.Delay),
			a.Fence.OperationID, a.Fence.Generation, a.Cancelled, key.Platform, key.InstanceID, key.BindingID)
	}
	if err != nil || changed > 0 {
		return err
	}
	return whyFenced(w, a)
}

// whyFenced returns why the worker cannot advance the operation.
func whyFenced(w *session, a *durable.Advance) error {
	var generation int64
	var state durable.OperationState
	err := w.queryRow(operationFence, a.Fence.OperationID, a.Key.Platform, a.Key.InstanceID, a.Key.BindingID).Scan(&generation, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return refuse(durable.ErrFenced)
	case err != nil:
		return err
	case generation == a.Fence.Generation && state == durable.OperationCancelling:
		return refuse(durable.ErrCancelling)
	default:
		return refuse(durable.ErrFenced)
	}
}

// advanceInstance increases the revision if the advance changes a record on which
// the engine bases decisions.
func advanceInstance(w *session, a *durable.Advance, now int64) error {
	a.Revision = 0
	var changed scanner
	switch r := a.Instance; {
	case r != nil:
		changed = w.queryRow(replaceInstance+returnRevision, string(r.Status), r.ServiceID, r.PlanID, r.Data, now, a.Key.Platform, a.Key.InstanceID)
	case ends(a) || a.Binding != nil || a.Next != nil:
		changed = w.queryRow(reviseInstance+returnRevision, now, a.Key.Platform, a.Key.InstanceID)
	default:
		return nil
	}
	err := changed.Scan(&a.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return durable.ErrConflict // Unreachable: the foreign key keeps the instance.
	}
	return err
}
