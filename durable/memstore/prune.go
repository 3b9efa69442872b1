package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// Prune implements [durable.Store]. It deletes an instance after its bindings. The result
// includes the operations that are deleted with their record; the limit does not.
func (s *Store) Prune(ctx context.Context, retention time.Duration, limit int) (pruned int, err error) {
	err = s.do(ctx, func(st *state, now time.Time) error {
		before := now.Add(-retention)
		pruned = st.pruneOperations(before, limit) + st.pruneBindings(before, limit) + st.pruneInstances(before, limit)
		return nil
	})
	return pruned, err
}

// oldest sorts records by time, and returns up to limit of them.
func oldest[T any](records []T, limit int, at func(T) time.Time) []T {
	slices.SortFunc(records, func(a, b T) int { return at(a).Compare(at(b)) })
	return records[:min(len(records), max(limit, 0))]
}

func (st *state) pruneOperations(before time.Time, limit int) int {
	var old []*operation
	for _, i := range st.instances {
		for n, o := range i.operations {
			if !o.Ended() || o.last || !o.FinishedAt.Before(before) {
				continue
			}
			later := func(l *operation) bool { return l.Key == o.Key }
			if !o.Internal || slices.ContainsFunc(i.operations[n+1:], later) {
				old = append(old, o)
			}
		}
	}
	old = oldest(old, limit, func(o *operation) time.Time { return o.FinishedAt })
	for _, o := range old {
		st.remove(o)
	}
	return len(old)
}

func (st *state) pruneBindings(before time.Time, limit int) (pruned int) {
	var old []*durable.BindingRecord
	for _, i := range st.instances {
		for id, b := range i.bindings {
			if b.Status == durable.StatusDeleted && b.UpdatedAt.Before(before) && !i.busy(id) {
				old = append(old, b)
			}
		}
	}
	for _, b := range oldest(old, limit, func(b *durable.BindingRecord) time.Time { return b.UpdatedAt }) {
		pruned += st.removeBinding(b.Key)
	}
	return pruned
}

func (st *state) pruneInstances(before time.Time, limit int) (pruned int) {
	var old []*instance
	for _, i := range st.instances {
		if i.Status == durable.StatusDeleted && i.UpdatedAt.Before(before) && len(i.bindings) == 0 && !i.busy("") {
			old = append(old, i)
		}
	}
	for _, i := range oldest(old, limit, func(i *instance) time.Time { return i.UpdatedAt }) {
		pruned += st.removeInstance(i.Key)
	}
	return pruned
}
