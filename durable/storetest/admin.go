package storetest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// admin returns the store as an admin.Store. It skips the case if the store does
// not implement that.
func (f *fixture) admin() admin.Store {
	f.Helper()
	admin, ok := f.store.(admin.Store)
	if !ok {
		f.Skip("the store is not an admin.Store")
	}
	return admin
}

// intervention returns an intervention on the current record of the key.
func (f *fixture) intervention(key durable.Key, action admin.Action) *admin.Intervention {
	f.Helper()
	return &admin.Intervention{
		Expect: f.load(key).Revision(),
		Audit:  admin.AuditEntry{Actor: "me", Reason: "why not", Action: action, Key: key},
	}
}

// change returns an intervention that changes an operation.
func (f *fixture) change(id string, state durable.OperationState) *admin.Intervention {
	f.Helper()
	record := f.operation(id)
	i := f.intervention(record.Key, admin.ActionFail)
	i.Change = &admin.OperationChange{ID: id, State: state, Description: "because", Failure: []byte(`{"description":"because"}`)}
	i.Audit.OperationID, i.Audit.StateBefore = id, record.State
	return i
}

func (f *fixture) intervene(i *admin.Intervention) {
	f.Helper()
	f.ok(f.admin().Intervene(f.ctx, i))
}

func (f *fixture) trail(filter admin.AuditFilter) []admin.AuditEntry {
	f.Helper()
	records, err := f.admin().AuditTrail(f.ctx, filter)
	f.ok(err)
	entries := make([]admin.AuditEntry, len(records))
	for i, r := range records {
		entries[i], err = admin.ReadAudit(r)
		f.ok(err)
	}
	return entries
}

