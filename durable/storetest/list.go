package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/durable"
)

func listCases() []testCase {
	return []testCase{
		{"a window of operations", func(f *fixture) {
			var ids []string // newest first
			for i := range 5 {
				ids = append([]string{f.accept(f.queued(instanceKey(fmt.Sprint(i)), durable.KindProvision))}, ids...)
			}
			for _, c := range []struct {
				after      string
				operations int
				want       string
			}{
				{"", 1, ids[0]}, {"", 4, ids[3]}, {"", 5, ""}, {"", 100, ""}, {ids[0], 2, ids[2]}, {ids[0], 4, ""}, {ids[4], 1, ""},
			} {
				from, err := f.admin().OperationWindow(f.ctx, c.after, c.operations)
				f.ok(err)
				f.equal(fmt.Sprint(c), from, c.want)
			}
			_, err := f.admin().OperationWindow(f.ctx, "none", 1)
			f.is(err, durable.ErrNotFound)
			f.equal("from", operationIDs(f.operations(durable.Filter{FromID: ids[2]})), ids[:3])
			f.equal("between", operationIDs(f.operations(durable.Filter{FromID: ids[2], AfterID: ids[0]})), ids[1:3])
			f.equal("of an instance", operationIDs(f.operations(durable.Filter{InstanceID: "3"})), []string{ids[1]})
			_, err = f.store.Operations(f.ctx, durable.Filter{FromID: "none"})
			f.is(err, durable.ErrNotFound)
		}},
		{"no records", func(f *fixture) {
			f.equal("instances", len(f.instances(durable.Filter{})), 0)
			f.equal("bindings", len(f.bindings(durable.Filter{})), 0)
			f.equal("operations", len(f.operations(durable.Filter{})), 0)
		}},
		{"whole records", func(f *fixture) {
			key := f.bound("i", "b")
			snapshot := f.load(key)
			f.equal("instances", f.instances(durable.Filter{}), []durable.InstanceRecord{*snapshot.Instance})
			f.equal("bindings", f.bindings(durable.Filter{}), []durable.BindingRecord{*snapshot.Binding})
			operations := f.operations(durable.Filter{})
			f.equal("number of operations", len(operations), 2)
			for i := range operations {
				f.equal("operation", operations[i], *f.operation(operations[i].ID))
			}
		}},
		{"filters of instances", func(f *fixture) {
			put := func(key durable.Key, status durable.RecordStatus, service, plan string) {
				record := instanceRecord(key, status)
				record.ServiceID, record.PlanID = service, plan
				f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: record}))
			}
			put(instanceKey("a"), durable.StatusReady, "s1", "p1")
			put(instanceKey("b"), durable.StatusDeleted, "s1", "p2")
			put(instanceKey("c"), durable.StatusReady, "s2", "p3")
			put(durable.Key{Platform: "other", InstanceID: "a"}, durable.StatusReady, "s1", "p1")
			for _, c := range []struct {
				filter durable.Filter
				want   string
			}{
				{durable.Filter{}, "other/a platform/a platform/b platform/c"},
				{durable.Filter{Platform: "platform"}, "platform/a platform/b platform/c"},
				{durable.Filter{InstanceID: "a"}, "other/a platform/a"},
				{durable.Filter{ServiceID: "s1"}, "other/a platform/a platform/b"},
				{durable.Filter{PlanID: "p2"}, "platform/b"},
				{durable.Filter{Status: durable.StatusReady}, "other/a platform/a platform/c"},
				{durable.Filter{Platform: "platform", InstanceID: "a", ServiceID: "s1", PlanID: "p1", Status: durable.StatusReady}, "platform/a"},
				{durable.Filter{Platform: "platform", InstanceID: "a", ServiceID: "s2"}, ""},
				{durable.Filter{Platform: "none"}, ""},
			} {
				f.equal(fmt.Sprintf("%+v", c.filter), strings.Join(instanceIDs(f.instances(c.filter)), " "), c.want)
			}
		}},
		{"filters of bindings", func(f *fixture) {
			put := func(key durable.Key, status durable.RecordStatus, service, plan string) {
				record := bindingRecord(key, status)
				record.ServiceID, record.PlanID = service, plan
				f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: f.load(key).Revision(), Instance: instanceRecord(key, durable.StatusReady), Binding: record}))
			}
			put(bindingKey("i", "a"), durable.StatusReady, "s1", "p1")
			put(bindingKey("i", "b"), durable.StatusDeleted, "s1", "p2")
			put(bindingKey("j", "a"), durable.StatusReady, "s2", "p3")
			put(durable.Key{Platform: "other", InstanceID: "i", BindingID: "a"}, durable.StatusReady, "s1", "p1")
			for _, c := range []struct {
				filter durable.Filter
				want   string
			}{
				{durable.Filter{}, "other/i/a platform/i/a platform/i/b platform/j/a"},
				{durable.Filter{Platform: "platform", InstanceID: "i"}, "platform/i/a platform/i/b"},
				{durable.Filter{BindingID: "a"}, "other/i/a platform/i/a platform/j/a"},
				{durable.Filter{ServiceID: "s1", Platform: "platform"}, "platform/i/a platform/i/b"},
				{durable.Filter{PlanID: "p3"}, "platform/j/a"},
				{durable.Filter{Status: durable.StatusDeleted}, "platform/i/b"},
			} {
				f.equal(fmt.Sprintf("%+v", c.filter), strings.Join(bindingIDs(f.bindings(c.filter)), " "), c.want)
			}
		}},
		{"filters of operations, newest first", func(f *fixture) {
			provision := f.done(instanceKey("i"), durable.KindProvision)
			bind := f.done(bindingKey("i", "b"), durable.KindBind)
			other := f.done(durable.Key{Platform: "other", InstanceID: "i"}, durable.KindProvision)
			update := f.accept(f.leased(instanceKey("i"), durable.KindUpdate, long))
			stop := f.accept(f.leased(instanceKey("j"), durable.KindProvision, long))
			f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: 1, Instance: instanceRecord(instanceKey("j"), durable.StatusCreating), Cancel: stop}))
			for _, c := range []struct {
				filter durable.Filter
				want   []string
			}{
				{durable.Filter{}, []string{stop, update, other, bind, provision}},
				{durable.Filter{Platform: "platform", InstanceID: "i"}, []string{update, bind, provision}},
				{durable.Filter{BindingID: "b"}, []string{bind}},
				{durable.Filter{Kind: durable.KindProvision}, []string{stop, other, provision}},
				{durable.Filter{State: durable.OperationActive}, []string{update}},
				{durable.Filter{State: durable.OperationCancelling}, []string{stop}},
				{durable.Filter{State: durable.OperationSucceeded}, []string{other, bind, provision}},
				{durable.Filter{State: durable.OperationFailed}, nil},
				{durable.Filter{Platform: "platform", Kind: durable.KindProvision, State: durable.OperationSucceeded}, []string{provision}},
			} {
				f.equal(fmt.Sprintf("%+v", c.filter), operationIDs(f.operations(c.filter)), c.want)
			}
		}},
		{"pages of instances and bindings, ordered by bytes", func(f *fixture) {
			var want []string
			for _, platform := range []string{"p", "P", "é"} {
				for _, id := range strangeIDs() {
					key := durable.Key{Platform: platform, InstanceID: id, BindingID: id}
					f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: instanceRecord(key, durable.StatusReady), Binding: bindingRecord(key, durable.StatusReady)}))
					want = append(want, platform+"/"+id)
				}
			}
			slices.SortFunc(want, func(a, b string) int {
				platformA, idA, _ := strings.Cut(a, "/")
				platformB, idB, _ := strings.Cut(b, "/")
				if order := strings.Compare(platformA, platformB); order != 0 {
					return order
				}
				return strings.Compare(idA, idB)
			})
			for _, limit := range []int{1, 7, len(want), 0} {
				var instances, bindings []string
				filter := durable.Filter{Limit: limit}
				for page := f.instances(filter); len(page) > 0; page = f.instances(filter) {
					instances = append(instances, instanceIDs(page)...)
					filter.After = page[len(page)-1].Key
				}
				f.equal("instances", instances, want)
				filter.After = durable.Key{}
				for page := f.bindings(filter); len(page) > 0; page = f.bindings(filter) {
					for i := range page {
						bindings = append(bindings, page[i].Key.Platform+"/"+page[i].Key.InstanceID)
					}
					filter.After = page[len(page)-1].Key
				}
				f.equal("bindings", bindings, want)
			}
		}},
		{"pages of the bindings of one instance", func(f *fixture) {
			var want []string
			key := instanceKey("i")
			for i := range 10 {
				binding := bindingKey("i", fmt.Sprintf("b%d", i))
				f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Expect: int64(i), Instance: instanceRecord(key, durable.StatusReady), Binding: bindingRecord(binding, durable.StatusReady)}))
				want = append(want, "platform/i/"+binding.BindingID)
			}
			var got []string
			filter := durable.Filter{Platform: "platform", InstanceID: "i", Limit: 3}
			for page := f.bindings(filter); len(page) > 0; page = f.bindings(filter) {
				got = append(got, bindingIDs(page)...)
				filter.After = page[len(page)-1].Key
			}
			f.equal("bindings", got, want)
		}},
		{"pages of operations", func(f *fixture) {
			var want []string
			for i := range 12 {
				key := instanceKey("even")
				if i%2 == 1 {
					key = instanceKey("odd")
				}
				want = append(want, f.done(key, durable.KindUpdate))
			}
			slices.Reverse(want)
			for _, limit := range []int{1, 5, 12, 0} {
				f.equal("operations", f.operationPages(durable.Filter{Limit: limit}, nil), want)
			}
			var odd []string
			for i := 0; i < len(want); i += 2 {
				odd = append(odd, want[i])
			}
			f.equal("operations", f.operationPages(durable.Filter{Platform: "platform", InstanceID: "odd", Limit: 4}, nil), odd)
		}},
		{"new operations do not shift the pages", func(f *fixture) {
			var want []string
			for range 6 {
				want = append(want, f.done(instanceKey("i"), durable.KindUpdate))
			}
			slices.Reverse(want)
			got := f.operationPages(durable.Filter{Limit: 2}, func() { f.done(instanceKey("i"), durable.KindUpdate) })
			f.equal("operations", got, want)
		}},
		{"100 by default", func(f *fixture) {
			for i := range 101 {
				f.ok(f.store.Accept(f.ctx, f.acceptance(f.queued(bindingKey(strconv.Itoa(i), "b"), durable.KindBind))))
			}
			f.equal("instances", len(f.instances(durable.Filter{})), 100)
			f.equal("bindings", len(f.bindings(durable.Filter{})), 100)
			f.equal("operations", len(f.operations(durable.Filter{})), 100)
			f.equal("instances", len(f.instances(durable.Filter{Limit: 200})), 101)
		}},
	}
}

