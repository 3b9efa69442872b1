package storetest

import (
	"errors"
	"time"

	"github.com/openbroker/openbroker/durable"
)

func loadCases() []testCase {
	return []testCase{
		{"no record", func(f *fixture) {
			snapshot := f.load(bindingKey("i", "b"))
			if snapshot.Now.IsZero() {
				f.Error("Now is zero")
			}
			snapshot.Now = time.Time{}
			f.equal("snapshot", snapshot, &durable.Snapshot{})
			f.equal("revision", snapshot.Revision(), int64(0))
		}},
		{"an instance", func(f *fixture) {
			before := f.now()
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			snapshot := f.load(key)
			f.during("CreatedAt", snapshot.Instance.CreatedAt, before, 0)
			f.during("UpdatedAt", snapshot.Instance.UpdatedAt, before, 0)
			f.during("Now", snapshot.Now, before, 0)
			snapshot.Instance.CreatedAt, snapshot.Instance.UpdatedAt = time.Time{}, time.Time{}
			want := instanceRecord(key, durable.StatusCreating)
			want.Revision = 1
			f.equal("instance", snapshot.Instance, &want)
			f.equal("open operations", operationIDs(snapshot.Open), []string{id})
			if snapshot.Binding != nil {
				f.Error("the snapshot has a binding, but the key names none")
			}
		}},
		{"a binding", func(f *fixture) {
			key := f.bound("i", "b")
			expires := f.now().Add(long).Truncate(time.Microsecond)
			record := bindingRecord(key, durable.StatusReady)
			record.ExpiresAt, record.ServiceID, record.PlanID, record.Data = expires, "s2", "p2", []byte{0, 1, 2, 255}
			before := f.now()
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: f.load(key).Revision(), Instance: instanceRecord(key, durable.StatusReady), Binding: record}))
			snapshot := f.load(key)
			if snapshot.Binding == nil || snapshot.Instance == nil {
				f.Fatal("the binding or its instance is missing")
			}
			got := *snapshot.Binding
			if !got.ExpiresAt.Equal(expires) {
				f.Errorf("ExpiresAt is %v, want %v", got.ExpiresAt, expires)
			}
			f.during("UpdatedAt", got.UpdatedAt, before, 0)
			if got.CreatedAt.IsZero() || got.CreatedAt.After(got.UpdatedAt) {
				f.Errorf("CreatedAt is %v, UpdatedAt %v", got.CreatedAt, got.UpdatedAt)
			}
			got.ExpiresAt, got.CreatedAt, got.UpdatedAt = record.ExpiresAt, time.Time{}, time.Time{}
			f.equal("binding", &got, record)
			f.equal("binding that is missing", f.load(bindingKey("i", "other")).Binding, (*durable.BindingRecord)(nil))
		}},
		{"open operations, oldest first", func(f *fixture) {
			f.ready("i")
			f.ready("other")
			f.accept(f.queued(instanceKey("other"), durable.KindUpdate))
			var want []string
			for _, binding := range []string{"z", "a", "m"} {
				operation := f.queued(bindingKey("i", binding), durable.KindBind)
				operation.Parallel = true
				want = append(want, f.accept(operation))
				f.pass(time.Millisecond)
			}
			for _, key := range []durable.Key{instanceKey("i"), bindingKey("i", "a"), bindingKey("i", "none")} {
				f.equal("open operations", operationIDs(f.load(key).Open), want)
			}
		}},
		{"open operations without their checkpoint", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			text := "half done"
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: key, Description: &text, Checkpoint: []byte("checkpoint")}))
			open := f.load(key).Open
			f.equal("open operations", operationIDs(open), []string{id})
			want := *f.operation(id)
			f.equal("checkpoint", string(want.Checkpoint), "checkpoint")
			want.Checkpoint = nil
			f.equal("open operation", open[0], want)
		}},
		{"cancelling operations are open, ended ones are not", func(f *fixture) {
			key := instanceKey("i")
			provision := f.accept(f.leased(key, durable.KindProvision, long))
			a := f.acceptance(f.queued(key, durable.KindDeprovision))
			a.Cancel = provision
			f.ok(f.store.Accept(f.ctx, a))
			f.equal("open operations", operationIDs(f.load(key).Open), []string{provision, a.Operation.ID})
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(provision), Key: key, Cancelled: true, State: durable.OperationFailed}))
			f.equal("open operations", operationIDs(f.load(key).Open), []string{a.Operation.ID})
		}},
		{"platforms see only their own records", func(f *fixture) {
			f.bound("i", "b")
			f.accept(f.queued(instanceKey("i"), durable.KindUpdate))
			foreign := durable.Key{Platform: "other", InstanceID: "i", BindingID: "b"}
			snapshot := f.load(foreign)
			if snapshot.Instance != nil || snapshot.Binding != nil || len(snapshot.Open) > 0 {
				f.Errorf("another platform sees %+v", snapshot)
			}
			if _, err := f.store.Operation(f.ctx, foreign, ""); !errors.Is(err, durable.ErrNotFound) {
				f.Errorf("another platform sees an operation: %v", err)
			}
			f.accept(f.queued(foreign.Instance(), durable.KindProvision))
			f.equal("revision", f.load(foreign).Revision(), int64(1))
			f.equal("status", f.load(instanceKey("i")).Instance.Status, durable.StatusUpdating)
		}},
	}
}
