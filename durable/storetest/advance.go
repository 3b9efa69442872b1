package storetest

import (
	"time"

	"github.com/openbroker/openbroker/durable"
)

func advanceCases() []testCase {
	key := instanceKey("i")
	// running begins a provision with a lease.
	running := func(f *fixture) string {
		f.Helper()
		return f.accept(f.leased(key, durable.KindProvision, long))
	}
	cancelling := func(f *fixture) string {
		f.Helper()
		id := running(f)
		a := f.acceptance(f.queued(key, durable.KindDeprovision))
		a.Cancel = id
		f.ok(f.store.Accept(f.ctx, a))
		return id
	}
	// refused checks that an Advance that changes every field fails with want and has
	// no effect.
	refused := func(f *fixture, fence durable.Fence, cancelled bool, want error) {
		f.Helper()
		text := "changed"
		instance := instanceRecord(key, durable.StatusDeleted)
		for _, state := range []durable.OperationState{"", durable.OperationSucceeded, durable.OperationFailed} {
			f.unchanged(bindingKey("i", "b"), func() {
				f.is(f.store.Advance(f.ctx, &durable.Advance{
					Fence: fence, Key: key, Cancelled: cancelled, State: state, Description: &text, Failure: []byte("{}"), Checkpoint: []byte("changed"),
					Release: state == "", Failed: true, Delay: long, Instance: &instance, Binding: bindingRecord(bindingKey("i", "b"), durable.StatusReady),
					Next: f.queued(key, durable.KindDeprovision),
				}), want)
			})
		}
	}
	return []testCase{
		{"changes only the given fields", func(f *fixture) {
			id := running(f)
			before := *f.operation(id)
			f.pass(short)
			started := f.now()
			one, empty := "one", ""
			fence := durable.Fence{OperationID: id, Generation: 1}
			want := before
			for _, step := range []struct {
				advance durable.Advance
				expect  func(*durable.OperationRecord)
			}{
				{durable.Advance{Description: &one}, func(r *durable.OperationRecord) { r.Description = one }},
				{durable.Advance{State: durable.OperationActive, Checkpoint: []byte("c1")}, func(r *durable.OperationRecord) { r.Checkpoint = []byte("c1") }},
				{durable.Advance{Failure: []byte(`{"a":1}`)}, func(r *durable.OperationRecord) { r.Failure = []byte(`{"a":1}`) }},
				{durable.Advance{}, func(*durable.OperationRecord) {}},
				{durable.Advance{Checkpoint: []byte{0, 255}}, func(r *durable.OperationRecord) { r.Checkpoint = []byte{0, 255} }},
				{durable.Advance{Description: &empty, Checkpoint: []byte{}}, func(r *durable.OperationRecord) { r.Description, r.Checkpoint = "", nil }},
			} {
				step.advance.Fence, step.advance.Key = fence, key
				step.advance.Revision = 77
				f.ok(f.store.Advance(f.ctx, &step.advance))
				f.equal("the revision in the result of a change that does not increase it", step.advance.Revision, int64(0))
				got := *f.operation(id)
				f.during("UpdatedAt", got.UpdatedAt, started, 0)
				step.expect(&want)
				want.UpdatedAt = got.UpdatedAt
				f.equal("operation", got, want)
			}
			f.equal("revision", f.load(key).Revision(), int64(1))
		}},
		{"ends an operation and changes its records", func(f *fixture) {
			binding := bindingKey("i", "b")
			f.ready("i")
			id := f.accept(f.leased(binding, durable.KindBind, long))
			revision := f.load(binding).Revision()
			f.pass(short)
			before := f.now()
			text := "bound"
			instance := durable.InstanceRecord{Key: key, Revision: 99, Status: durable.StatusReady, ServiceID: "s2", PlanID: "p2", Data: []byte("d2")}
			f.ok(f.store.Advance(f.ctx, &durable.Advance{
				Fence: f.fence(id), Key: binding, State: durable.OperationSucceeded, Description: &text, Checkpoint: []byte("last"),
				Instance: &instance, Binding: &durable.BindingRecord{Key: binding, Status: durable.StatusReady, ServiceID: "s3", PlanID: "p3", Data: []byte("d3")},
			}))
			operation := f.operation(id)
			f.equal("state", operation.State, durable.OperationSucceeded)
			f.equal("ended", operation.Ended(), true)
			f.equal("description", operation.Description, text)
			f.equal("sealed data of an ended operation", len(operation.Checkpoint)+len(operation.Data), 0)
			f.during("FinishedAt", operation.FinishedAt, before, 0)
			f.during("UpdatedAt", operation.UpdatedAt, before, 0)
			snapshot := f.load(binding)
			f.equal("open operations", len(snapshot.Open), 0)
			f.equal("revision", snapshot.Revision(), revision+1)
			f.equal("instance", []string{snapshot.Instance.ServiceID, snapshot.Instance.PlanID, string(snapshot.Instance.Data)}, []string{"s2", "p2", "d2"})
			f.during("UpdatedAt", snapshot.Instance.UpdatedAt, before, 0)
			if !snapshot.Instance.CreatedAt.Before(before) || !snapshot.Binding.CreatedAt.Before(before) {
				f.Error("CreatedAt was changed")
			}
			f.equal("binding", []string{string(snapshot.Binding.Status), snapshot.Binding.ServiceID, snapshot.Binding.PlanID, string(snapshot.Binding.Data)}, []string{"ready", "s3", "p3", "d3"})
		}},
		{"fails an operation", func(f *fixture) {
			id := running(f)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, State: durable.OperationFailed, Failure: []byte(`{"x":1}`)}))
			f.equal("state", f.operation(id).State, durable.OperationFailed)
			f.equal("failure", string(f.operation(id).Failure), `{"x":1}`)
			f.equal("revision", f.load(key).Revision(), int64(2))
			f.equal("status", f.load(key).Instance.Status, durable.StatusCreating)
		}},
		{"a change of a record increases the revision by one", func(f *fixture) {
			binding := bindingKey("i", "b")
			f.ready("i")
			id := f.accept(f.leased(binding, durable.KindBind, long))
			revision := f.load(key).Revision()
			instance := instanceRecord(key, durable.StatusReady)
			for i, a := range []durable.Advance{
				{Instance: &instance},
				{Binding: bindingRecord(binding, durable.StatusCreating)},
				{Instance: &instance, Binding: bindingRecord(binding, durable.StatusCreating)},
				{State: durable.OperationSucceeded},
			} {
				a.Fence, a.Key = durable.Fence{OperationID: id, Generation: 1}, binding
				f.ok(f.store.Advance(f.ctx, &a))
				f.equal("revision", f.load(key).Revision(), revision+int64(i)+1)
				f.equal("the revision in the result", a.Revision, revision+int64(i)+1)
			}
		}},
		{"an unknown operation is fenced", func(f *fixture) {
			running(f)
			refused(f, durable.Fence{OperationID: "unknown", Generation: 1}, false, durable.ErrFenced)
		}},
		{"another generation is fenced", func(f *fixture) {
			id := running(f)
			for _, generation := range []int64{0, 2, -1} {
				refused(f, durable.Fence{OperationID: id, Generation: generation}, false, durable.ErrFenced)
				refused(f, durable.Fence{OperationID: id, Generation: generation}, true, durable.ErrFenced)
			}
		}},
		{"an ended operation is fenced", func(f *fixture) {
			id := running(f)
			f.finish(id)
			refused(f, f.fence(id), false, durable.ErrFenced)
			refused(f, f.fence(id), true, durable.ErrFenced)
		}},
		{"a worker is fenced after another one claimed its operation", func(f *fixture) {
			id := f.accept(f.leased(key, durable.KindProvision, short))
			f.pass(2 * short)
			f.claimed(id)
			refused(f, durable.Fence{OperationID: id, Generation: 1}, false, durable.ErrFenced)
			f.finish(id)
		}},
		{"a worker with an expired lease continues until another claims it", func(f *fixture) {
			id := f.accept(f.leased(key, durable.KindProvision, short))
			f.pass(2 * short)
			f.finish(id)
		}},
		{"a cancelling operation can only end", func(f *fixture) {
			id := cancelling(f)
			refused(f, f.fence(id), false, durable.ErrCancelling)
			refused(f, durable.Fence{OperationID: id, Generation: 7}, false, durable.ErrFenced)
		}},
		{"a cancelling operation ends", func(f *fixture) {
			id := cancelling(f)
			before := f.now()
			instance := instanceRecord(key, durable.StatusDeleting)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Cancelled: true, State: durable.OperationFailed, Instance: &instance}))
			record := f.operation(id)
			f.equal("state", record.State, durable.OperationFailed)
			f.during("FinishedAt", record.FinishedAt, before, 0)
			f.equal("revision", f.load(key).Revision(), int64(3))
		}},
		{"a cancelling operation stays cancelling until it ends", func(f *fixture) {
			id := cancelling(f)
			text := "stopping"
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Cancelled: true, Description: &text, Checkpoint: []byte("c")}))
			f.equal("state", f.operation(id).State, durable.OperationCancelling)
			f.equal("description", f.operation(id).Description, text)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Cancelled: true, Release: true}))
			f.equal("state", f.operation(id).State, durable.OperationCancelling)
			f.claimed(id)
		}},
		{"releases an operation", func(f *fixture) {
			id := running(f)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Release: true}))
			record := f.operation(id)
			f.equal("failures", record.Failures, 0)
			f.equal("owner", record.Owner, "")
			f.equal("lease", record.LeaseUntil, time.Time{})
			f.equal("revision", f.load(key).Revision(), int64(1))
			claimed := f.claimed(id)
			f.equal("generation", claimed[0].Generation, int64(2))
			f.equal("attempt", claimed[0].Attempt, 2)
		}},
		{"a released operation is fenced, so that a repeated release counts once", func(f *fixture) {
			for _, release := range []durable.Advance{{}, {Failed: true, Delay: long}} {
				key := instanceKey(f.id("i"))
				release.Release, release.Key = true, key
				id := f.accept(f.leased(key, durable.KindProvision, long))
				release.Fence = f.fence(id)
				f.ok(f.store.Advance(f.ctx, &release))
				released := f.operation(id)
				f.is(f.store.Advance(f.ctx, &release), durable.ErrFenced)
				f.is(f.store.Advance(f.ctx, &durable.Advance{Fence: release.Fence, Key: key, Checkpoint: []byte("late")}), durable.ErrFenced)
				f.is(f.store.Advance(f.ctx, &durable.Advance{Fence: release.Fence, Key: key, State: durable.OperationSucceeded}), durable.ErrFenced)
				f.equal("operation", f.operation(id), released)
			}
		}},
		{"releases after a failure, with a delay", func(f *fixture) {
			id := running(f)
			before := f.now()
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Release: true, Delay: short, Failed: true, Failure: []byte("{}")}))
			record := f.operation(id)
			f.equal("failures", record.Failures, 1)
			f.during("NotBefore", record.NotBefore, before, short)
			f.pass(2 * short)
			f.claimed(id)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Release: true, Delay: long, Failed: true}))
			f.equal("failures", f.operation(id).Failures, 2)
			f.claimed()
		}},
		{"a release without a delay removes the previous delay", func(f *fixture) {
			id := running(f)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Release: true, Delay: short}))
			f.pass(2 * short)
			f.claimed(id)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Release: true}))
			f.equal("NotBefore", f.operation(id).NotBefore, time.Time{})
			f.claimed(id)
		}},
	}
}

