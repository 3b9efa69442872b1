package durable

import "time"

// A Key identifies an instance of a platform or, with a BindingID, a binding of it. The
// same id on two platforms identifies two different instances.
type Key struct {
	Platform   string `json:"platform"`
	InstanceID string `json:"instance_id"`
	BindingID  string `json:"binding_id,omitempty"`
}

// Instance returns the key without the BindingID.
func (k Key) Instance() Key { return Key{Platform: k.Platform, InstanceID: k.InstanceID} }

// A RecordStatus is the status of an instance or a binding. docs/operation-states.md
// has the diagram.
type RecordStatus string

const (
	// StatusCreating means that its provision or bind is active.
	StatusCreating RecordStatus = "creating"
	// StatusReady means that it exists, and no operation changes it.
	StatusReady RecordStatus = "ready"
	// StatusUpdating means that its update is active. Instances only.
	StatusUpdating RecordStatus = "updating"
	// StatusDeleting means that its deprovision or unbind is active.
	StatusDeleting RecordStatus = "deleting"
	// StatusCreateFailed means that its creation failed and a resource may be left.
	StatusCreateFailed RecordStatus = "create failed"
	// StatusDeleted means that it is gone, or that its failed creation was cleaned up. The
	// record stays as a tombstone until it is pruned.
	StatusDeleted RecordStatus = "deleted"
)

// An OperationKind is what an operation does.
type OperationKind string

// The kinds of operations, one for each method of a [Provider].
const (
	KindProvision   OperationKind = "provision"
	KindUpdate      OperationKind = "update"
	KindDeprovision OperationKind = "deprovision"
	KindBind        OperationKind = "bind"
	KindUnbind      OperationKind = "unbind"
)

// An OperationState is the state of an operation.
type OperationState string

const (
	// OperationActive means that it waits for a worker, or that one works on it.
	OperationActive OperationState = "active"
	// OperationCancelling means that a deletion or an operator has asked it to stop. It
	// ends when its worker has stopped; a deletion begins then.
	OperationCancelling OperationState = "cancelling"
	// OperationSucceeded is final.
	OperationSucceeded OperationState = "succeeded"
	// OperationFailed is final.
	OperationFailed OperationState = "failed"
)

// An InstanceRecord is an instance as a store keeps it.
type InstanceRecord struct {
	Key Key
	// Revision grows by one with every change to the instance, its bindings or
	// its operations. It guards decisions: see [Acceptance].
	Revision  int64
	Status    RecordStatus
	ServiceID string
	PlanID    string
	// Data is sealed: parameters, context, dashboard URL, provider state.
	Data []byte
	// CreatedAt and UpdatedAt are set by the store, from the database's clock.
	CreatedAt, UpdatedAt time.Time
}

// A BindingRecord is a binding as a store keeps it.
type BindingRecord struct {
	Key       Key
	Status    RecordStatus
	ServiceID string
	PlanID    string
	// ExpiresAt is when the credentials expire, or zero.
	ExpiresAt time.Time
	// Data is sealed: parameters, bind resource, credentials.
	Data []byte
	// CreatedAt and UpdatedAt are set by the store.
	CreatedAt, UpdatedAt time.Time
}

// An OperationRecord is an operation as a store keeps it.
type OperationRecord struct {
	// ID is URL-safe; platforms see it.
	ID   string
	Key  Key
	Kind OperationKind
	// Internal operations were begun by the engine or an operator rather than by the
	// platform, which does not see them: clean-ups, and unbinding expired bindings.
	Internal bool
	State    OperationState
	// Generation grows with each claim. It fences the writes of workers: a worker that
	// lost its lease cannot change anything.
	Generation int64
	// Attempt counts the claims, and Failures the failed attempts among them.
	Attempt, Failures int
	// Owner is the replica that holds the lease until LeaseUntil. If that is zero, the
	// operation waits for a worker.
	Owner      string
	LeaseUntil time.Time
	// CutOff is set by [Store.Claim] only, and may stay empty: the replica that had the
	// operation before, and neither released it nor ended it before the lease ended. Its
	// attempt was cut off.
	CutOff string
	// NotBefore, if not zero, delays the next attempt.
	NotBefore time.Time
	// Deadline is when the operation fails unless it has ended.
	Deadline time.Time
	// Description is what the platform reads when it polls.
	Description string
	// Failure is the public part of the error of a failed operation, as JSON.
	Failure []byte
	// Data is sealed: the target of the operation. It is nil once the operation has
	// ended.
	Data []byte
	// Checkpoint is sealed: the value of the last Task.Save. It is nil once the operation
	// has ended.
	Checkpoint []byte
	// CreatedAt, UpdatedAt and FinishedAt, which is zero until the operation ends, are
	// set by the store.
	CreatedAt, UpdatedAt, FinishedAt time.Time
	// DeliveredAt is when an answer first reported the failure of the operation to the
	// platform, or zero.
	DeliveredAt time.Time
}

// Ended reports whether the operation is in a final state.
func (o *OperationRecord) Ended() bool {
	return o.State == OperationSucceeded || o.State == OperationFailed
}
