package durable

import "time"

// A Key names an instance of a platform or, with a BindingID, a binding of it.
// The same id on two platforms is two different things.
type Key struct {
	Platform   string `json:"platform"`
	InstanceID string `json:"instance_id"`
	BindingID  string `json:"binding_id,omitempty"`
}

// Instance returns the key of the instance that a binding belongs to.
func (k Key) Instance() Key { return Key{Platform: k.Platform, InstanceID: k.InstanceID} }

// A RecordStatus is where an instance or a binding is in its life; see
// docs/operation-states.md for the diagram.
type RecordStatus string

const (
	// StatusCreating means that its provision or bind is active.
	StatusCreating RecordStatus = "creating"
	// StatusReady means that it exists and nothing is being done to it.
	StatusReady RecordStatus = "ready"
	// StatusUpdating means that its update is active. Instances only.
	StatusUpdating RecordStatus = "updating"
	// StatusDeleting means that its deprovision or unbind is active.
	StatusDeleting RecordStatus = "deleting"
	// StatusCreateFailed means that its creation failed and something may be left behind.
	StatusCreateFailed RecordStatus = "create failed"
	// StatusDeleted means that it is gone, also if its creation failed and was cleaned up. The
	// record is kept for a while, as a tombstone.
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
	// OperationActive means that it waits for a worker, or one works on it.
	OperationActive OperationState = "active"
	// OperationCancelling means that a deletion asked it to stop, and it has not stopped yet. The
	// deletion begins when it has.
	OperationCancelling OperationState = "cancelling"
	// OperationSucceeded is final.
	OperationSucceeded OperationState = "succeeded"
	// OperationFailed is final.
	OperationFailed OperationState = "failed"
)

// An InstanceRecord is an instance as it is stored.
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

// A BindingRecord is a binding as it is stored.
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

// An OperationRecord is an operation as it is stored.
type OperationRecord struct {
	// ID is URL-safe; platforms see it.
	ID   string
	Key  Key
	Kind OperationKind
	// Internal operations were started by the engine, not by the platform:
	// cleaning up, unbinding what has expired.
	Internal bool
	State    OperationState
	// Generation grows with each claim. Every write of a worker is fenced by
	// it: one that lost its lease changes nothing any more.
	Generation int64
	// Attempt counts the claims, Failures the retryable failures among them.
	Attempt, Failures int
	// Owner holds the lease until LeaseUntil. Without a lease (zero) the
	// operation waits for a worker.
	Owner      string
	LeaseUntil time.Time
	// NotBefore, if not zero, delays the next attempt.
	NotBefore time.Time
	// Deadline is when the operation fails if it has not ended.
	Deadline time.Time
	// Description is what the platform reads.
	Description string
	// Failure is the public part of the error of a failed operation, as JSON.
	Failure []byte
	// Data is sealed: what the operation is to achieve. It is nil once the operation
	// has ended.
	Data []byte
	// Checkpoint is sealed: what Task.Save kept. It is nil once the operation has
	// ended.
	Checkpoint []byte
	// CreatedAt, UpdatedAt and FinishedAt (zero while active) are set by the
	// store.
	CreatedAt, UpdatedAt, FinishedAt time.Time
	// DeliveredAt is when the platform first read that the operation failed, or
	// zero.
	DeliveredAt time.Time
}

// Ended reports whether the operation is in a final state.
func (o *OperationRecord) Ended() bool {
	return o.State == OperationSucceeded || o.State == OperationFailed
}
