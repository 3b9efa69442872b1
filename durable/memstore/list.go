package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

const defaultLimit = 100

// page returns the first records that fit a filter.
func page[T any](limit int, all []T, fits func(T) bool) []T {
	if limit <= 0 {
		limit = defaultLimit
	}
	var found []T
	for _, record := range all {
		if len(found) == limit {
			break
		}
		if fits(record) {
			found = append(found, record)
		}
	}
	return found
}

// equal reports whether a filter for a value is empty or equals it.
func equal[T ~string](filter, value T) bool { return filter == "" || filter == value }

// of returns the instances of a filter by platform and id, ordered by key.
func (st *state) of(platform, id string) []*instance {
	if platform != "" && id != "" {
		if one := st.instances[durable.Key{Platform: platform, InstanceID: id}]; one != nil {
			return []*instance{one}
		}
		return nil
	}
	return slices.SortedFunc(maps.Values(st.instances), func(a, b *instance) int { return compareKeys(a.Key, b.Key) })
}

// sortedBindings returns the bindings of an instance, ordered by id.
func (i *instance) sortedBindings() []*durable.BindingRecord {
	return slices.SortedFunc(maps.Values(i.bindings), func(a, b *durable.BindingRecord) int { return compareKeys(a.Key, b.Key) })
}

// Instances implements [durable.Store]. Ids are ordered as bytes.
func (s *Store) Instances(ctx context.Context, f durable.Filter) (records []durable.InstanceRecord, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		found := page(f.Limit, st.of(f.Platform, f.InstanceID), func(i *instance) bool {
			return equal(f.Platform, i.Key.Platform) && equal(f.InstanceID, i.Key.InstanceID) && equal(f.ServiceID, i.ServiceID) &&
				equal(f.PlanID, i.PlanID) && equal(f.Status, i.Status) && (f.After == durable.Key{} || compareKeys(i.Key, f.After.Instance()) > 0)
		})
		for _, i := range found {
			records = append(records, *copyInstance(&i.InstanceRecord))
		}
		return nil
	})
	return records, err
}

// Bindings implements [durable.Store]. Ids are ordered as bytes.
func (s *Store) Bindings(ctx context.Context, f durable.Filter) (records []durable.BindingRecord, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		var all []*durable.BindingRecord
		for _, i := range st.of(f.Platform, f.InstanceID) {
			all = append(all, i.sortedBindings()...)
		}
		found := page(f.Limit, all, func(b *durable.BindingRecord) bool {
			return equal(f.Platform, b.Key.Platform) && equal(f.InstanceID, b.Key.InstanceID) && equal(f.BindingID, b.Key.BindingID) &&
				equal(f.ServiceID, b.ServiceID) && equal(f.PlanID, b.PlanID) && equal(f.Status, b.Status) &&
				(f.After == durable.Key{} || compareKeys(b.Key, f.After) > 0)
		})
		for _, b := range found {
			records = append(records, *copyBinding(b))
		}
		return nil
	})
	return records, err
}

// Operations implements [durable.Store]. It returns ErrNotFound if the operation f.AfterID
// or f.FromID was pruned: start the list again then.
func (s *Store) Operations(ctx context.Context, f durable.Filter) (records []durable.OperationRecord, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		all, err := st.newest(f.AfterID)
		if err != nil {
			return err
		}
		if f.FromID != "" {
			from := st.operations[f.FromID]
			if from == nil {
				return durable.ErrNotFound
			}
			all = slices.DeleteFunc(all, func(o *operation) bool { return o.seq < from.seq })
		}
		found := page(f.Limit, all, func(o *operation) bool {
			return equal(f.Platform, o.Key.Platform) && equal(f.InstanceID, o.Key.InstanceID) && equal(f.BindingID, o.Key.BindingID) &&
				equal(f.Kind, o.Kind) && equal(f.State, o.State)
		})
		for _, o := range found {
			records = append(records, *copyOperation(&o.OperationRecord))
		}
		return nil
	})
	return records, err
}

// newest returns the operations before one, or all of them, newest first.
func (st *state) newest(after string) ([]*operation, error) {
	all := st.sequence()
	if after != "" {
		last := st.operations[after]
		if last == nil {
			return nil, durable.ErrNotFound
		}
		all = all[:search(all, last.seq)]
	}
	slices.Reverse(all)
	return all, nil
}

// OperationWindow implements [admin.Store].
func (s *Store) OperationWindow(ctx context.Context, after string, operations int) (from string, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		all, err := st.newest(after)
		if err == nil && len(all) > operations {
			from = all[operations-1].ID
		}
		return err
	})
	return from, err
}

// sequence returns all operations in the order in which they were accepted.
func (st *state) sequence() []*operation {
	return slices.SortedFunc(maps.Values(st.operations), func(a, b *operation) int { return int(a.seq - b.seq) })
}

// Expired implements [durable.Store]. It orders the bindings by expiry.
func (s *Store) Expired(ctx context.Context, limit int) (records []durable.BindingRecord, err error) {
	err = s.do(ctx, func(st *state, now time.Time) error {
		var all []*durable.BindingRecord
		for _, i := range st.of("", "") {
			if !i.busy("") {
				all = append(all, i.sortedBindings()...)
			}
		}
		slices.SortStableFunc(all, func(a, b *durable.BindingRecord) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
		for _, b := range all {
			if len(records) < limit && b.Status == durable.StatusReady && !b.ExpiresAt.IsZero() && !b.ExpiresAt.After(now) {
				records = append(records, *copyBinding(b))
			}
		}
		return nil
	})
	return records, err
}

// busy reports whether an operation on the instance or its bindings is open or, with the id
// of a binding, one on this binding.
func (i *instance) busy(binding string) bool {
	return slices.ContainsFunc(i.operations, func(o *operation) bool { return !o.Ended() && (binding == "" || o.Key.BindingID == binding) })
}
