package storetest

import (
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

func claimCases() []testCase {
	// cancelling begins a leased operation, and queues a deletion that cancels it.
	cancelling := func(f *fixture, key durable.Key, lease time.Duration) (stopping, next string) {
		f.Helper()
		kinds := []durable.OperationKind{durable.KindProvision, durable.KindDeprovision}
		if key.BindingID != "" {
			kinds = []durable.OperationKind{durable.KindBind, durable.KindUnbind}
		}
		first := f.leased(key, kinds[0], lease)
		first.Parallel = key.BindingID != ""
		f.accept(first)
		second := f.queued(key, kinds[1])
		second.Parallel = first.Parallel
		a := f.acceptance(second)
		a.Cancel = first.ID
		f.ok(f.store.Accept(f.ctx, a))
		return first.ID, second.ID
	}
	return []testCase{
		{"nothing to claim", func(f *fixture) { f.claimed() }},
		{"the oldest first, up to the limit", func(f *fixture) {
			var ids []string
			for _, id := range []string{"z", "b", "y", "a", "m"} {
				ids = append(ids, f.accept(f.queued(instanceKey(id), durable.KindProvision)))
				f.pass(time.Millisecond)
			}
			f.equal("first claim", operationIDs(f.claim("claimer", long, 2)), ids[:2])
			f.equal("second claim", operationIDs(f.claim("other", long, 2)), ids[2:4])
			f.claimed(ids[4])
			f.claimed()
		}},
		{"leases the operations", func(f *fixture) {
			id := f.accept(f.queued(instanceKey("i"), durable.KindProvision))
			revision := f.load(instanceKey("i")).Revision()
			before := f.now()
			claimed := f.claim("claimer", long, 10)
			f.equal("claimed", operationIDs(claimed), []string{id})
			f.equal("owner", claimed[0].Owner, "claimer")
			f.equal("generation", claimed[0].Generation, int64(1))
			f.equal("attempt", claimed[0].Attempt, 1)
			f.during("LeaseUntil", claimed[0].LeaseUntil, before, long)
			f.equal("stored operation", *f.operation(id), claimed[0])
			f.equal("revision", f.load(instanceKey("i")).Revision(), revision)
		}},
		{"says whose attempt was cut off", func(f *fixture) {
			released := f.accept(f.leased(instanceKey("released"), durable.KindProvision, short))
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(released), Key: instanceKey("released"), Release: true}))
			queued := f.accept(f.queued(instanceKey("queued"), durable.KindProvision))
			expired := f.accept(f.leased(instanceKey("expired"), durable.KindProvision, short))
			f.pass(2 * short)
			for _, record := range f.claimed(released, queued, expired) {
				// A store need not say it.
				if record.CutOff != "" && (record.ID != expired || record.CutOff != "worker") {
					f.Errorf("the operation %s was cut off at %q", record.ID, record.CutOff)
				}
			}
			f.equal("stored", f.operation(expired).CutOff, "")
		}},
		{"returns data and checkpoints", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: instanceKey("i"), Checkpoint: []byte{0, 9}, Release: true}))
			claimed := f.claimed(id)
			f.equal("data", string(claimed[0].Data), "goal")
			f.equal("checkpoint", claimed[0].Checkpoint, []byte{0, 9})
		}},
		{"skips leased operations", func(f *fixture) {
			f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			f.claimed()
		}},
		{"skips ended operations", func(f *fixture) {
			f.ready("i")
			f.claimed()
		}},
		{"skips operations that are not due", func(f *fixture) {
			late := f.queued(instanceKey("late"), durable.KindProvision)
			late.Delay = long
			f.accept(late)
			soon := f.queued(instanceKey("soon"), durable.KindProvision)
			soon.Delay = short
			f.accept(soon)
			f.pass(2 * short)
			f.claimed(soon.ID)
		}},
		{"includes operations with an expired lease", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, short))
			f.pass(2 * short)
			claimed := f.claim("other", short, 10)
			f.equal("claimed", operationIDs(claimed), []string{id})
			f.equal("generation", claimed[0].Generation, int64(2))
			f.equal("attempt", claimed[0].Attempt, 2)
			f.equal("failures", claimed[0].Failures, 0)
			f.pass(2 * short)
			f.equal("generation", f.claimed(id)[0].Generation, int64(3))
		}},
		{"includes operations past their deadline", func(f *fixture) {
			operation := f.queued(instanceKey("i"), durable.KindProvision)
			operation.Timeout = short
			f.accept(operation)
			f.pass(2 * short)
			f.claimed(operation.ID)
		}},
		{"skips operations that wait for a cancelling one on the instance", func(f *fixture) {
			stopping, next := cancelling(f, instanceKey("i"), long)
			other := f.accept(f.queued(instanceKey("other"), durable.KindProvision))
			f.claimed(other)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(stopping), Key: instanceKey("i"), Cancelled: true, State: durable.OperationFailed}))
			f.claimed(next)
		}},
		{"skips operations that wait for a cancelling one on the binding", func(f *fixture) {
			f.ready("i")
			stopping, next := cancelling(f, bindingKey("i", "b"), long)
			other := f.queued(bindingKey("i", "c"), durable.KindBind)
			other.Parallel = true
			f.accept(other)
			f.claimed(other.ID)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(stopping), Key: bindingKey("i", "b"), Cancelled: true, State: durable.OperationFailed}))
			f.claimed(next)
		}},
		{"skips an operation on an instance that waits for one on a binding", func(f *fixture) {
			f.ready("i")
			bind := f.accept(f.leased(bindingKey("i", "b"), durable.KindBind, long))
			a := f.acceptance(f.queued(instanceKey("i"), durable.KindDeprovision))
			a.Cancel = bind
			f.ok(f.store.Accept(f.ctx, a))
			f.claimed()
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(bind), Key: bindingKey("i", "b"), Cancelled: true, State: durable.OperationFailed}))
			f.claimed(a.Operation.ID)
		}},
		{"a cancelling operation whose lease has expired stays cancelling", func(f *fixture) {
			stopping, _ := cancelling(f, instanceKey("i"), short)
			f.pass(2 * short)
			claimed := f.claimed(stopping)
			f.equal("state", claimed[0].State, durable.OperationCancelling)
			f.equal("generation", claimed[0].Generation, int64(2))
			claimed[0].CutOff = ""
			f.equal("stored operation", *f.operation(stopping), claimed[0])
			f.is(f.store.Advance(f.ctx, &durable.Advance{Fence: durable.Fence{OperationID: stopping, Generation: 1}, Key: instanceKey("i"), Cancelled: true, State: durable.OperationFailed}), durable.ErrFenced)
		}},
		{"skips excluded operations unless they are cancelling", func(f *fixture) {
			accept := func(platform, service string, internal bool) string {
				key := durable.Key{Platform: platform, InstanceID: f.id("i")}
				operation := f.queued(key, durable.KindProvision)
				operation.Internal = internal
				record := instanceRecord(key, durable.StatusCreating)
				record.ServiceID = service
				f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: record, Operation: operation}))
				return operation.ID
			}
			of := func(platform, service string) durable.PlatformService {
				return durable.PlatformService{Platform: platform, ServiceID: service}
			}
			a, b, c := accept("one", "s", false), accept("one", "t", false), accept("two", "s", false)
			d, e := accept("two", "t", true), accept("three", `s"'`, false)
			stopping, _ := cancelling(f, instanceKey("cancelling"), short)
			f.pass(2 * short)
			for _, step := range []struct {
				leave durable.ClaimExclusion
				want  []string
			}{
				{durable.ClaimExclusion{Platforms: []string{"one", "two", "three", instanceKey("i").Platform}}, []string{stopping}},
				{durable.ClaimExclusion{Platforms: []string{"two", "three"}, Services: []durable.PlatformService{of("one", "t"), of("none", "s")}}, []string{a}},
				{durable.ClaimExclusion{Platforms: []string{"one"}, Services: []durable.PlatformService{of("three", `s"'`), of("two", "s")}, Internal: true}, nil},
				{durable.ClaimExclusion{Internal: true}, []string{b, c, e}},
				{durable.ClaimExclusion{}, []string{d}},
			} {
				claimed, err := f.store.Claim(f.ctx, "claimer", long, 10, step.leave)
				f.ok(err)
				f.equal("claimed", operationIDs(claimed), append([]string{}, step.want...))
			}
		}},
		{"two replicas claim different operations", func(f *fixture) {
			replica := f.replica()
			want := make([]string, 0, 6)
			for range 6 {
				want = append(want, f.accept(f.queued(instanceKey(f.id("i")), durable.KindProvision)))
			}
			first := f.claim("one", long, 3)
			second, err := replica.Claim(f.ctx, "two", long, 10, durable.ClaimExclusion{})
			f.ok(err)
			got := slices.Concat(operationIDs(first), operationIDs(second))
			f.equal("claimed", got, want)
		}},
	}
}

