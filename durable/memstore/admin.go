package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// Intervene implements [admin.Store].
func (s *Store) Intervene(ctx context.Context, i *admin.Intervention) error {
	return s.change(ctx, true, func(st *state, now time.Time) error {
		written, err := st.intervene(i, now)
		if err == nil {
			i.Audit = written
		}
		return err
	})
}

func (st *state) intervene(i *admin.Intervention, now time.Time) (admin.AuditEntry, error) {
	entry := i.Audit
	entry.At = now
	key := entry.Instance()
	if st.instances[key] == nil || st.revision(key) != i.Expect {
		return entry, durable.ErrConflict
	}
	var changed, leaving *operation
	if i.Change != nil {
		if changed = st.changeable(key, i.Change); changed == nil {
			return entry, durable.ErrConflict
		}
		if entry.StateAfter = i.Change.State; i.Change.State != durable.OperationActive {
			leaving = changed
			if changed.LeaseUntil.IsZero() {
				entry.StateAfter = durable.OperationFailed
			}
		}
	}
	if i.Begin != nil && !st.vacant(i.Begin, leaving) {
		return entry, durable.ErrConflict
	}
	record, err := admin.RecordOf(&entry)
	if err != nil {
		return entry, err
	}
	entries, err := st.trail.begin(true)
	if err != nil {
		return entry, err
	}
	// Nothing fails from here on.
	if i.Instance != nil {
		st.putInstance(key, i.Instance, now)
	} else {
		st.revise(key, now)
	}
	if i.Forget {
		st.forget(entry.Key)
	}
	if i.Binding != nil {
		st.putBinding(i.Binding, now)
	}
	var lease time.Duration
	if changed != nil {
		lease = st.changeOperation(changed, i.Change, now)
	}
	if i.Begin != nil {
		next := *i.Begin
		next.Delay = max(next.Delay, lease)
		st.begin(&next, entries, now)
	}
	entries.add(record)
	entries.end()
	return entry, nil
}

// changeable returns the operation if it is in a state that allows the change, or nil.
func (st *state) changeable(key durable.Key, c *admin.OperationChange) *operation {
	o := st.operations[c.ID]
	if o == nil || o.Key.Instance() != key || o.Ended() {
		return nil
	}
	switch c.State {
	case durable.OperationFailed:
		return o
	case durable.OperationActive, durable.OperationCancelling:
		if o.State == durable.OperationActive {
			return o
		}
	case durable.OperationSucceeded:
	}
	return nil
}

// changeOperation changes the operation. If that ends a leased one, it returns the remaining
// time of the lease.
func (st *state) changeOperation(o *operation, c *admin.OperationChange, now time.Time) time.Duration {
	lease := o.LeaseUntil
	if c.State == durable.OperationActive {
		o.UpdatedAt, o.Owner, o.LeaseUntil, o.NotBefore, o.Failures = now, "", time.Time{}, time.Time{}, 0
		o.Generation++
		if deadline := after(now, c.Timeout); !o.Deadline.IsZero() && deadline.After(o.Deadline) {
			o.Deadline = deadline
		}
		return 0
	}
	o.Description, o.Failure = c.Description, bytes.Clone(c.Failure)
	if c.State == durable.OperationCancelling {
		st.cancel(o, now)
		return 0
	}
	o.Generation++
	st.end(o, durable.OperationFailed, now)
	return max(lease.Sub(now), 0)
}

// forget deletes a binding, or an instance with all that belongs to it.
func (st *state) forget(key durable.Key) {
	if key.BindingID != "" {
		st.removeBinding(key)
		return
	}
	st.removeInstance(key)
}

// Reseal implements [admin.Store].
func (s *Store) Reseal(ctx context.Context, values []admin.SealedValue) (changed int, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		for i := range values {
			if v := &values[i]; st.reseal(v) {
				changed++
			}
		}
		return nil
	})
	return changed, err
}

// reseal replaces a value if it still equals its Old.
func (st *state) reseal(v *admin.SealedValue) bool {
	if v.Setting != "" {
		stored, found := st.settings[v.Setting]
		switch {
		case !found || !bytes.Equal(stored, v.Old):
			return false
		case v.New == nil:
			delete(st.settings, v.Setting)
		default:
			st.settings[v.Setting] = bytes.Clone(v.New)
		}
		return true
	}
	place := st.place(&v.SealedPlace)
	if place == nil || *place == nil || !bytes.Equal(*place, v.Old) {
		return false
	}
	*place = bytes.Clone(v.New)
	return true
}

// place returns where a sealed value is, or nil if its record is missing.
func (st *state) place(p *durable.SealedPlace) *[]byte {
	if p.OperationID != "" {
		switch o := st.operations[p.OperationID]; {
		case o == nil:
			return nil
		case p.Checkpoint:
			return &o.Checkpoint
		default:
			return &o.Data
		}
	}
	of := st.instances[p.Key.Instance()]
	switch {
	case of == nil:
		return nil
	case p.Key.BindingID == "":
		return &of.Data
	case of.bindings[p.Key.BindingID] == nil:
		return nil
	default:
		return &of.bindings[p.Key.BindingID].Data
	}
}
