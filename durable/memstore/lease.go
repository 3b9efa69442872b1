package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// Claim implements [durable.Store].
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave durable.ClaimExclusion) ([]durable.OperationRecord, error) {
	records := []durable.OperationRecord{}
	err := s.do(ctx, func(st *state, now time.Time) error {
		if st.claimed.IsZero() || now.Before(st.claimed) {
			st.keepLeases(now)
		}
		st.claimed = now
		for _, o := range st.open {
			if len(records) >= limit {
				break
			}
			if !st.claimable(o, now, &leave) {
				continue
			}
			before := o.Owner
			o.Owner, o.LeaseUntil, o.UpdatedAt = owner, after(now, lease), now
			o.Generation++
			o.Attempt++
			record := copyOperation(&o.OperationRecord)
			record.CutOff = before
			records = append(records, *record)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// keepLeases gives leases their lengths again after the clock was set back: a change in the
// future happened before that.
func (st *state) keepLeases(now time.Time) {
	for _, o := range st.open {
		if !o.LeaseUntil.IsZero() && o.UpdatedAt.After(now) {
			o.LeaseUntil, o.UpdatedAt = now.Add(o.LeaseUntil.Sub(o.UpdatedAt)), now
		}
	}
}

func (st *state) claimable(o *operation, now time.Time, leave *durable.ClaimExclusion) bool {
	if o.LeaseUntil.After(now) || o.NotBefore.After(now) && !o.UpdatedAt.After(now) {
		return false
	}
	if o.State == durable.OperationCancelling {
		return true
	}
	of := st.instances[o.Key.Instance()]
	if slices.Contains(leave.Platforms, o.Key.Platform) || leave.Internal && o.Internal ||
		slices.Contains(leave.Services, durable.PlatformService{Platform: o.Key.Platform, ServiceID: of.ServiceID}) {
		return false
	}
	// An operation on an instance waits for cancelling operations on its bindings, and vice
	// versa. Operations on two bindings do not wait for each other.
	return !slices.ContainsFunc(of.operations, func(c *operation) bool {
		return c.State == durable.OperationCancelling && (c.Key.BindingID == o.Key.BindingID || c.Key.BindingID == "" || o.Key.BindingID == "")
	})
}

// Renew implements [durable.Store]. An expired lease that was not claimed is still held.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	return s.held(ctx, owner, fences, func(o *operation, now time.Time) {
		o.LeaseUntil, o.UpdatedAt = after(now, lease), now
	})
}

// Held implements [durable.Store].
func (s *Store) Held(ctx context.Context, owner string, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	return s.held(ctx, owner, fences, func(*operation, time.Time) {})
}

func (s *Store) held(ctx context.Context, owner string, fences []durable.Fence, each func(*operation, time.Time)) (map[durable.Fence]durable.OperationState, error) {
	held := make(map[durable.Fence]durable.OperationState, len(fences))
	if len(fences) == 0 {
		return held, nil
	}
	err := s.do(ctx, func(st *state, now time.Time) error {
		for _, fence := range fences {
			o := st.operations[fence.OperationID]
			if o == nil || o.Generation != fence.Generation || o.Owner != owner || o.Ended() || o.LeaseUntil.IsZero() {
				continue
			}
			each(o, now)
			held[fence] = o.State
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}
