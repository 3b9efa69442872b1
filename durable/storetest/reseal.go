package storetest

import (
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// resealCases test replacing sealed values while engines run.
func resealCases() []testCase {
	key, binding := instanceKey("i"), bindingKey("i", "b")
	// stored returns every sealed value of the instance, the binding and its
	// operation, with its place.
	stored := func(f *fixture, id string) []admin.SealedValue {
		f.Helper()
		snapshot, operation := f.load(binding), f.operation(id)
		setting, err := f.store.Setting(f.ctx, "canary")
		f.ok(err)
		return []admin.SealedValue{
			{SealedPlace: durable.SealedPlace{Setting: "canary"}, Old: setting},
			{SealedPlace: durable.SealedPlace{Key: key}, Old: snapshot.Instance.Data},
			{SealedPlace: durable.SealedPlace{Key: binding}, Old: snapshot.Binding.Data},
			{SealedPlace: durable.SealedPlace{Key: binding, OperationID: id}, Old: operation.Data},
			{SealedPlace: durable.SealedPlace{Key: binding, OperationID: id, Checkpoint: true}, Old: operation.Checkpoint},
		}
	}
	fill := func(f *fixture) string {
		f.Helper()
		f.ready("i")
		id := f.accept(f.leased(binding, durable.KindBind, long))
		f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: binding, Checkpoint: []byte("saved")}))
		_, err := f.store.PutSetting(f.ctx, "canary", []byte("sings"))
		f.ok(err)
		return id
	}
	return []testCase{
		{"replaces unchanged values, and changes nothing else", func(f *fixture) {
			id := fill(f)
			before, operation := f.load(binding), *f.operation(id)
			values := stored(f, id)
			for i := range values {
				values[i].New = append([]byte("new "), values[i].Old...)
			}
			f.pass(short)
			changed, err := f.admin().Reseal(f.ctx, values)
			f.ok(err)
			f.equal("changed", changed, len(values))
			for i, now := range stored(f, id) {
				f.equal("value", string(now.Old), string(values[i].New))
			}
			after, again := f.load(binding), *f.operation(id)
			before.Instance.Data, before.Binding.Data = after.Instance.Data, after.Binding.Data
			operation.Data, operation.Checkpoint = again.Data, again.Checkpoint
			f.equal("instance", after.Instance, before.Instance)
			f.equal("binding", after.Binding, before.Binding)
			f.equal("operation", again, operation)

			// The values that were read before are not the stored ones.
			changed, err = f.admin().Reseal(f.ctx, values)
			f.ok(err)
			f.equal("changed again", changed, 0)
			for i, now := range stored(f, id) {
				f.equal("value", string(now.Old), string(values[i].New))
			}
		}},
		{"removes values", func(f *fixture) {
			id := fill(f)
			values := stored(f, id)
			values = append(values[:1], values[3:]...)
			changed, err := f.admin().Reseal(f.ctx, values)
			f.ok(err)
			f.equal("changed", changed, len(values))
			_, err = f.store.Setting(f.ctx, "canary")
			f.is(err, durable.ErrNotFound)
			operation := f.operation(id)
			f.equal("sealed data", len(operation.Data)+len(operation.Checkpoint), 0)
		}},
		{"ignores missing values", func(f *fixture) {
			changed, err := f.admin().Reseal(f.ctx, []admin.SealedValue{
				{SealedPlace: durable.SealedPlace{Setting: "none"}, Old: []byte("a"), New: []byte("b")},
				{SealedPlace: durable.SealedPlace{Key: key}, Old: []byte("a"), New: []byte("b")},
				{SealedPlace: durable.SealedPlace{Key: binding}, Old: []byte("a"), New: []byte("b")},
				{SealedPlace: durable.SealedPlace{Key: key, OperationID: "none"}, Old: []byte("a")},
			})
			f.ok(err)
			f.equal("changed", changed, 0)
		}},
		{"an ended operation keeps no sealed data", func(f *fixture) {
			ended := func(what, id string) {
				f.Helper()
				operation := f.operation(id)
				f.equal(what+" has ended", operation.Ended(), true)
				f.equal("sealed data of "+what, len(operation.Data)+len(operation.Checkpoint), 0)
			}
			id := fill(f)
			f.intervene(f.change(id, durable.OperationFailed))
			ended("an operation that an operator fails", id)

			waiting := f.accept(f.queued(instanceKey("waiting"), durable.KindProvision))
			a := f.acceptance(f.queued(instanceKey("waiting"), durable.KindDeprovision))
			a.Cancel = waiting
			f.ok(f.store.Accept(f.ctx, a))
			ended("a cancelled operation without a worker", waiting)

			stopped := f.accept(f.queued(instanceKey("stopped"), durable.KindProvision))
			f.intervene(f.change(stopped, durable.OperationCancelling))
			ended("an operation without a worker that an operator cancels", stopped)

			worked := f.accept(f.leased(instanceKey("worked"), durable.KindProvision, long))
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(worked), Key: instanceKey("worked"), Checkpoint: []byte("saved")}))
			f.intervene(f.change(worked, durable.OperationCancelling))
			if operation := f.operation(worked); operation.Ended() || len(operation.Data) == 0 || len(operation.Checkpoint) == 0 {
				f.Errorf("a cancelling operation lost its data: %+v", operation)
			}
		}},
	}
}