func interveneCases() []testCase {
	return []testCase{
		{"retry", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			fence, before := f.fence(id), f.load(key)
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: fence, Key: key, Release: true, Failed: true, Delay: long, Checkpoint: []byte("half")}))
			f.claimed()
			i := f.change(id, durable.OperationActive)
			i.Change.Timeout = 10 * long
			now := f.now()
			f.intervene(i)
			record := f.operation(id)
			f.equal("state", record.State, durable.OperationActive)
			f.equal("generation", record.Generation, fence.Generation+1)
			f.equal("failures", record.Failures, 0)
			f.equal("checkpoint", string(record.Checkpoint), "half")
			f.equal("description", record.Description, "")
			f.during("deadline", record.Deadline, now, 10*long)
			f.equal("state after", i.Audit.StateAfter, durable.OperationActive)
			f.equal("revision", f.load(key).Revision(), before.Revision()+1)
			f.claimed(id)
		}},
		{"retry ends the lease", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			fence, end := f.fence(id), f.end(id)
			f.intervene(f.change(id, durable.OperationActive))
			f.is(f.store.Advance(f.ctx, end), durable.ErrFenced)
			held, err := f.store.Renew(f.ctx, "worker", long, []durable.Fence{fence})
			f.ok(err)
			f.equal("held leases", len(held), 0)
			deadline := f.operation(id).Deadline
			f.claimed(id)
			f.equal("deadline", f.operation(id).Deadline, deadline)
			f.finish(id)
		}},
		{"cancel", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			i := f.change(id, durable.OperationCancelling)
			instance := instanceRecord(key, durable.StatusCreateFailed)
			i.Instance = &instance
			i.Begin = f.queued(key, durable.KindDeprovision)
			i.Begin.Internal = true
			f.intervene(i)
			f.equal("state", f.operation(id).State, durable.OperationCancelling)
			f.equal("state after", i.Audit.StateAfter, durable.OperationCancelling)
			f.equal("status", f.load(key).Instance.Status, durable.StatusCreateFailed)
			f.claimed() // The clean-up waits for the worker.
			end := f.end(id)
			f.is(f.store.Advance(f.ctx, end), durable.ErrCancelling)
			end.Cancelled, end.State, end.Instance = true, durable.OperationFailed, nil
			f.ok(f.store.Advance(f.ctx, end))
			f.claimed(i.Begin.ID)
		}},
		{"cancel without a worker", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.queued(key, durable.KindProvision))
			i := f.change(id, durable.OperationCancelling)
			f.intervene(i)
			record := f.operation(id)
			f.equal("state", record.State, durable.OperationFailed)
			f.equal("state after", i.Audit.StateAfter, durable.OperationFailed)
			f.equal("description", record.Description, "because")
			f.equal("failure", string(record.Failure), `{"description":"because"}`)
			f.equal("finished", record.FinishedAt.IsZero(), false)
			f.equal("open", len(f.load(key).Open), 0)
		}},
		{"fail", func(f *fixture) {
			for _, first := range []durable.OperationState{durable.OperationActive, durable.OperationCancelling} {
				key := instanceKey(string(first))
				id := f.accept(f.leased(key, durable.KindProvision, long))
				if first == durable.OperationCancelling {
					f.intervene(f.change(id, durable.OperationCancelling))
				}
				fence, end := f.fence(id), f.end(id)
				i := f.change(id, durable.OperationFailed)
				instance := instanceRecord(key, durable.StatusCreateFailed)
				i.Instance = &instance
				f.intervene(i)
				record := f.operation(id)
				f.equal("state", record.State, durable.OperationFailed)
				f.equal("generation", record.Generation, fence.Generation+1)
				f.equal("description", record.Description, "because")
				f.equal("failure", string(record.Failure), `{"description":"because"}`)
				f.equal("lease", record.LeaseUntil.IsZero(), true)
				f.equal("finished", record.FinishedAt.IsZero(), false)
				f.equal("status", f.load(key).Instance.Status, durable.StatusCreateFailed)
				f.is(f.store.Advance(f.ctx, end), durable.ErrFenced)
			}
		}},
		{"the next operation waits for the lease of the failed one", func(f *fixture) {
			key := instanceKey("i")
			lease := 10 * short
			id := f.accept(f.leased(key, durable.KindProvision, lease))
			until := f.operation(id).LeaseUntil
			i := f.change(id, durable.OperationFailed)
			i.Begin = f.queued(key, durable.KindDeprovision)
			f.intervene(i)
			f.equal("due", f.operation(i.Begin.ID).NotBefore, until)
			f.pass(lease)
			f.claimed(i.Begin.ID)
			f.equal("data", string(f.operation(i.Begin.ID).Data), "goal")
		}},
		{"retry begins an operation on a binding", func(f *fixture) {
			key := f.bound("i", "b")
			i := f.intervention(key, admin.ActionRetry)
			i.Binding, i.Begin = bindingRecord(key, durable.StatusDeleting), f.queued(key, durable.KindUnbind)
			f.intervene(i)
			f.equal("status", f.load(key).Binding.Status, durable.StatusDeleting)
			last, err := f.store.Operation(f.ctx, key, "")
			f.ok(err)
			f.equal("last operation", last.ID, i.Begin.ID)
			f.claimed(i.Begin.ID)
		}},
		{"forget an instance", func(f *fixture) {
			other := f.bound("other", "b")
			key := f.bound("i", "b")
			f.intervene(forgets(f.intervention(key.Instance(), admin.ActionForget)))
			f.equal("revision", f.load(key).Revision(), int64(0))
			f.equal("bindings", len(f.bindings(durable.Filter{InstanceID: "i"})), 0)
			f.equal("operations", len(f.operations(durable.Filter{InstanceID: "i"})), 0)
			f.equal("operations of others", len(f.operations(durable.Filter{})), 2)
			f.equal("other", f.load(other).Binding.Status, durable.StatusReady)
			f.equal("trail", len(f.trail(admin.AuditFilter{InstanceID: "i"})), 1)
			f.ready("i")
		}},
		{"forget a binding", func(f *fixture) {
			f.bound("i", "other")
			key := f.bound("i", "b")
			revision := f.load(key).Revision()
			f.intervene(forgets(f.intervention(key, admin.ActionForget)))
			snapshot := f.load(key)
			f.equal("revision", snapshot.Revision(), revision+1)
			f.equal("binding", snapshot.Binding == nil, true)
			f.equal("bindings", len(f.bindings(durable.Filter{InstanceID: "i"})), 1)
			f.equal("operations", len(f.operations(durable.Filter{InstanceID: "i"})), 2)
			f.done(key, durable.KindBind)
		}},
	}
}