func expiredCases() []testCase {
	expired := func(f *fixture, limit int) []string {
		f.Helper()
		records, err := f.store.Expired(f.ctx, limit)
		f.ok(err)
		ids := make([]string, 0, len(records))
		for i := range records {
			ids = append(ids, records[i].Key.InstanceID+"/"+records[i].Key.BindingID)
		}
		slices.Sort(ids)
		return ids
	}
	// bound creates a binding that expires after d, or never if d is 0.
	bound := func(f *fixture, instance, binding string, status durable.RecordStatus, d time.Duration) {
		f.Helper()
		key := f.bound(instance, binding)
		record := bindingRecord(key, status)
		if d != 0 {
			record.ExpiresAt = f.now().Add(d)
		}
		f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: f.load(key).Revision(), Instance: instanceRecord(key, durable.StatusReady), Binding: record}))
	}
	return []testCase{
		{"ready bindings that have expired", func(f *fixture) {
			bound(f, "i", "expired", durable.StatusReady, -long)
			bound(f, "i", "soon", durable.StatusReady, short)
			bound(f, "i", "late", durable.StatusReady, long)
			bound(f, "i", "never", durable.StatusReady, 0)
			bound(f, "i", "deleted", durable.StatusDeleted, -long)
			bound(f, "i", "failed", durable.StatusCreateFailed, -long)
			f.pass(2 * short)
			f.equal("expired", expired(f, 10), []string{"i/expired", "i/soon"})
		}},
		{"skips bindings of an instance with an open operation", func(f *fixture) {
			bound(f, "i", "b", durable.StatusReady, -long)
			bound(f, "j", "b", durable.StatusReady, -long)
			id := f.accept(f.leased(bindingKey("i", "other"), durable.KindBind, long))
			f.equal("expired", expired(f, 10), []string{"j/b"})
			f.finish(id)
			f.equal("expired", expired(f, 10), []string{"i/b", "j/b"})
		}},
		{"up to the limit, with their data", func(f *fixture) {
			bound(f, "i", "b", durable.StatusReady, -long)
			bound(f, "i", "c", durable.StatusReady, -long)
			f.equal("expired", len(expired(f, 1)), 1)
			records, err := f.store.Expired(f.ctx, 2)
			f.ok(err)
			for i := range records {
				f.equal("record", &records[i], f.load(records[i].Key).Binding)
			}
		}},
	}
}
