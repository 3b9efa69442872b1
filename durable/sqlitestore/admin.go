package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

var _ admin.Store = (*Store)(nil)

const (
	reviseExpected = `UPDATE instances SET revision = revision + 1, updated_at = ? WHERE platform = ? AND instance_id = ? AND revision = ?`

	retryOperation = `UPDATE operations SET updated_at = ?1, generation = generation + 1, owner = '', lease_until = 0, not_before = 0, failures = 0,
			deadline = CASE WHEN deadline = 0 THEN 0 ELSE max(deadline, ?2) END
		WHERE id = ?3 AND platform = ?4 AND instance_id = ?5 AND state = 'active'`
	stopOperation = `UPDATE operations SET updated_at = ?1, description = ?2, failure = ?3, slot = 'c' || id,
			data = CASE WHEN lease_until = 0 THEN NULL ELSE data END, checkpoint = CASE WHEN lease_until = 0 THEN NULL ELSE checkpoint END,
			state = CASE WHEN lease_until = 0 THEN 'failed' ELSE 'cancelling' END,
			finished_at = CASE WHEN lease_until = 0 THEN ?1 ELSE 0 END
		WHERE id = ?4 AND platform = ?5 AND instance_id = ?6 AND state = 'active'`
	failOperation = `UPDATE operations SET updated_at = ?1, description = ?2, failure = ?3, generation = generation + 1,
			data = NULL, checkpoint = NULL, state = 'failed', finished_at = ?1, owner = '', lease_until = 0, not_before = 0
		WHERE id = ?4 AND platform = ?5 AND instance_id = ?6 AND finished_at = 0`
	selectLease = `SELECT lease_until FROM operations WHERE id = ?`
	selectState = `SELECT state FROM operations WHERE id = ?`

	deleteInstancesBindings = `DELETE FROM bindings WHERE platform = ? AND instance_id = ?`
)

// Intervene implements [admin.Store].
func (s *Store) Intervene(ctx context.Context, i *admin.Intervention) error {
	var written admin.AuditEntry
	err := s.write(ctx, func(w *session) (err error) {
		written, err = intervene(w, i, s.micros())
		return err
	})
	if err == nil {
		i.Audit = written
		s.hint()
	}
	return err
}

func intervene(w *session, i *admin.Intervention, now int64) (admin.AuditEntry, error) {
	audit := i.Audit
	audit.At = fromMicros(now)
	if err := interveneInstance(w, i, now); err != nil {
		return audit, err
	}
	if i.Forget {
		if err := forget(w, audit.Key); err != nil {
			return audit, err
		}
	}
	if i.Binding != nil {
		if err := writeBinding(w, i.Binding, now); err != nil {
			return audit, err
		}
	}
	var lease time.Duration
	if i.Change != nil {
		var err error
		if lease, err = changeOperation(w, audit.Key, i.Change, now); err != nil {
			return audit, err
		}
		if err := w.queryRow(selectState, i.Change.ID).Scan(&audit.StateAfter); err != nil {
			return audit, err
		}
	}
	if i.Begin != nil {
		next := *i.Begin
		next.Delay = max(next.Delay, lease)
		if err := begin(w, &next, now); err != nil {
			return audit, err
		}
	}
	record, err := admin.RecordOf(&audit)
	if err != nil {
		return audit, err
	}
	return audit, w.recordEntry(record)
}

// interveneInstance is the guard of an intervention. It comes first: when it is
// refused, nothing has been written.
func interveneInstance(w *session, i *admin.Intervention, now int64) error {
	key := i.Audit.Key
	var changed int64
	var err error
	if r := i.Instance; r != nil {
		changed, err = w.exec(updateInstance, string(r.Status), r.ServiceID, r.PlanID, r.Data, now, key.Platform, key.InstanceID, i.Expect)
	} else {
		changed, err = w.exec(reviseExpected, now, key.Platform, key.InstanceID, i.Expect)
	}
	if err == nil && changed == 0 {
		return refuse(durable.ErrConflict)
	}
	return err
}

// changeOperation changes the operation. If that ends the operation, it returns
// the remaining time of its lease.
func changeOperation(w *session, key durable.Key, c *admin.OperationChange, now int64) (time.Duration, error) {
	var leased int64
	if err := w.queryRow(selectLease, c.ID).Scan(&leased); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return 0, durable.ErrConflict
		}
		return 0, err
	}
	var changed int64
	var err error
	switch c.State {
	case durable.OperationActive:
		leased = 0
		changed, err = w.exec(retryOperation, now, after(now, c.Timeout), c.ID, key.Platform, key.InstanceID)
	case durable.OperationCancelling:
		leased = 0
		changed, err = w.exec(stopOperation, now, c.Description, c.Failure, c.ID, key.Platform, key.InstanceID)
	case durable.OperationFailed:
		changed, err = w.exec(failOperation, now, c.Description, c.Failure, c.ID, key.Platform, key.InstanceID)
	case durable.OperationSucceeded:
	}
	if err == nil && changed == 0 {
		err = durable.ErrConflict
	}
	return time.Duration(max(leased-now, 0)) * time.Microsecond, err
}

func forget(w *session, key durable.Key) error {
	var err error
	if key.BindingID != "" {
		_, err = deleteAll(w, []any{key.Platform, key.InstanceID, key.BindingID}, keepBindingEntries, deleteBindingOperations, deleteBinding)
	} else {
		_, err = deleteAll(w, []any{key.Platform, key.InstanceID}, keepInstanceEntries, deleteInstancesOperations, deleteInstancesBindings, deleteInstance)
	}
	return err
}