func interveneRefusedCases() []testCase {
	refused := func(f *fixture, i *admin.Intervention) {
		f.Helper()
		f.unchanged(i.Audit.Key, func() { f.is(f.admin().Intervene(f.ctx, i), durable.ErrConflict) })
		f.equal("trail", len(f.trail(admin.AuditFilter{InstanceID: i.Audit.InstanceID})), 0)
		f.equal("id", i.Audit.ID, "")
	}
	return []testCase{
		{"a wrong revision", func(f *fixture) {
			key := f.bound("i", "b")
			for _, expect := range []int64{0, f.load(key).Revision() - 1, f.load(key).Revision() + 1} {
				i := f.intervention(key, admin.ActionForget)
				i.Expect = expect
				refused(f, i)
				refused(f, forgets(i))
			}
		}},
		{"a missing instance", func(f *fixture) {
			i := f.intervention(instanceKey("none"), admin.ActionForget)
			refused(f, i)
		}},
		{"an ended operation", func(f *fixture) {
			id := f.done(instanceKey("i"), durable.KindProvision)
			for _, state := range []durable.OperationState{durable.OperationActive, durable.OperationCancelling, durable.OperationFailed, durable.OperationSucceeded} {
				refused(f, f.change(id, state))
			}
		}},
		{"a cancelling operation", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			a := f.acceptance(f.queued(key, durable.KindDeprovision))
			a.Cancel = id
			f.ok(f.store.Accept(f.ctx, a))
			refused(f, f.change(id, durable.OperationActive))
			refused(f, f.change(id, durable.OperationCancelling))
		}},
		{"an operation of another instance, or a missing one", func(f *fixture) {
			id := f.accept(f.queued(instanceKey("other"), durable.KindProvision))
			f.ready("i")
			i := f.intervention(instanceKey("i"), admin.ActionFail)
			i.Change = &admin.OperationChange{ID: id, State: durable.OperationFailed}
			refused(f, i)
			i.Change.ID = "none"
			refused(f, i)
		}},
		{"a second active operation", func(f *fixture) {
			key := instanceKey("i")
			f.accept(f.queued(key, durable.KindProvision))
			i := f.intervention(key, admin.ActionRetry)
			i.Begin = f.queued(key, durable.KindDeprovision)
			refused(f, i)
		}},
	}
}

