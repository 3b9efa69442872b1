package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/durable"
)

// Accept implements [durable.Store].
func (s *Store) Accept(ctx context.Context, a *durable.Acceptance) error {
	if err := checkKeys(a.Instance.Key); err != nil {
		return err
	}
	c := newChange(a.Instance.Key, "", acceptStatement(a))
	c.revises = true
	c.hint = a.Cancel != "" || a.Operation != nil && a.Operation.Owner == ""
	passed, err := s.change(ctx, c)
	if err != nil {
		return fmt.Errorf("pgstore: accept: %w", err)
	}
	if !passed {
		return durable.ErrConflict
	}
	return nil
}

// acceptStatement returns the statement of an acceptance. Its guard is the revision
// of the instance.
func acceptStatement(a *durable.Acceptance) *statement {
	s := &statement{}
	s.acceptInstance(a)
	before := "guard"
	if a.Cancel != "" {
		// No worker has an operation without a lease, so it fails immediately. If
		// a worker claims it concurrently, PostgreSQL reads the row again and
		// finds the lease.
		before = "cancelled"
		s.add("cancelled", `UPDATE operations o SET updated_at = guard.now, slot = 'c' || o.id, kept = `+s.keeps(a.Operation)+`,
				state = CASE WHEN o.lease_until IS NULL THEN 'failed' ELSE 'cancelling' END,
				data = CASE WHEN o.lease_until IS NULL THEN NULL ELSE o.data END, checkpoint = CASE WHEN o.lease_until IS NULL THEN NULL ELSE o.checkpoint END,
				finished_at = CASE WHEN o.lease_until IS NULL THEN guard.now END
			FROM guard WHERE o.id = `+s.text(a.Cancel)+` AND o.state = 'active' RETURNING o.id`)
	}
	if a.Binding != nil {
		s.putBinding(a.Binding)
	}
	if a.Audit != nil {
		s.insertEntry(a.Audit)
	}
	if o := a.Operation; o != nil {
		if a.Expect == 0 && o.Key.BindingID == "" {
			s.insertOperation(o, before) // A new record has no earlier operations.
		} else {
			s.begin(o, before, a.Cancel)
		}
	}
	return s
}

// acceptInstance adds the guard.
func (s *statement) acceptInstance(a *durable.Acceptance) {
	r := &a.Instance
	cancels := "true"
	if a.Cancel != "" {
		// Ending or cancelling an operation increases the revision, too. If the
		// revision is as expected, this snapshot of the operation is still true.
		cancels = `EXISTS (SELECT FROM operations o WHERE o.id = ` + s.text(a.Cancel) + ` AND o.state = 'active'
			AND (o.platform, o.instance_id) IS NOT DISTINCT FROM (` + s.text(r.Key.Platform) + `, ` + s.text(r.Key.InstanceID) + `))`
	}
	if a.Expect == 0 {
		s.add("guard", `INSERT INTO instances (platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at, deleted_at)
			SELECT `+s.text(r.Key.Platform)+`, `+s.text(r.Key.InstanceID)+`, 1, `+s.text(string(r.Status))+`, `+s.text(r.ServiceID)+`, `+s.text(r.PlanID)+`,
				`+s.bytes(r.Data)+`, clock.now, clock.now, `+tombstone(r.Status, "clock.now")+`
			FROM (SELECT clock_timestamp() AS now) AS clock WHERE `+cancels+`
			ON CONFLICT DO NOTHING RETURNING updated_at AS now`)
		return
	}
	s.add("guard", `UPDATE instances i SET revision = i.revision + 1, `+s.instanceValues(r, "clock_timestamp()")+`
		WHERE `+s.instanceIs("i", r.Key)+` AND i.revision = `+s.number(a.Expect)+` AND `+cancels+`
		RETURNING i.updated_at AS now`)
}

// instanceValues returns the assignments that replace the record of an instance.
func (s *statement) instanceValues(r *durable.InstanceRecord, now string) string {
	return `status = ` + s.text(string(r.Status)) + `, service_id = ` + s.text(r.ServiceID) + `, plan_id = ` + s.text(r.PlanID) + `,
		data = ` + s.bytes(r.Data) + `, updated_at = ` + now + `, deleted_at = ` + tombstone(r.Status, now)
}

var errText = errors.New("pgstore: an id must be UTF-8 without NUL bytes")

// checkKeys refuses ids that PostgreSQL cannot store, because they would fail the
// other changes of the transaction.
func checkKeys(keys ...durable.Key) error {
	for _, k := range keys {
		if !validText(k.Platform) || !validText(k.InstanceID) || !validText(k.BindingID) {
			return errText
		}
	}
	return nil
}
