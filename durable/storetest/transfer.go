package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// everything returns all items that the store exports.
func (f *fixture) everything() []admin.ExportItem {
	f.Helper()
	var items []admin.ExportItem
	f.ok(f.admin().Export(f.ctx, func(item admin.ExportItem) error {
		items = append(items, item)
		return nil
	}))
	return items
}

// populate fills the store with records in every state.
func (f *fixture) populate() {
	f.Helper()
	_, err := f.store.PutSetting(f.ctx, "name", []byte{0, 255})
	f.ok(err)
	_, err = f.store.PutSetting(f.ctx, "empty", nil)
	f.ok(err)
	f.bound("ready", "b2")
	f.bound("ready", "b1")
	deleted := f.bound("deleted", "b")
	f.done(deleted, durable.KindUnbind)
	f.done(deleted.Instance(), durable.KindDeprovision)
	expiring := f.bound("expiring", "b")
	a := f.acceptance(f.queued(expiring, durable.KindUnbind))
	a.Binding.Status, a.Binding.ExpiresAt, a.Operation = durable.StatusReady, f.now().Add(long).Truncate(time.Microsecond), nil
	f.ok(f.store.Accept(f.ctx, a))
	f.ready("parallel")
	for _, id := range []string{"b1", "b2"} {
		o := f.leased(bindingKey("parallel", id), durable.KindBind, long)
		o.Parallel = true
		f.accept(o)
	}
	key := instanceKey("cancelling")
	cancelled := f.leased(key, durable.KindProvision, long)
	f.accept(cancelled)
	a = f.acceptance(f.queued(key, durable.KindDeprovision))
	a.Cancel = cancelled.ID
	f.ok(f.store.Accept(f.ctx, a))
	retried := f.accept(f.leased(instanceKey("retried"), durable.KindProvision, long))
	text := "half ' done"
	f.ok(f.store.Advance(f.ctx, &durable.Advance{
		Fence: f.fence(retried), Key: instanceKey("retried"), Description: &text, Failure: []byte("{}"), Checkpoint: []byte{1, 0}, Release: true, Failed: true, Delay: long,
	}))
	failed := f.accept(f.leased(instanceKey("failed"), durable.KindProvision, long))
	f.intervene(f.change(failed, durable.OperationFailed))
	f.ok(f.store.MarkDelivered(f.ctx, failed))
}

// kind returns the position of the item's kind in an export.
func kind(item admin.ExportItem) int {
	for i, is := range []bool{item.Setting != nil, item.Instance != nil, item.Binding != nil, item.Operation != nil, item.Audit != nil, item.Batch != nil} {
		if is {
			return i
		}
	}
	return -1
}

