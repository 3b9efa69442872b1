package storetest

import (
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

func pruneCases() []testCase {
	prune := func(f *fixture, retention time.Duration, limit int) int {
		f.Helper()
		pruned, err := f.store.Prune(f.ctx, retention, limit)
		f.ok(err)
		return pruned
	}
	// all prunes until nothing is left to prune.
	all := func(f *fixture) int {
		f.Helper()
		sum := 0
		for {
			pruned := prune(f, short, 100)
			if pruned == 0 {
				return sum
			}
			sum += pruned
		}
	}
	stored := func(f *fixture) []string {
		f.Helper()
		ids := operationIDs(f.operations(durable.Filter{Limit: 1000}))
		slices.Reverse(ids)
		return ids
	}
	return []testCase{
		{"no records", func(f *fixture) { f.equal("pruned", prune(f, 0, 100), 0) }},
		{"deletes ended operations except the last", func(f *fixture) {
			key := f.ready("i")
			f.done(key, durable.KindUpdate)
			last := f.done(key, durable.KindUpdate)
			f.pass(3 * short)
			f.equal("pruned", all(f), 2)
			f.equal("operations", stored(f), []string{last})
			operation, err := f.store.Operation(f.ctx, key, "")
			f.ok(err)
			f.equal("last operation", operation.ID, last)
			f.equal("status", f.load(key).Instance.Status, durable.StatusReady)
		}},
		{"keeps the last operation of each record that is not internal", func(f *fixture) {
			provision := f.done(instanceKey("i"), durable.KindProvision)
			bind := f.done(bindingKey("i", "b"), durable.KindBind)
			internal := f.leased(instanceKey("i"), durable.KindUpdate, long)
			internal.Internal = true
			f.accept(internal)
			f.finish(internal.ID)
			f.pass(3 * short)
			all(f)
			for key, id := range map[durable.Key]string{instanceKey("i"): provision, bindingKey("i", "b"): bind} {
				operation, err := f.store.Operation(f.ctx, key, "")
				f.ok(err)
				f.equal("last operation", operation.ID, id)
			}
		}},
		{"keeps operations during the retention", func(f *fixture) {
			key := f.ready("i")
			f.done(key, durable.KindUpdate)
			f.done(key, durable.KindDeprovision)
			f.pass(3 * short)
			f.equal("pruned", prune(f, long, 100), 0)
			f.equal("operations", len(stored(f)), 3)
		}},
		{"counts the retention from the end of an operation", func(f *fixture) {
			f.ready("i")
			f.pass(short)
			update := f.accept(f.leased(instanceKey("i"), durable.KindUpdate, long))
			started := f.operation(update).CreatedAt
			f.pass(2 * short)
			f.finish(update)
			f.done(instanceKey("i"), durable.KindUpdate)
			// The provision ended before the update was created: it is old enough.
			// The update ended later: it is not.
			prune(f, f.now().Sub(started)-short/2, 100)
			if !slices.Contains(stored(f), update) {
				f.Error("the retention was counted from the creation of the operation")
			}
		}},
		{"keeps open operations", func(f *fixture) {
			key := f.ready("i")
			id := f.accept(f.leased(key, durable.KindUpdate, long))
			f.pass(3 * short)
			all(f)
			f.equal("state", f.operation(id).State, durable.OperationActive)
			f.finish(id)
		}},
		{"deletes tombstones with their operations", func(f *fixture) {
			key := f.bound("i", "b")
			f.done(key, durable.KindUnbind)
			f.done(key.Instance(), durable.KindDeprovision)
			kept := f.bound("kept", "b")
			f.pass(3 * short)
			// An instance, a binding, and two operations of each.
			f.equal("pruned", all(f), 6)
			if snapshot := f.load(key); snapshot.Instance != nil || snapshot.Binding != nil {
				f.Errorf("the records still exist: %+v", snapshot)
			}
			for _, key := range []durable.Key{key, key.Instance()} {
				_, err := f.store.Operation(f.ctx, key, "")
				f.is(err, durable.ErrNotFound)
			}
			if snapshot := f.load(kept); snapshot.Instance == nil || snapshot.Binding == nil {
				f.Error("records that are not deleted were pruned")
			}
			f.equal("operations", len(stored(f)), 2)
		}},
		{"deletes the tombstone of a binding whose instance exists", func(f *fixture) {
			key := f.bound("i", "b")
			f.done(key, durable.KindUnbind)
			f.pass(3 * short)
			f.equal("pruned", all(f), 3)
			snapshot := f.load(key)
			if snapshot.Binding != nil || snapshot.Instance == nil {
				f.Errorf("binding %v, instance %v", snapshot.Binding, snapshot.Instance)
			}
		}},
		{"keeps a record whose id is used again", func(f *fixture) {
			key := f.ready("i")
			f.done(key, durable.KindDeprovision)
			id := f.accept(f.leased(key, durable.KindProvision, long))
			f.pass(3 * short)
			all(f)
			f.equal("status", f.load(key).Instance.Status, durable.StatusCreating)
			f.finish(id)
		}},
		{"a pruned id can be used again", func(f *fixture) {
			key := f.ready("i")
			f.done(key, durable.KindDeprovision)
			f.pass(3 * short)
			all(f)
			f.equal("revision", f.load(key).Revision(), int64(0))
			f.ready("i")
			f.equal("revision", f.load(key).Revision(), int64(2))
		}},
		{"up to the limit", func(f *fixture) {
			for _, id := range []string{"a", "b", "c"} {
				f.ready(id)
				f.done(instanceKey(id), durable.KindDeprovision)
			}
			f.pass(3 * short)
			prune(f, short, 1)
			// One operation, and one instance with its remaining records.
			f.equal("instances", len(f.instances(durable.Filter{})), 2)
			f.equal("prunes more", all(f) > 0, true)
			f.equal("operations", len(stored(f)), 0)
			f.equal("instances", len(f.instances(durable.Filter{})), 0)
		}},
	}
}
