package storetest

import (
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
)

func acceptCases() []testCase {
	return []testCase{
		{"a new instance", func(f *fixture) {
			key := instanceKey("i")
			a := f.acceptance(f.queued(key, durable.KindProvision))
			a.Instance.Revision = 77
			a.Instance.CreatedAt = time.Unix(1, 0)
			f.ok(f.store.Accept(f.ctx, a))
			f.equal("revision", f.load(key).Revision(), int64(1))
			if f.load(key).Instance.CreatedAt.Equal(a.Instance.CreatedAt) {
				f.Error("the store took CreatedAt from the caller")
			}
		}},
		{"each change increases the revision by one", func(f *fixture) {
			key := instanceKey("i")
			for want := range int64(5) {
				f.equal("revision", f.load(key).Revision(), want)
				f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: want, Instance: instanceRecord(key, durable.StatusReady)}))
			}
		}},
		{"replaces the instance", func(f *fixture) {
			key := f.ready("i")
			created := f.load(key).Instance.CreatedAt
			f.pass(short)
			before := f.now()
			record := durable.InstanceRecord{Key: key, Status: durable.StatusUpdating, ServiceID: "s2", PlanID: "p2", Data: []byte{0, 0xff, 0xfe}}
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: 2, Instance: record}))
			got := *f.load(key).Instance
			f.during("UpdatedAt", got.UpdatedAt, before, 0)
			if !got.CreatedAt.Equal(created) {
				f.Errorf("CreatedAt is %v, was %v", got.CreatedAt, created)
			}
			got.CreatedAt, got.UpdatedAt = time.Time{}, time.Time{}
			record.Revision = 3
			f.equal("instance", got, record)
		}},
		{"a wrong revision changes nothing", func(f *fixture) {
			key := f.bound("i", "b")
			running := f.accept(f.leased(instanceKey("i"), durable.KindUpdate, long))
			revision := f.load(key).Revision()
			for _, expect := range []int64{0, 1, revision - 1, revision + 1} {
				f.unchanged(key, func() {
					f.is(f.store.Accept(f.ctx, &durable.Acceptance{
						Expect: expect, Instance: durable.InstanceRecord{Key: key.Instance(), Status: durable.StatusDeleted},
						Binding: bindingRecord(key, durable.StatusDeleted), Cancel: running, Operation: f.queued(key, durable.KindUnbind),
					}), durable.ErrConflict)
				})
			}
		}},
		{"a revision of a missing instance", func(f *fixture) {
			f.is(f.store.Accept(f.ctx, &durable.Acceptance{Expect: 1, Instance: instanceRecord(instanceKey("i"), durable.StatusReady)}), durable.ErrConflict)
			f.equal("revision", f.load(instanceKey("i")).Revision(), int64(0))
		}},
		{"without an operation", func(f *fixture) {
			key := instanceKey("i")
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: instanceRecord(key, durable.StatusReady)}))
			f.equal("open operations", len(f.load(key).Open), 0)
			_, err := f.store.Operation(f.ctx, key, "")
			f.is(err, durable.ErrNotFound)
		}},
		{"replaces the binding", func(f *fixture) {
			key := f.bound("i", "b")
			created := f.load(key).Binding.CreatedAt
			f.pass(short)
			f.accept(f.queued(key, durable.KindUnbind))
			got := f.load(key).Binding
			f.equal("status", got.Status, durable.StatusDeleting)
			if !got.CreatedAt.Equal(created) || !got.UpdatedAt.After(created) {
				f.Errorf("CreatedAt %v, UpdatedAt %v, was created %v", got.CreatedAt, got.UpdatedAt, created)
			}
		}},
		{"an operation without a lease", func(f *fixture) {
			before := f.now()
			operation := f.queued(instanceKey("i"), durable.KindProvision)
			f.accept(operation)
			got := *f.operation(operation.ID)
			f.during("CreatedAt", got.CreatedAt, before, 0)
			f.during("UpdatedAt", got.UpdatedAt, before, 0)
			f.during("Deadline", got.Deadline, before, long)
			got.CreatedAt, got.UpdatedAt, got.Deadline = time.Time{}, time.Time{}, time.Time{}
			f.equal("operation", got, durable.OperationRecord{
				ID: operation.ID, Key: operation.Key, Kind: durable.KindProvision, State: durable.OperationActive, Data: []byte("goal"),
			})
		}},
		{"an operation with a lease", func(f *fixture) {
			before := f.now()
			operation := f.leased(instanceKey("i"), durable.KindProvision, long)
			operation.Internal = true
			f.accept(operation)
			got := f.operation(operation.ID)
			f.during("LeaseUntil", got.LeaseUntil, before, long)
			f.equal("owner", got.Owner, "worker")
			f.equal("generation", got.Generation, int64(1))
			f.equal("attempt", got.Attempt, 1)
			f.equal("failures", got.Failures, 0)
			f.equal("internal", got.Internal, true)
			f.claimed()
		}},
		{"a delay", func(f *fixture) {
			before := f.now()
			operation := f.queued(instanceKey("i"), durable.KindProvision)
			operation.Delay, operation.Timeout = long, 2*long
			f.accept(operation)
			got := f.operation(operation.ID)
			f.during("NotBefore", got.NotBefore, before, long)
			f.during("Deadline", got.Deadline, before, 2*long)
		}},
		{"any ids and data", func(f *fixture) {
			for _, id := range strangeIDs() {
				key := durable.Key{Platform: id, InstanceID: id, BindingID: id}
				a := &durable.Acceptance{Instance: instanceRecord(key, durable.StatusReady), Binding: bindingRecord(key, durable.StatusCreating), Operation: f.leased(key, durable.KindBind, long)}
				data := []byte(id + "\x00\xff\x00")
				a.Instance.ServiceID, a.Instance.PlanID = id, id
				a.Instance.Data, a.Binding.Data, a.Operation.Data = data, data, data
				f.ok(f.store.Accept(f.ctx, a))
				f.ok(f.store.Advance(f.ctx, &durable.Advance{
					Fence: durable.Fence{OperationID: a.Operation.ID, Generation: 1}, Key: key, Description: &id, Failure: []byte(`"x"`), Checkpoint: data,
				}))
				snapshot := f.load(key)
				f.equal("instance", snapshot.Instance.Key, key.Instance())
				f.equal("service", snapshot.Instance.ServiceID, id)
				f.equal("instance data", snapshot.Instance.Data, data)
				f.equal("binding", snapshot.Binding.Key, key)
				f.equal("binding data", snapshot.Binding.Data, data)
				operation, err := f.store.Operation(f.ctx, key, "")
				f.ok(err)
				f.equal("operation", operation.Key, key)
				f.equal("description", operation.Description, id)
				f.equal("operation data", operation.Data, data)
				f.equal("checkpoint", operation.Checkpoint, data)
			}
		}},
		{"a mebibyte of data", func(f *fixture) {
			key := instanceKey("i")
			data := make([]byte, 1<<20)
			for i := range data {
				data[i] = byte(i * 7)
			}
			a := f.acceptance(f.queued(key, durable.KindProvision))
			a.Instance.Data, a.Operation.Data = data, data
			f.ok(f.store.Accept(f.ctx, a))
			if got := f.load(key); string(got.Instance.Data) != string(data) || string(got.Open[0].Data) != string(data) {
				f.Error("the data differs")
			}
		}},
	}
}