func transferCases() []testCase {
	return []testCase{
		{"export", func(f *fixture) {
			f.equal("nothing", len(f.everything()), 0)
			f.populate()
			items := f.everything()
			counts := map[int]int{}
			for i, item := range items {
				counts[kind(item)]++
				if i > 0 && kind(items[i-1]) > kind(item) {
					f.Errorf("item %d has kind %d, the item before has kind %d", i, kind(item), kind(items[i-1]))
				}
				switch {
				case item.Instance != nil:
					f.equal("instance", *item.Instance, *f.load(item.Instance.Key).Instance)
				case item.Binding != nil:
					f.equal("binding", *item.Binding, *f.load(item.Binding.Key).Binding)
				case item.Operation != nil:
					f.equal("operation", item.Operation.OperationRecord, *f.operation(item.Operation.ID))
					f.equal("parallel", item.Operation.Parallel, item.Operation.Key.InstanceID == "parallel" && item.Operation.Kind == durable.KindBind)
				}
			}
			f.equal("counts", counts, map[int]int{0: 2, 1: 7, 2: 6, 3: 16, 4: 2, 5: 1}) // The first entry begins a chain.
			list := f.operations(durable.Filter{Limit: 100})
			for i := range list {
				f.equal("order", items[len(items)-4-i].Operation.ID, list[i].ID)
			}
		}},
		{"an export stops at an error", func(f *fixture) {
			f.populate()
			stop, calls := errors.New("stop"), 0
			f.is(f.admin().Export(f.ctx, func(admin.ExportItem) error { calls++; return stop }), stop)
			f.equal("calls", calls, 1)
			f.ready("again")
		}},
		{"an export is consistent", func(f *fixture) {
			f.ready("i")
			f.bound("i", "b")
			var items []admin.ExportItem
			f.ok(f.admin().Export(f.ctx, func(item admin.ExportItem) error {
				if len(items) == 0 {
					f.done(bindingKey("i", "b"), durable.KindUnbind)
				}
				items = append(items, item)
				return nil
			}))
			f.equal("items", len(items), 4)
			f.equal("binding", items[1].Binding.Status, durable.StatusReady)
		}},
		{"import", func(f *fixture) {
			f.populate()
			items := f.everything()
			to := f.other()
			f.ok(to.admin().Import(to.ctx, yield(items, nil)))
			for i := range items {
				if items[i].Operation != nil {
					items[i].Operation.Owner, items[i].Operation.LeaseUntil = "", time.Time{}
				}
			}
			f.equal("items", to.everything(), items)
			// The store works like any other.
			to.is(to.admin().Import(to.ctx, yield(nil, nil)), admin.ErrNotEmpty)
			claimed := to.claim("worker", long, 100)
			to.equal("claimed", len(claimed), 3) // Two binds and the cancelling provision.
			to.equal("generation", claimed[0].Generation, int64(2))
			to.intervene(to.change(claimed[0].ID, durable.OperationFailed))
			trail := to.trail(admin.AuditFilter{})
			to.equal("trail", len(trail), 4)
			to.ready("new")
			to.bound("ready", "new")
			to.pass(2 * short)
			pruned, err := to.store.Prune(to.ctx, short, 100)
			to.ok(err)
			to.equal("pruned", pruned, f.repeatAndPrune())
		}},
		{"an empty import", func(f *fixture) {
			f.ok(f.admin().Import(f.ctx, yield(nil, nil)))
			f.ready("i")
		}},
		{"an import stores all items or none", func(f *fixture) {
			f.populate()
			items := f.everything()
			to, stop := f.other(), errors.New("stop")
			for _, n := range []int{0, 1, 5, len(items)} {
				to.is(to.admin().Import(to.ctx, yield(items[:n], stop)), stop)
				to.equal(fmt.Sprintf("items after %d", n), len(to.everything()), 0)
			}
			orphan := admin.ExportItem{Binding: bindingRecord(bindingKey("none", "b"), durable.StatusReady)}
			orphan.Binding.CreatedAt, orphan.Binding.UpdatedAt = to.now(), to.now()
			for name, broken := range map[string][]admin.ExportItem{
				"a binding without an instance": {orphan},
				"a record twice":                append(items[2:3:3], items[2]),
			} {
				if err := to.admin().Import(to.ctx, yield(broken, nil)); err == nil {
					to.Errorf("%s was imported", name)
				}
				to.equal("items", len(to.everything()), 0)
			}
			to.ok(to.admin().Import(to.ctx, yield(items, nil)))
		}},
		{"no import into a store that is not empty", func(f *fixture) {
			for name, fill := range map[string]func(*fixture){
				"setting": func(f *fixture) { _, err := f.store.PutSetting(f.ctx, "name", nil); f.ok(err) },
				"record":  func(f *fixture) { f.ready("i") },
			} {
				to := f.other()
				fill(to)
				before := to.everything()
				if err := to.admin().Import(to.ctx, yield(nil, nil)); !errors.Is(err, admin.ErrNotEmpty) {
					f.Errorf("%s: error %v", name, err)
				}
				to.equal("items", to.everything(), before)
			}
		}},
	}
}

// other returns a fixture with another, empty database.
func (f *fixture) other() *fixture {
	f.Helper()
	database := f.newDatabase(f.T)
	to := &fixture{T: f.T, ctx: f.ctx, database: database, store: database.Store, newDatabase: f.newDatabase}
	to.ids.Store(1000) // The imported records have ids of the first fixture.
	return to
}

// repeatAndPrune makes the changes that the importing store got after the import,
// and returns how many records Prune deletes.
func (f *fixture) repeatAndPrune() int {
	f.Helper()
	for _, record := range f.operations(durable.Filter{State: durable.OperationActive}) {
		if record.Key.InstanceID == "parallel" && record.Key.BindingID == "b1" {
			f.intervene(f.change(record.ID, durable.OperationFailed))
		}
	}
	f.ready("new")
	f.bound("ready", "new")
	f.pass(2 * short)
	pruned, err := f.store.Prune(f.ctx, short, 100)
	f.ok(err)
	return pruned
}
