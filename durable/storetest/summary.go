package storetest

import (
	"errors"
	"strings"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

func (f *fixture) summarize(scope admin.SummaryScope) *admin.Summary {
	f.Helper()
	summary, err := f.admin().Summarize(f.ctx, scope)
	f.ok(err)
	return summary
}

func (f *fixture) queue(filter admin.QueueFilter) []string {
	f.Helper()
	records, err := f.admin().Queue(f.ctx, filter)
	f.ok(err)
	return operationIDs(records)
}

// release releases an operation after a failed attempt. It is not due during the case.
func (f *fixture) release(id string) {
	f.Helper()
	f.ok(f.store.Advance(f.ctx, &durable.Advance{
		Fence: f.fence(id), Key: f.operation(id).Key, Release: true, Failed: true, Delay: long, Checkpoint: []byte("half"),
	}))
}

func summaryCases() []testCase {
	wide := admin.SummaryScope{Cap: 100, Idle: long, Recent: long}
	return []testCase{
		{"no records", func(f *fixture) {
			before := f.now()
			summary := f.summarize(wide)
			f.during("now", summary.Now, before, 0)
			summary.Now = before
			f.equal("summary", *summary, admin.Summary{Now: before})
		}},
		{"open operations", func(f *fixture) {
			before := f.now()
			f.accept(f.leased(instanceKey("running"), durable.KindProvision, long))
			stopping := f.accept(f.leased(instanceKey("stopping"), durable.KindProvision, long))
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: 1, Instance: instanceRecord(instanceKey("stopping"), durable.StatusCreating), Cancel: stopping}))
			f.release(f.accept(f.leased(instanceKey("retrying"), durable.KindProvision, long)))
			f.accept(f.queued(instanceKey("waiting"), durable.KindProvision))
			f.done(instanceKey("done"), durable.KindProvision)
			summary := f.summarize(wide)
			f.during("oldest", summary.OldestOpen, before, 0)
			f.equal("open", summary.Open, 4)
			f.equal("running", summary.Running, 2)
			f.equal("cancelling", summary.Cancelling, 1)
			f.equal("retrying", summary.Retrying, 1)
			f.equal("stuck", summary.Stuck, 0)
			f.equal("failed", summary.Failed, 0)
			f.equal("replicas", summary.Replicas, []admin.Replica{{Name: "worker", Operations: 2}})
		}},
		{"failures", func(f *fixture) {
			for _, id := range []string{"a", "b"} {
				f.intervene(f.change(f.accept(f.queued(instanceKey(id), durable.KindProvision)), durable.OperationFailed))
			}
			f.equal("failed", f.summarize(wide).Failed, 2)
			f.pass(short)
			f.equal("failed recently", f.summarize(admin.SummaryScope{Cap: 100, Idle: long, Recent: short / 2}).Failed, 0)
			f.equal("failed, with a cap", f.summarize(admin.SummaryScope{Cap: 1, Idle: long, Recent: long}).Failed, 1)
		}},
		{"instances by status, and the cap", func(f *fixture) {
			for status, ids := range map[durable.RecordStatus]string{
				durable.StatusReady: "a b c", durable.StatusDeleted: "d", durable.StatusCreateFailed: "e f", durable.StatusUpdating: "g",
			} {
				for id := range strings.FieldsSeq(ids) {
					f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: instanceRecord(instanceKey(id), status)}))
				}
			}
			want := map[durable.RecordStatus]int{durable.StatusReady: 3, durable.StatusDeleted: 1, durable.StatusCreateFailed: 2, durable.StatusUpdating: 1}
			f.equal("instances", f.summarize(wide).Instances, want)
			want[durable.StatusReady] = 2
			f.equal("instances", f.summarize(admin.SummaryScope{Cap: 2, Idle: long, Recent: long}).Instances, want)
		}},
		{"the cap counts the oldest operations", func(f *fixture) {
			f.accept(f.queued(instanceKey("a"), durable.KindProvision))
			f.accept(f.queued(instanceKey("b"), durable.KindProvision))
			f.accept(f.leased(instanceKey("c"), durable.KindProvision, long))
			summary := f.summarize(admin.SummaryScope{Cap: 2, Idle: long, Recent: long})
			f.equal("open", summary.Open, 2)
			f.equal("running", summary.Running, 0)
		}},
		{"stuck without a worker", func(f *fixture) {
			waiting := f.accept(f.queued(instanceKey("waiting"), durable.KindProvision))
			lost := f.accept(f.leased(instanceKey("lost"), durable.KindProvision, short/4))
			f.accept(f.leased(instanceKey("running"), durable.KindProvision, long))
			f.pass(2 * short)
			f.equal("stuck", f.summarize(admin.SummaryScope{Cap: 100, Idle: short, Recent: long}).Stuck, 2)
			f.equal("queue", f.queue(admin.QueueFilter{Stuck: short}), []string{waiting, lost})
			f.equal("queue", f.queue(admin.QueueFilter{Stuck: long}), []string{})
		}},
		{"stuck after the deadline", func(f *fixture) {
			late := f.leased(instanceKey("late"), durable.KindProvision, long)
			late.Timeout = short
			f.accept(late)
			endless := f.leased(instanceKey("endless"), durable.KindProvision, long)
			endless.Timeout = 0
			f.accept(endless)
			f.pass(2 * short)
			f.equal("stuck", f.summarize(wide).Stuck, 1)
			f.equal("queue", f.queue(admin.QueueFilter{Stuck: long}), []string{late.ID})
		}},
		{"queue, oldest first", func(f *fixture) {
			a := f.accept(f.leased(instanceKey("a"), durable.KindProvision, long))
			f.done(instanceKey("done"), durable.KindProvision)
			b := f.accept(f.queued(durable.Key{Platform: "other", InstanceID: "b"}, durable.KindProvision))
			c := f.accept(f.queued(bindingKey("c", "x"), durable.KindBind))
			d := f.accept(f.leased(instanceKey("d"), durable.KindUpdate, long))
			f.release(d)
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: 1, Instance: instanceRecord(instanceKey("a"), durable.StatusCreating), Cancel: a}))
			for _, q := range []struct {
				filter admin.QueueFilter
				want   []string
			}{
				{admin.QueueFilter{}, []string{a, b, c, d}},
				{admin.QueueFilter{Platform: "platform"}, []string{a, c, d}},
				{admin.QueueFilter{Platform: "platform", InstanceID: "c"}, []string{c}},
				{admin.QueueFilter{Kind: durable.KindProvision}, []string{a, b}},
				{admin.QueueFilter{State: durable.OperationCancelling}, []string{a}},
				{admin.QueueFilter{Retrying: true}, []string{d}},
				{admin.QueueFilter{Limit: 2}, []string{a, b}},
				{admin.QueueFilter{AfterID: b}, []string{c, d}},
				{admin.QueueFilter{AfterID: b, Limit: 1, Platform: "platform"}, []string{c}},
				{admin.QueueFilter{Stuck: long}, nil},
				{admin.QueueFilter{Stuck: long, Platform: "platform", AfterID: a}, nil},
			} {
				f.equal("queue", f.queue(q.filter), q.want)
			}
			records, err := f.admin().Queue(f.ctx, admin.QueueFilter{AfterID: c})
			f.ok(err)
			want := *f.operation(d)
			want.Data, want.Checkpoint = nil, nil
			f.equal("record", records, []durable.OperationRecord{want})
			if _, err := f.admin().Queue(f.ctx, admin.QueueFilter{AfterID: "none"}); !errors.Is(err, durable.ErrNotFound) {
				f.Errorf("after an unknown operation: %v", err)
			}
		}},
	}
}
