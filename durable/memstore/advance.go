package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// Advance implements [durable.Store].
func (s *Store) Advance(ctx context.Context, a *durable.Advance) error {
	return s.change(ctx, a.Release || a.Next != nil || ends(a), func(st *state, now time.Time) error { return st.advance(a, now) })
}

func ends(a *durable.Advance) bool { return a.State != "" && a.State != durable.OperationActive }

func (st *state) advance(a *durable.Advance, now time.Time) error {
	o := st.operations[a.Fence.OperationID]
	switch {
	case o == nil || o.Key != a.Key || o.Generation != a.Fence.Generation || o.Ended():
		return durable.ErrFenced
	case o.State == durable.OperationCancelling && (!a.Cancelled || o.LeaseUntil.IsZero()):
		return durable.ErrCancelling
	case o.LeaseUntil.IsZero():
		return durable.ErrFenced
	}
	var leaving *operation
	if ends(a) {
		leaving = o
	}
	if a.Next != nil && !st.vacant(a.Next, leaving) {
		return durable.ErrConflict
	}
	entries, err := st.trail.begin(a.Next != nil && a.Next.Audit != nil)
	if err != nil {
		return err
	}
	// Nothing fails from here on.
	a.Revision = 0
	st.advanceOperation(o, a, now)
	if a.Binding != nil {
		st.putBinding(a.Binding, now)
	}
	switch key := a.Key.Instance(); {
	case a.Instance != nil:
		st.putInstance(key, a.Instance, now)
	case ends(a) || a.Binding != nil || a.Next != nil:
		st.revise(key, now)
	}
	if ends(a) || a.Instance != nil || a.Binding != nil || a.Next != nil {
		a.Revision = st.revision(a.Key.Instance())
	}
	if a.Next != nil {
		st.begin(a.Next, entries, now)
	}
	entries.end()
	return nil
}

func (st *state) advanceOperation(o *operation, a *durable.Advance, now time.Time) {
	o.UpdatedAt = now
	if a.Description != nil {
		o.Description = *a.Description
	}
	if a.Failure != nil {
		o.Failure = bytes.Clone(a.Failure)
	}
	if a.Checkpoint != nil {
		o.Checkpoint = bytes.Clone(a.Checkpoint)
	}
	if a.Failed {
		o.Failures++
	}
	if ends(a) {
		st.end(o, a.State, now)
		return
	}
	if a.Release {
		o.Owner, o.LeaseUntil, o.NotBefore = "", time.Time{}, after(now, a.Delay)
	}
}

// MarkDelivered implements [durable.Store].
func (s *Store) MarkDelivered(ctx context.Context, id string) error {
	return s.do(ctx, func(st *state, now time.Time) error {
		if o := st.operations[id]; o != nil && o.Ended() && o.DeliveredAt.IsZero() {
			o.DeliveredAt = now
		}
		return nil
	})
}
