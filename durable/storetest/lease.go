package storetest

import (
	"github.com/openbroker/openbroker/durable"
)

func renewCases() []testCase {
	renew := func(f *fixture, owner string, fences ...durable.Fence) map[durable.Fence]durable.OperationState {
		f.Helper()
		held, err := f.store.Renew(f.ctx, owner, 2*long, fences)
		f.ok(err)
		return held
	}
	return []testCase{
		{"no fences", func(f *fixture) { f.equal("held", len(renew(f, "worker")), 0) }},
		{"extends held leases", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			other := f.accept(f.leased(instanceKey("other"), durable.KindProvision, long))
			untouched := f.operation(other)
			before := f.now()
			fence := f.fence(id)
			f.equal("held", renew(f, "worker", fence), map[durable.Fence]durable.OperationState{fence: durable.OperationActive})
			record := f.operation(id)
			f.during("LeaseUntil", record.LeaseUntil, before, 2*long)
			f.equal("generation", record.Generation, int64(1))
			f.equal("attempt", record.Attempt, 1)
			f.equal("revision", f.load(instanceKey("i")).Revision(), int64(1))
			f.equal("other operation", f.operation(other), untouched)
		}},
		{"reports cancelling operations", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			a := f.acceptance(f.queued(instanceKey("i"), durable.KindDeprovision))
			a.Cancel = id
			f.ok(f.store.Accept(f.ctx, a))
			before := f.now()
			fence := f.fence(id)
			f.equal("held", renew(f, "worker", fence), map[durable.Fence]durable.OperationState{fence: durable.OperationCancelling})
			f.during("LeaseUntil", f.operation(id).LeaseUntil, before, 2*long)
		}},
		{"omits lost leases", func(f *fixture) {
			held := f.fence(f.accept(f.leased(instanceKey("held"), durable.KindProvision, long)))
			ended := f.fence(f.done(instanceKey("ended"), durable.KindProvision))
			claimed := f.fence(f.accept(f.leased(instanceKey("claimed"), durable.KindProvision, short)))
			f.pass(2 * short)
			f.claimed(claimed.OperationID)
			released := f.fence(f.accept(f.leased(instanceKey("released"), durable.KindProvision, long)))
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: released, Key: instanceKey("released"), Release: true}))
			queued := f.fence(f.accept(f.queued(instanceKey("queued"), durable.KindProvision)))
			later := held
			later.Generation++
			unknown := durable.Fence{OperationID: "unknown", Generation: 1}
			f.equal("held", renew(f, "worker", ended, claimed, released, queued, held, later, unknown),
				map[durable.Fence]durable.OperationState{held: durable.OperationActive})
			f.equal("held by another", len(renew(f, "another worker", held)), 0)
			f.equal("owner", f.operation(claimed.OperationID).Owner, "claimer")
			f.claimed(released.OperationID, queued.OperationID)
		}},
		{"prevents a claim by another worker", func(f *fixture) {
			// A slow machine may renew too late, which this case does not test.
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, 50*short))
			fence := f.fence(id)
			if len(renew(f, "worker", fence)) == 0 {
				f.Fatal("the lease was lost before it could be renewed")
			}
			f.pass(60 * short)
			f.claimed()
			f.finish(id)
		}},
	}
}

// heldCases test Held, which reads leases.
func heldCases() []testCase {
	held := func(f *fixture, owner string, fences ...durable.Fence) map[durable.Fence]durable.OperationState {
		f.Helper()
		states, err := f.store.Held(f.ctx, owner, fences)
		f.ok(err)
		return states
	}
	return []testCase{
		{"no fences", func(f *fixture) { f.equal("held", len(held(f, "worker")), 0) }},
		{"returns what Renew would return, and changes nothing", func(f *fixture) {
			fence := func(name string) durable.Fence {
				return f.fence(f.accept(f.leased(instanceKey(name), durable.KindProvision, long)))
			}
			active, cancelling, ended, released := fence("active"), fence("cancelling"), fence("ended"), fence("released")
			a := f.acceptance(f.queued(instanceKey("cancelling"), durable.KindDeprovision))
			a.Cancel = cancelling.OperationID
			f.ok(f.store.Accept(f.ctx, a))
			f.finish(ended.OperationID)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: released, Key: instanceKey("released"), Release: true}))
			expired := f.fence(f.accept(f.leased(instanceKey("expired"), durable.KindProvision, short)))
			f.pass(2 * short)
			later := active
			later.Generation++
			fences := []durable.Fence{active, cancelling, ended, released, expired, later, {OperationID: "unknown", Generation: 1}}
			want := map[durable.Fence]durable.OperationState{active: durable.OperationActive, cancelling: durable.OperationCancelling, expired: durable.OperationActive}
			f.unchanged(instanceKey("active"), func() {
				f.equal("held", held(f, "worker", fences...), want)
				f.equal("held by another", len(held(f, "another worker", fences...)), 0)
			})
			renewed, err := f.store.Renew(f.ctx, "worker", long, fences)
			f.ok(err)
			f.equal("renewed", renewed, want)
		}},
	}
}

// setBackCases test a database clock that is set back.
func setBackCases() []testCase {
	return []testCase{
		{"a lease keeps its length", func(f *fixture) {
			dead := f.accept(f.leased(instanceKey("dead"), durable.KindProvision, short))
			alive := f.fence(f.accept(f.leased(instanceKey("alive"), durable.KindProvision, long)))
			f.claim("claimer", long, 0) // The store reads the clock before it is set back.
			f.database.SetBack(f.T, 10*long)
			store := f.replica()
			_, err := store.Claim(f.ctx, "claimer", long, 0, durable.ClaimExclusion{})
			f.ok(err)
			f.pass(2 * short)
			f.claimed(dead)
			if ahead := f.operation(alive.OperationID).LeaseUntil.Sub(f.now()); ahead > long {
				f.Errorf("a lease of %v ends in %v", long, ahead)
			}
			// A worker that renews its lease keeps it.
			renewed, err := store.Renew(f.ctx, "worker", long, []durable.Fence{alive})
			f.ok(err)
			f.equal("renewed", renewed, map[durable.Fence]durable.OperationState{alive: durable.OperationActive})
		}},
		{"a renewed lease keeps its length", func(f *fixture) {
			fence := f.fence(f.accept(f.leased(instanceKey("i"), durable.KindProvision, 10*long)))
			f.pass(short)
			_, err := f.store.Renew(f.ctx, "worker", short, []durable.Fence{fence})
			f.ok(err)
			f.database.SetBack(f.T, 5*long)
			store := f.replica()
			_, err = store.Claim(f.ctx, "claimer", long, 0, durable.ClaimExclusion{})
			f.ok(err)
			f.pass(2 * short)
			f.claimed(fence.OperationID)
		}},
		{"a delayed operation becomes due", func(f *fixture) {
			late := f.queued(instanceKey("late"), durable.KindProvision)
			late.Delay = long
			f.accept(late)
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: instanceKey("i"), Release: true, Delay: long}))
			f.claimed()
			f.database.SetBack(f.T, 10*long)
			f.claimed(late.ID, id)
		}},
	}
}