func auditCases() []testCase {
	return []testCase{
		{"entries", func(f *fixture) {
			key := instanceKey("i")
			id := f.accept(f.leased(key, durable.KindProvision, long))
			i := f.change(id, durable.OperationFailed)
			i.Begin = f.queued(key, durable.KindDeprovision)
			i.Audit.Actor, i.Audit.Reason = "Ada <ada@example.com>", "the provider is\nstuck: \"ü\""
			i.Audit.BegunID, i.Audit.StatusBefore, i.Audit.StatusAfter = i.Begin.ID, durable.StatusCreating, durable.StatusCreateFailed
			want, before := i.Audit, f.now()
			f.intervene(i)
			f.during("time", i.Audit.At, before, 0)
			want.ID, want.At, want.Outcome, want.StateAfter = i.Audit.ID, i.Audit.At, audit.OutcomeDone, durable.OperationFailed
			f.equal("entry", i.Audit, want)
			trail := f.trail(admin.AuditFilter{InstanceID: "i"})
			f.equal("entries", len(trail), 1)
			want.AuditResult = &admin.AuditResult{Chain: trail[0].Chain, Seq: 1}
			f.equal("trail", trail[0], want)
		}},
		{"filters and pages, newest first", func(f *fixture) {
			var ids []string
			for _, name := range []string{"a", "b", "c", "d"} {
				key := f.bound(name, "x")
				if name == "a" || name == "c" {
					key = key.Instance()
				}
				i := f.intervention(key, admin.ActionFail)
				i.Audit.Actor, i.Audit.OperationID, i.Audit.BegunID = "actor "+name, "operation "+name, "begun "+name
				f.intervene(i)
				ids = append(ids, i.Audit.ID)
			}
			f.intervene(forgets(f.intervention(durable.Key{Platform: "platform", InstanceID: "a"}, admin.ActionForget)))
			for _, c := range []struct {
				filter admin.AuditFilter
				want   int
			}{
				{admin.AuditFilter{}, 6}, // The first begins the chain.
				{admin.AuditFilter{Platform: "platform"}, 5},
				{admin.AuditFilter{Platform: "other"}, 0},
				{admin.AuditFilter{InstanceID: "a"}, 2},
				{admin.AuditFilter{BindingID: "x"}, 2},
				{admin.AuditFilter{OperationID: "operation b"}, 1},
				{admin.AuditFilter{OperationID: "begun b"}, 1},
				{admin.AuditFilter{Actor: "actor b"}, 1},
				{admin.AuditFilter{Actions: []admin.Action{admin.ActionForget}}, 1},
				{admin.AuditFilter{Limit: 2}, 2},
				{admin.AuditFilter{Before: ids[2]}, 3},
				{admin.AuditFilter{Before: ids[2], Limit: 1}, 1},
			} {
				entries := f.trail(c.filter)
				if len(entries) != c.want {
					f.Errorf("%+v: %d entries, want %d", c.filter, len(entries), c.want)
				}
				if !slices.IsSortedFunc(entries, func(a, b admin.AuditEntry) int { return strings.Compare(b.ID, a.ID) }) {
					f.Errorf("%+v: the newest entry is not the first: %+v", c.filter, entries)
				}
			}
		}},
		{"calls after Close or with an ended context fail", func(f *fixture) {
			store := f.admin()
			i := f.intervention(f.ready("i"), admin.ActionForget)
			calls := map[string]func(context.Context) error{
				"Intervene":       func(ctx context.Context) error { return store.Intervene(ctx, i) },
				"AuditTrail":      func(ctx context.Context) error { _, err := store.AuditTrail(ctx, admin.AuditFilter{}); return err },
				"OperationWindow": func(ctx context.Context) error { _, err := store.OperationWindow(ctx, "", 1); return err },
				"AuditWindow":     func(ctx context.Context) error { _, err := store.AuditWindow(ctx, "", 1); return err },
				"Export":          func(ctx context.Context) error { return store.Export(ctx, func(admin.ExportItem) error { return nil }) },
				"Import":          func(ctx context.Context) error { return store.Import(ctx, yield(nil, nil)) },
			}
			ended, cancel := context.WithCancel(f.ctx)
			cancel()
			for name, call := range calls {
				if err := call(ended); !errors.Is(err, context.Canceled) {
					f.Errorf("%s returns %v", name, err)
				}
			}
			f.ok(f.store.Close())
			for name, call := range calls {
				if err := call(f.ctx); err == nil || isAnswer(err) || errors.Is(err, admin.ErrNotEmpty) {
					f.Errorf("%s returns %v after closing", name, err)
				}
			}
		}},
	}
}

// forgets makes i delete the record, and returns it.
func forgets(i *admin.Intervention) *admin.Intervention {
	i.Forget = true
	return i
}

// yield returns the input of an import: items, and then err unless it is nil.
func yield(items []admin.ExportItem, err error) iter.Seq2[admin.ExportItem, error] {
	return func(next func(admin.ExportItem, error) bool) {
		for _, item := range items {
			if !next(item, nil) {
				return
			}
		}
		if err != nil {
			next(admin.ExportItem{}, err)
		}
	}
}