func (f *fixture) instances(filter durable.Filter) []durable.InstanceRecord {
	f.Helper()
	records, err := f.store.Instances(f.ctx, filter)
	f.ok(err)
	return records
}

func (f *fixture) bindings(filter durable.Filter) []durable.BindingRecord {
	f.Helper()
	records, err := f.store.Bindings(f.ctx, filter)
	f.ok(err)
	return records
}

func (f *fixture) operations(filter durable.Filter) []durable.OperationRecord {
	f.Helper()
	records, err := f.store.Operations(f.ctx, filter)
	f.ok(err)
	return records
}

// operationPages returns the ids of all pages. It calls between after each page.
func (f *fixture) operationPages(filter durable.Filter, between func()) []string {
	f.Helper()
	var ids []string
	for page := f.operations(filter); len(page) > 0; page = f.operations(filter) {
		ids = append(ids, operationIDs(page)...)
		filter.AfterID = ids[len(ids)-1]
		if between != nil {
			between()
		}
	}
	return ids
}

func instanceIDs(records []durable.InstanceRecord) []string {
	ids := make([]string, 0, len(records))
	for i := range records {
		ids = append(ids, records[i].Key.Platform+"/"+records[i].Key.InstanceID)
	}
	return ids
}

func bindingIDs(records []durable.BindingRecord) []string {
	ids := make([]string, 0, len(records))
	for i := range records {
		ids = append(ids, records[i].Key.Platform+"/"+records[i].Key.InstanceID+"/"+records[i].Key.BindingID)
	}
	return ids
}