// strangeIDs returns different ids. A careless store confuses some of them.
func strangeIDs() []string {
	return []string{
		"a", "A", "a ", " a", "a/b", "a%2Fb", "a'b", `a"b`, "a\\b", "a\nb", "a\tb", "a%", "a_b", "a?b", "$1", ":a", "NULL", "-1", "0", "00",
		"é", "e\u0301", "日本語", "🦊", "\u202e", strings.Repeat("x", 1000), strings.Repeat("x", 999) + "y", strings.Repeat("é", 500),
	}
}

func exclusionCases() []testCase {
	// parallel returns a bind that may run at the same time as others.
	parallel := func(f *fixture, binding string) *durable.OperationSpec {
		operation := f.queued(bindingKey("i", binding), durable.KindBind)
		operation.Parallel = true
		return operation
	}
	// refused checks that the operation conflicts with an active one.
	refused := func(f *fixture, operation *durable.OperationSpec) {
		f.Helper()
		f.unchanged(operation.Key, func() {
			f.is(f.store.Accept(f.ctx, f.acceptance(operation)), durable.ErrConflict)
		})
	}
	return []testCase{
		{"one active operation per instance", func(f *fixture) {
			f.accept(f.queued(instanceKey("i"), durable.KindProvision))
			refused(f, f.queued(instanceKey("i"), durable.KindUpdate))
			f.accept(f.queued(instanceKey("other"), durable.KindProvision))
		}},
		{"one active operation per instance and its bindings", func(f *fixture) {
			f.ready("i")
			f.accept(f.queued(bindingKey("i", "b"), durable.KindBind))
			refused(f, f.queued(bindingKey("i", "c"), durable.KindBind))
			refused(f, f.queued(instanceKey("i"), durable.KindUpdate))
		}},
		{"another operation after the end of the first", func(f *fixture) {
			key := f.ready("i")
			f.done(key, durable.KindUpdate)
			f.accept(f.queued(bindingKey("i", "b"), durable.KindBind))
		}},
		{"parallel operations on different bindings", func(f *fixture) {
			f.ready("i")
			b, c := f.accept(parallel(f, "b")), f.accept(parallel(f, "c"))
			f.equal("open operations", operationIDs(f.load(instanceKey("i")).Open), []string{b, c})
			f.claimed(b, c)
		}},
		{"no parallel operations on one binding", func(f *fixture) {
			f.ready("i")
			f.accept(parallel(f, "b"))
			refused(f, parallel(f, "b"))
		}},
		{"no second operation with the same id", func(f *fixture) {
			operation := f.queued(instanceKey("i"), durable.KindProvision)
			f.accept(operation)
			again := f.queued(instanceKey("j"), durable.KindProvision)
			again.ID = operation.ID
			refused(f, again)
		}},
	}
}

