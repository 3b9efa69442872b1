package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// CountOpen implements [durable.Counter].
func (s *Store) CountOpen(ctx context.Context) (counts []durable.OpenCount, err error) {
	type group struct {
		kind  durable.OperationKind
		state durable.OperationState
	}
	err = s.do(ctx, func(st *state, now time.Time) error {
		found := map[group]*durable.OpenCount{}
		for _, o := range st.open {
			c := found[group{o.Kind, o.State}]
			if c == nil {
				c = &durable.OpenCount{Kind: o.Kind, State: o.State}
				found[group{o.Kind, o.State}] = c
			}
			c.Count++
			c.Oldest = max(c.Oldest, now.Sub(o.CreatedAt))
		}
		for _, c := range found {
			counts = append(counts, *c)
		}
		slices.SortFunc(counts, func(a, b durable.OpenCount) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.State, b.State))
		})
		return nil
	})
	return counts, err
}

// CountRecords implements [durable.Counter].
func (s *Store) CountRecords(ctx context.Context) (instances, bindings []durable.RecordCount, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		ofInstances, ofBindings := recordCounts{}, recordCounts{}
		for _, i := range st.instances {
			ofInstances.add(i.ServiceID, i.PlanID, i.Status)
			for _, b := range i.bindings {
				ofBindings.add(b.ServiceID, b.PlanID, b.Status)
			}
		}
		instances, bindings = ofInstances.sorted(), ofBindings.sorted()
		return nil
	})
	return instances, bindings, err
}

// recordCounts counts records. The count of a key itself is 0.
type recordCounts map[durable.RecordCount]int64

func (c recordCounts) add(service, plan string, status durable.RecordStatus) {
	if status != durable.StatusDeleted {
		c[durable.RecordCount{ServiceID: service, PlanID: plan, Status: status}]++
	}
}

func (c recordCounts) sorted() []durable.RecordCount {
	counts := slices.SortedFunc(maps.Keys(c), func(a, b durable.RecordCount) int {
		return cmp.Or(cmp.Compare(a.ServiceID, b.ServiceID), cmp.Compare(a.PlanID, b.PlanID), cmp.Compare(a.Status, b.Status))
	})
	for i, key := range counts {
		counts[i].Count = c[key]
	}
	return counts
}
