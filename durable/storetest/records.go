package storetest

import (
	"time"

	"github.com/openbroker/openbroker/durable"
)

// instanceKey and bindingKey return keys of the platform that most cases use.
func instanceKey(id string) durable.Key {
	return durable.Key{Platform: "platform", InstanceID: id}
}

func bindingKey(instance, id string) durable.Key {
	return durable.Key{Platform: "platform", InstanceID: instance, BindingID: id}
}

func instanceRecord(key durable.Key, status durable.RecordStatus) durable.InstanceRecord {
	return durable.InstanceRecord{Key: key.Instance(), Status: status, ServiceID: "service", PlanID: "plan", Data: []byte("data of " + key.InstanceID)}
}

func bindingRecord(key durable.Key, status durable.RecordStatus) *durable.BindingRecord {
	return &durable.BindingRecord{Key: key, Status: status, ServiceID: "service", PlanID: "plan", Data: []byte("data of " + key.BindingID)}
}

// queued returns an operation that waits for a worker.
func (f *fixture) queued(key durable.Key, kind durable.OperationKind) *durable.OperationSpec {
	return &durable.OperationSpec{ID: f.id("operation"), Key: key, Kind: kind, Timeout: long, Data: []byte("goal")}
}

// leased returns an operation with a lease for "worker".
func (f *fixture) leased(key durable.Key, kind durable.OperationKind, lease time.Duration) *durable.OperationSpec {
	operation := f.queued(key, kind)
	operation.Owner, operation.Lease = "worker", lease
	return operation
}

// accept begins the operation at the current revision and returns its id. It writes
// the records as the engine would.
func (f *fixture) accept(operation *durable.OperationSpec) string {
	f.Helper()
	f.ok(f.store.Accept(f.ctx, f.acceptance(operation)))
	return operation.ID
}

func (f *fixture) acceptance(operation *durable.OperationSpec) *durable.Acceptance {
	f.Helper()
	key := operation.Key
	a := &durable.Acceptance{Expect: f.load(key).Revision(), Operation: operation}
	switch operation.Kind {
	case durable.KindProvision:
		a.Instance = instanceRecord(key, durable.StatusCreating)
	case durable.KindUpdate:
		a.Instance = instanceRecord(key, durable.StatusUpdating)
	case durable.KindDeprovision:
		a.Instance = instanceRecord(key, durable.StatusDeleting)
	case durable.KindBind:
		a.Instance, a.Binding = instanceRecord(key, durable.StatusReady), bindingRecord(key, durable.StatusCreating)
	case durable.KindUnbind:
		a.Instance, a.Binding = instanceRecord(key, durable.StatusReady), bindingRecord(key, durable.StatusDeleting)
	}
	return a
}

// fence returns the fence of the operation's latest claim.
func (f *fixture) fence(id string) durable.Fence {
	f.Helper()
	return durable.Fence{OperationID: id, Generation: f.operation(id).Generation}
}

// end returns the Advance that ends an operation successfully and updates its
// records.
func (f *fixture) end(id string) *durable.Advance {
	f.Helper()
	record := f.operation(id)
	a := &durable.Advance{Fence: durable.Fence{OperationID: id, Generation: record.Generation}, Key: record.Key, State: durable.OperationSucceeded}
	status := durable.StatusReady
	if record.Kind == durable.KindDeprovision || record.Kind == durable.KindUnbind {
		status = durable.StatusDeleted
	}
	if record.Key.BindingID != "" {
		a.Binding = bindingRecord(record.Key, status)
	} else {
		instance := instanceRecord(record.Key, status)
		a.Instance = &instance
	}
	return a
}

// finish ends an operation successfully.
func (f *fixture) finish(id string) {
	f.Helper()
	f.ok(f.store.Advance(f.ctx, f.end(id)))
}

// done begins and ends an operation.
func (f *fixture) done(key durable.Key, kind durable.OperationKind) string {
	f.Helper()
	id := f.accept(f.leased(key, kind, long))
	f.finish(id)
	return id
}

// ready provisions an instance and returns its key.
func (f *fixture) ready(id string) durable.Key {
	f.Helper()
	key := instanceKey(id)
	f.done(key, durable.KindProvision)
	return key
}

// bound creates a binding, and its instance if it is missing, and returns the key
// of the binding.
func (f *fixture) bound(instance, id string) durable.Key {
	f.Helper()
	key := bindingKey(instance, id)
	if f.load(key).Instance == nil {
		f.ready(instance)
	}
	f.done(key, durable.KindBind)
	return key
}
