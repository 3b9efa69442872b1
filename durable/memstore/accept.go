package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

// Accept implements [durable.Store].
func (s *Store) Accept(ctx context.Context, a *durable.Acceptance) error {
	return s.change(ctx, true, func(st *state, now time.Time) error { return st.accept(a, now) })
}

func (st *state) accept(a *durable.Acceptance, now time.Time) error {
	key := a.Instance.Key.Instance()
	if st.revision(key) != a.Expect {
		return durable.ErrConflict
	}
	var cancelled *operation
	if a.Cancel != "" {
		cancelled = st.operations[a.Cancel]
		if cancelled == nil || cancelled.Key.Instance() != key || cancelled.State != durable.OperationActive {
			return durable.ErrConflict
		}
	}
	if a.Operation != nil && !st.vacant(a.Operation, cancelled) {
		return durable.ErrConflict
	}
	entries, err := st.trail.begin(a.Audit != nil || a.Operation != nil && a.Operation.Audit != nil)
	if err != nil {
		return err
	}
	// Nothing fails from here on.
	st.putInstance(key, &a.Instance, now)
	if a.Binding != nil {
		st.putBinding(a.Binding, now)
	}
	if cancelled != nil {
		st.cancel(cancelled, now)
	}
	if a.Audit != nil {
		entries.add(a.Audit)
	}
	if a.Operation != nil {
		st.begin(a.Operation, entries, now)
	}
	entries.end()
	return nil
}

// revision returns the revision of an instance, or 0 without a record.
func (st *state) revision(key durable.Key) int64 {
	if of := st.instances[key]; of != nil {
		return of.Revision
	}
	return 0
}

// putInstance replaces the record of an instance, and increases its revision.
func (st *state) putInstance(key durable.Key, r *durable.InstanceRecord, now time.Time) {
	of := st.instances[key]
	if of == nil {
		of = &instance{bindings: map[string]*durable.BindingRecord{}}
		of.Key, of.CreatedAt = key, now
		st.instances[key] = of
	}
	of.Status, of.ServiceID, of.PlanID, of.Data = r.Status, r.ServiceID, r.PlanID, bytes.Clone(r.Data)
	of.Revision++
	of.UpdatedAt = now
}

// revise increases the revision of an instance.
func (st *state) revise(key durable.Key, now time.Time) {
	of := st.instances[key]
	of.Revision++
	of.UpdatedAt = now
}

// putBinding replaces the record of a binding.
func (st *state) putBinding(r *durable.BindingRecord, now time.Time) {
	fresh := copyBinding(r)
	fresh.ExpiresAt, fresh.CreatedAt, fresh.UpdatedAt = precise(r.ExpiresAt), now, now
	bindings := st.instances[r.Key.Instance()].bindings
	if old := bindings[r.Key.BindingID]; old != nil {
		fresh.CreatedAt = old.CreatedAt
	}
	bindings[r.Key.BindingID] = fresh
}

// vacant reports whether an operation can begin: its id is new, and no open operation has
// its slot. except, unless nil, leaves its slot with the same change.
func (st *state) vacant(spec *durable.OperationSpec, except *operation) bool {
	if st.operations[spec.ID] != nil {
		return false
	}
	of := st.instances[spec.Key.Instance()]
	if of == nil {
		return true
	}
	next := operation{parallel: spec.Parallel}
	next.Key = spec.Key
	for _, o := range of.operations {
		if !o.Ended() && o != except && o.slot() == next.slot() {
			return false
		}
	}
	return true
}

// begin adds an operation that is vacant.
func (st *state) begin(spec *durable.OperationSpec, entries *batch, now time.Time) {
	st.seq++
	o := &operation{seq: st.seq, parallel: spec.Parallel, last: !spec.Internal}
	o.OperationRecord = durable.OperationRecord{
		ID: spec.ID, Key: spec.Key, Kind: spec.Kind, Internal: spec.Internal, State: durable.OperationActive,
		Owner: spec.Owner, LeaseUntil: after(now, spec.Lease), NotBefore: after(now, spec.Delay), Deadline: after(now, spec.Timeout),
		Data: bytes.Clone(spec.Data), CreatedAt: now, UpdatedAt: now,
	}
	if spec.Owner != "" {
		o.Generation, o.Attempt = 1, 1
	}
	of := st.instances[spec.Key.Instance()]
	if o.last {
		supersede(of, spec.Key)
	}
	if spec.Audit != nil {
		entries.count(spec.Audit)
		o.entry = copyEntry(spec.Audit)
	}
	of.operations = append(of.operations, o)
	st.operations[o.ID] = o
	st.open = append(st.open, o)
}

// supersede marks that no operation of the key is the last one.
func supersede(of *instance, key durable.Key) {
	for _, o := range of.operations {
		if o.Key == key {
			o.last = false
		}
	}
}

// cancel makes an active operation cancelling or, without a lease, ends it.
func (st *state) cancel(o *operation, now time.Time) {
	o.UpdatedAt = now
	if o.LeaseUntil.IsZero() {
		st.end(o, durable.OperationFailed, now)
		return
	}
	o.State = durable.OperationCancelling
}

// end ends an operation.
func (st *state) end(o *operation, as durable.OperationState, now time.Time) {
	o.State, o.FinishedAt, o.UpdatedAt = as, now, now
	o.Owner, o.LeaseUntil, o.NotBefore, o.Data, o.Checkpoint = "", time.Time{}, time.Time{}, nil, nil
	st.open = without(st.open, o)
}

// Record implements [durable.Store].
func (s *Store) Record(ctx context.Context, records []*audit.Record) error {
	if len(records) == 0 {
		return nil
	}
	return s.do(ctx, func(st *state, _ time.Time) error {
		entries, err := st.trail.begin(true)
		if err != nil {
			return err
		}
		for _, r := range records {
			entries.add(r)
		}
		entries.end()
		return nil
	})
}
