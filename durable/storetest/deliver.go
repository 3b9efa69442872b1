package storetest

import "github.com/openbroker/openbroker/durable"

func deliverCases() []testCase {
	deliver := func(f *fixture, id string) {
		f.Helper()
		f.ok(f.store.MarkDelivered(f.ctx, id))
	}
	return []testCase{
		{"marks an ended operation once", func(f *fixture) {
			id := f.done(instanceKey("i"), durable.KindProvision)
			f.equal("delivered", f.operation(id).DeliveredAt.IsZero(), true)
			revision := f.load(instanceKey("i")).Revision()
			deliver(f, id)
			record := f.operation(id)
			f.equal("delivered", record.DeliveredAt.Before(record.FinishedAt), false)
			f.equal("revision", f.load(instanceKey("i")).Revision(), revision)
			f.pass(short)
			deliver(f, id)
			f.equal("record", *f.operation(id), *record)
			last, err := f.store.Operation(f.ctx, instanceKey("i"), "")
			f.ok(err)
			f.equal("last", *last, *record)
		}},
		{"ignores open and unknown operations", func(f *fixture) {
			open := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			other := f.done(instanceKey("j"), durable.KindProvision)
			deliver(f, open)
			deliver(f, "unknown")
			deliver(f, "")
			for _, id := range []string{open, other} {
				f.equal("delivered", f.operation(id).DeliveredAt.IsZero(), true)
			}
		}},
	}
}