// followCases test the operation that begins with the end of another.
func followCases() []testCase {
	key := instanceKey("i")
	return []testCase{
		{"begins with the end of the previous one", func(f *fixture) {
			id := f.accept(f.leased(key, durable.KindProvision, long))
			a := f.end(id)
			a.State = durable.OperationFailed
			a.Next = f.leased(key, durable.KindDeprovision, long)
			a.Next.Internal = true
			before := f.now()
			f.ok(f.store.Advance(f.ctx, a))
			f.equal("state", f.operation(id).State, durable.OperationFailed)
			next := f.operation(a.Next.ID)
			f.equal("state", next.State, durable.OperationActive)
			f.equal("internal", next.Internal, true)
			f.equal("generation", next.Generation, int64(1))
			f.equal("attempt", next.Attempt, 1)
			f.equal("owner", next.Owner, "worker")
			f.during("LeaseUntil", next.LeaseUntil, before, long)
			f.during("Deadline", next.Deadline, before, long)
			f.equal("open operations", operationIDs(f.load(key).Open), []string{next.ID})
			f.equal("revision", f.load(key).Revision(), int64(2))
			last, err := f.store.Operation(f.ctx, key, "")
			f.ok(err)
			f.equal("last operation", last.ID, id)
		}},
		{"waits without a lease", func(f *fixture) {
			id := f.accept(f.leased(key, durable.KindProvision, long))
			a := f.end(id)
			a.Next = f.queued(key, durable.KindUpdate)
			f.ok(f.store.Advance(f.ctx, a))
			f.claimed(a.Next.ID)
		}},
		{"a conflict changes nothing", func(f *fixture) {
			f.ready("i")
			var ids []string
			for _, binding := range []string{"b", "c"} {
				operation := f.leased(bindingKey("i", binding), durable.KindBind, long)
				operation.Parallel = true
				ids = append(ids, f.accept(operation))
			}
			a := f.end(ids[0])
			a.Next = f.queued(bindingKey("i", "c"), durable.KindBind)
			a.Next.Parallel = true
			f.unchanged(bindingKey("i", "b"), func() { f.is(f.store.Advance(f.ctx, a), durable.ErrConflict) })
			a.Next = nil
			f.ok(f.store.Advance(f.ctx, a))
		}},
	}
}
