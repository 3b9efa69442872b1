package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// Summarize implements [admin.Store]. Its cost grows with the number of records, unlike that
// of the other stores.
func (s *Store) Summarize(ctx context.Context, scope admin.SummaryScope) (*admin.Summary, error) {
	summary := &admin.Summary{Instances: map[durable.RecordStatus]int{}}
	err := s.do(ctx, func(st *state, now time.Time) error {
		summary.Now = now
		held := map[string]int{}
		for _, o := range st.open[:min(len(st.open), scope.Cap)] {
			if summary.Open++; summary.OldestOpen.IsZero() || o.CreatedAt.Before(summary.OldestOpen) {
				summary.OldestOpen = o.CreatedAt
			}
			if o.LeaseUntil.After(now) {
				summary.Running++
				held[o.Owner]++
			}
			if o.State == durable.OperationCancelling {
				summary.Cancelling++
			}
			if o.Failures > 0 {
				summary.Retrying++
			}
			if o.stuck(now, scope.Idle) {
				summary.Stuck++
			}
		}
		for _, name := range slices.Sorted(maps.Keys(held)) {
			summary.Replicas = append(summary.Replicas, admin.Replica{Name: name, Operations: held[name]})
		}
		for _, i := range st.instances {
			summary.Instances[i.Status] = min(summary.Instances[i.Status]+1, scope.Cap)
		}
		summary.Failed = st.failed(scope.Cap, now.Add(-scope.Recent))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return summary, nil
}

// failed counts those of the newest failures that happened after a moment.
func (st *state) failed(newest int, after time.Time) (failed int) {
	all := st.sequence()
	slices.Reverse(all)
	for _, o := range all {
		if o.State != durable.OperationFailed {
			continue
		}
		if newest--; newest < 0 {
			break
		}
		if o.FinishedAt.After(after) {
			failed++
		}
	}
	return failed
}

// stuck reports whether an open operation has passed its deadline, or has been without a
// worker for so long.
func (o *operation) stuck(now time.Time, idle time.Duration) bool {
	late := !o.Deadline.IsZero() && !o.Deadline.After(now)
	return late || !o.LeaseUntil.After(now.Add(-idle)) && !o.UpdatedAt.After(now.Add(-idle))
}

// Queue implements [admin.Store].
func (s *Store) Queue(ctx context.Context, f admin.QueueFilter) (records []durable.OperationRecord, err error) {
	err = s.do(ctx, func(st *state, now time.Time) error {
		all := st.open
		if f.AfterID != "" {
			last := st.operations[f.AfterID]
			if last == nil {
				return durable.ErrNotFound
			}
			all = all[search(all, last.seq+1):]
		}
		found := page(f.Limit, all, func(o *operation) bool {
			return (f.Stuck <= 0 || o.stuck(now, f.Stuck)) && (!f.Retrying || o.Failures > 0) && equal(f.Platform, o.Key.Platform) &&
				equal(f.InstanceID, o.Key.InstanceID) && equal(f.Kind, o.Kind) && equal(f.State, o.State)
		})
		for _, o := range found {
			record := *copyOperation(&o.OperationRecord)
			record.Data, record.Checkpoint = nil, nil
			records = append(records, record)
		}
		return nil
	})
	return records, err
}
