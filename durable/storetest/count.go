package storetest

import (
	"github.com/openbroker/openbroker/durable"
)

// countCases test stores that are counters.
func countCases() []testCase {
	open := func(f *fixture) []durable.OpenCount {
		f.Helper()
		counts, err := f.counter().CountOpen(f.ctx)
		f.ok(err)
		return counts
	}
	return []testCase{
		{"no records", func(f *fixture) {
			f.equal("open", len(open(f)), 0)
			instances, bindings, err := f.counter().CountRecords(f.ctx)
			f.ok(err)
			f.equal("instances", len(instances), 0)
			f.equal("bindings", len(bindings), 0)
		}},
		{"open operations", func(f *fixture) {
			f.ready("ready")
			before := f.now()
			f.accept(f.queued(instanceKey("a"), durable.KindProvision))
			f.pass(2 * short)
			f.accept(f.leased(instanceKey("b"), durable.KindProvision, long))
			f.accept(f.queued(instanceKey("ready"), durable.KindUpdate))
			cancelled := f.accept(f.leased(instanceKey("c"), durable.KindProvision, long))
			deletion := f.acceptance(f.queued(instanceKey("c"), durable.KindDeprovision))
			deletion.Cancel = cancelled
			f.ok(f.store.Accept(f.ctx, deletion))
			counts := open(f)
			for i := range counts {
				oldest := counts[i].Oldest
				if first := counts[i].Kind == durable.KindProvision && counts[i].State == durable.OperationActive; oldest > f.now().Sub(before) || first && oldest < 2*short {
					f.Errorf("the oldest operation of %+v is not as old as that", counts[i])
				}
				counts[i].Oldest = 0
			}
			f.equal("open", counts, []durable.OpenCount{
				{Kind: durable.KindDeprovision, State: durable.OperationActive, Count: 1},
				{Kind: durable.KindProvision, State: durable.OperationActive, Count: 2},
				{Kind: durable.KindProvision, State: durable.OperationCancelling, Count: 1},
				{Kind: durable.KindUpdate, State: durable.OperationActive, Count: 1},
			})
		}},
		{"instances and bindings", func(f *fixture) {
			f.bound("a", "1")
			f.bound("a", "2")
			f.bound("b", "1")
			f.done(bindingKey("b", "1"), durable.KindUnbind)
			f.ready("gone")
			f.done(instanceKey("gone"), durable.KindDeprovision)
			f.accept(f.queued(instanceKey("c"), durable.KindProvision))
			other := instanceRecord(instanceKey("d"), durable.StatusReady)
			other.PlanID = "other plan"
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: other}))
			instances, bindings, err := f.counter().CountRecords(f.ctx)
			f.ok(err)
			f.equal("instances", instances, []durable.RecordCount{
				{ServiceID: "service", PlanID: "other plan", Status: durable.StatusReady, Count: 1},
				{ServiceID: "service", PlanID: "plan", Status: durable.StatusCreating, Count: 1},
				{ServiceID: "service", PlanID: "plan", Status: durable.StatusReady, Count: 2},
			})
			f.equal("bindings", bindings, []durable.RecordCount{{ServiceID: "service", PlanID: "plan", Status: durable.StatusReady, Count: 2}})
		}},
	}
}

// counter returns the store as a counter, and skips the case if it is none.
func (f *fixture) counter() durable.Counter {
	f.Helper()
	counter, ok := f.store.(durable.Counter)
	if !ok {
		f.Skip("the store does not count")
	}
	return counter
}