func cancelCases() []testCase {
	// cancel accepts a deprovision that cancels the operation.
	cancel := func(f *fixture, id string) error {
		f.Helper()
		key := f.operation(id).Key.Instance()
		a := f.acceptance(f.queued(key, durable.KindDeprovision))
		a.Cancel = id
		return f.store.Accept(f.ctx, a)
	}
	failed := func(f *fixture, id string, before time.Time) {
		f.Helper()
		record := f.operation(id)
		f.equal("state", record.State, durable.OperationFailed)
		f.during("FinishedAt", record.FinishedAt, before, 0)
		f.during("UpdatedAt", record.UpdatedAt, before, 0)
	}
	return []testCase{
		{"a leased operation becomes cancelling", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			f.ok(cancel(f, id))
			record := f.operation(id)
			f.equal("state", record.State, durable.OperationCancelling)
			f.equal("owner", record.Owner, "worker")
			f.equal("generation", record.Generation, int64(1))
			if !record.FinishedAt.IsZero() || record.LeaseUntil.IsZero() {
				f.Errorf("the operation has ended: %+v", record)
			}
		}},
		{"an operation with an expired lease becomes cancelling", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, short))
			f.pass(2 * short)
			f.ok(cancel(f, id))
			f.equal("state", f.operation(id).State, durable.OperationCancelling)
		}},
		{"an operation without a lease fails immediately", func(f *fixture) {
			id := f.accept(f.queued(instanceKey("i"), durable.KindProvision))
			f.pass(short)
			before := f.now()
			f.ok(cancel(f, id))
			failed(f, id, before)
			f.equal("open operations", len(f.load(instanceKey("i")).Open), 1)
		}},
		{"a released operation fails immediately", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Release: true, Delay: long, Failed: true}))
			before := f.now()
			f.ok(cancel(f, id))
			failed(f, id, before)
		}},
		{"cancelling an operation that is not active is a conflict", func(f *fixture) {
			ended := f.done(instanceKey("i"), durable.KindProvision)
			foreign := f.accept(f.leased(instanceKey("other"), durable.KindProvision, long))
			update := f.accept(f.leased(instanceKey("i"), durable.KindUpdate, long))
			f.ok(cancel(f, update))
			for _, id := range []string{ended, foreign, update, "unknown"} {
				f.unchanged(instanceKey("i"), func() {
					a := &durable.Acceptance{Expect: f.load(instanceKey("i")).Revision(), Instance: instanceRecord(instanceKey("i"), durable.StatusDeleted), Cancel: id}
					f.is(f.store.Accept(f.ctx, a), durable.ErrConflict)
				})
			}
			f.equal("operation of another instance", f.operation(foreign).State, durable.OperationActive)
		}},
		{"without a new operation", func(f *fixture) {
			id := f.accept(f.leased(instanceKey("i"), durable.KindProvision, long))
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: 1, Instance: instanceRecord(instanceKey("i"), durable.StatusCreating), Cancel: id}))
			f.equal("state", f.operation(id).State, durable.OperationCancelling)
			f.equal("revision", f.load(instanceKey("i")).Revision(), int64(2))
		}},
	}
}

