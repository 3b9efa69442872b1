package sqlitestore

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker/durable"
)

const (
	insertInstance = `INSERT INTO instances (platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at)
		VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	updateInstance = `UPDATE instances SET revision = revision + 1, status = ?, service_id = ?, plan_id = ?, data = ?, updated_at = ?
		WHERE platform = ? AND instance_id = ? AND revision = ?`
	replaceInstance = `UPDATE instances SET revision = revision + 1, status = ?, service_id = ?, plan_id = ?, data = ?, updated_at = ?
		WHERE platform = ? AND instance_id = ?`
	reviseInstance = `UPDATE instances SET revision = revision + 1, updated_at = ? WHERE platform = ? AND instance_id = ?`

	putBinding = `INSERT INTO bindings (platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?9, ?9) ON CONFLICT DO UPDATE SET
			status = excluded.status, service_id = excluded.service_id, plan_id = excluded.plan_id,
			expires_at = excluded.expires_at, data = excluded.data, updated_at = excluded.updated_at`

	cancelOperation = `UPDATE operations SET updated_at = ?1, slot = 'c' || id,
			data = CASE WHEN lease_until = 0 THEN NULL ELSE data END, checkpoint = CASE WHEN lease_until = 0 THEN NULL ELSE checkpoint END,
			state = CASE WHEN lease_until = 0 THEN 'failed' ELSE 'cancelling' END,
			finished_at = CASE WHEN lease_until = 0 THEN ?1 ELSE 0 END
		WHERE id = ?2 AND platform = ?3 AND instance_id = ?4 AND state = 'active'`
	supersedeOperations = `UPDATE operations SET last = 0 WHERE platform = ? AND instance_id = ? AND binding_id = ? AND last = 1`
	insertOperation     = `INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, last, slot, state, generation, attempt, failures,
			owner, lease_until, not_before, deadline, description, failure, data, checkpoint, created_at, updated_at, finished_at,
			audit, audit_names, audit_chain, audit_seq)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'active', ?9, ?9, 0, ?10, ?11, ?12, ?13, '', NULL, ?14, NULL, ?15, ?15, 0, ?16, ?17, ?18, ?19)`
)

// Accept implements [durable.Store].
func (s *Store) Accept(ctx context.Context, a *durable.Acceptance) error {
	err := s.write(ctx, func(w *session) error { return accept(w, a, s.micros()) })
	if err == nil {
		s.hint()
	}
	return err
}

func accept(w *session, a *durable.Acceptance, now int64) error {
	if err := acceptInstance(w, a, now); err != nil {
		return err
	}
	if a.Binding != nil {
		if err := writeBinding(w, a.Binding, now); err != nil {
			return err
		}
	}
	key := a.Instance.Key
	if a.Cancel != "" {
		changed, err := w.exec(cancelOperation, now, a.Cancel, key.Platform, key.InstanceID)
		if err != nil {
			return err
		}
		if changed == 0 {
			return durable.ErrConflict
		}
	}
	if a.Audit != nil {
		if err := w.recordEntry(a.Audit); err != nil {
			return err
		}
	}
	if a.Operation == nil {
		return nil
	}
	return begin(w, a.Operation, now)
}

// acceptInstance writes the instance if it has the expected revision. It comes first
// in an acceptance: when it is refused, nothing has been written.
func acceptInstance(w *session, a *durable.Acceptance, now int64) error {
	r := &a.Instance
	var changed int64
	var err error
	if a.Expect == 0 {
		changed, err = w.exec(insertInstance, r.Key.Platform, r.Key.InstanceID, string(r.Status), r.ServiceID, r.PlanID, r.Data, now, now)
	} else {
		changed, err = w.exec(updateInstance, string(r.Status), r.ServiceID, r.PlanID, r.Data, now, r.Key.Platform, r.Key.InstanceID, a.Expect)
	}
	if err == nil && changed == 0 {
		return refuse(durable.ErrConflict)
	}
	return err
}

func writeBinding(w *session, r *durable.BindingRecord, now int64) error {
	_, err := w.exec(putBinding, r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, string(r.Status), r.ServiceID, r.PlanID,
		toMicros(r.ExpiresAt), r.Data, now)
	return err
}

// begin inserts an operation. It returns ErrConflict if another operation has the
// slot, which the engine should have detected.
func begin(w *session, o *durable.OperationSpec, now int64) error {
	if !o.Internal {
		if _, err := w.exec(supersedeOperations, o.Key.Platform, o.Key.InstanceID, o.Key.BindingID); err != nil {
			return err
		}
	}
	slot, claims := "", 0
	if o.Parallel {
		slot = "b" + o.Key.BindingID
	}
	if o.Owner != "" {
		claims = 1
	}
	if o.Audit != nil {
		if err := w.record(o.Audit); err != nil {
			return err
		}
	}
	_, err := w.exec(insertOperation, append([]any{
		o.ID, o.Key.Platform, o.Key.InstanceID, o.Key.BindingID, string(o.Kind), o.Internal, !o.Internal, slot,
		claims, o.Owner, after(now, o.Lease), after(now, o.Delay), after(now, o.Timeout), o.Data, now,
	}, trailOf(o.Audit)...)...)
	if isDuplicate(err) {
		return durable.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("insert operation: %w", err)
	}
	return nil
}