func operationCases() []testCase {
	get := func(f *fixture, key durable.Key, id string) string {
		f.Helper()
		record, err := f.store.Operation(f.ctx, key, id)
		f.ok(err)
		return record.ID
	}
	return []testCase{
		{"by id", func(f *fixture) {
			first := f.done(instanceKey("i"), durable.KindProvision)
			f.done(instanceKey("i"), durable.KindUpdate)
			f.equal("operation", get(f, instanceKey("i"), first), first)
			f.equal("operation", f.operation(first).ID, first)
		}},
		{"an empty id selects the last one", func(f *fixture) {
			f.done(instanceKey("i"), durable.KindProvision)
			last := f.done(instanceKey("i"), durable.KindUpdate)
			f.equal("operation", get(f, instanceKey("i"), ""), last)
		}},
		{"the id of another key selects the last one", func(f *fixture) {
			bind := f.done(bindingKey("i", "b"), durable.KindBind)
			provision := f.done(instanceKey("i"), durable.KindProvision)
			f.done(instanceKey("j"), durable.KindProvision)
			f.equal("operation", get(f, instanceKey("i"), bind), provision)
			f.equal("operation", get(f, instanceKey("i"), "unknown"), provision)
			f.equal("operation", get(f, bindingKey("i", "b"), provision), bind)
		}},
		{"an internal operation only by its id", func(f *fixture) {
			first := f.done(instanceKey("i"), durable.KindProvision)
			internal := f.leased(instanceKey("i"), durable.KindDeprovision, long)
			internal.Internal = true
			f.accept(internal)
			f.finish(internal.ID)
			f.equal("operation", get(f, instanceKey("i"), ""), first)
			f.equal("operation", get(f, instanceKey("i"), internal.ID), internal.ID)
		}},
		{"not found", func(f *fixture) {
			f.ready("i")
			_, err := f.store.Operation(f.ctx, bindingKey("i", "b"), "")
			f.is(err, durable.ErrNotFound)
			_, err = f.store.Operation(f.ctx, instanceKey("unknown"), "unknown")
			f.is(err, durable.ErrNotFound)
			_, err = f.store.OperationByID(f.ctx, "unknown")
			f.is(err, durable.ErrNotFound)
			_, err = f.store.OperationByID(f.ctx, "")
			f.is(err, durable.ErrNotFound)
		}},
		{"without an id, internal ones are not found", func(f *fixture) {
			internal := f.leased(instanceKey("i"), durable.KindProvision, long)
			internal.Internal = true
			f.accept(internal)
			_, err := f.store.Operation(f.ctx, instanceKey("i"), "")
			f.is(err, durable.ErrNotFound)
		}},
	}
}
