package durable

import (
	"context"
	"errors"
	"time"

	"github.com/openbroker/openbroker/durable/audit"
)

var (
	// ErrConflict says that the instance has another revision than the change expects.
	// Load it again and make a new decision.
	ErrConflict = errors.New("the record has changed")
	// ErrFenced says that the operation has ended, or another worker has it.
	ErrFenced = errors.New("this worker has lost the operation")
	// ErrCancelling says that the worker has the operation, but must stop.
	ErrCancelling = errors.New("the operation is being cancelled")
	// ErrNotFound says that the store does not have the record.
	ErrNotFound = errors.New("no such record")
)

// A Store keeps instances, bindings and operations. Package storetest tests the
// contract; a store that passes works with the engine.
//
// Each method that writes is one transaction, which is durable when the method returns
// nil: neither a crash of the process nor one of the machine loses it. Stores may
// commit the changes of many callers as one. All times come from the clock of the
// database, so that the clocks of replicas may differ. After an error other than those
// above, the change may or may not have been made.
//
// The interface can get more methods before version 1.
type Store interface {
	// Load reads a snapshot for the decision about a request: the instance of the key,
	// the binding if the key names one, and the open operations of the instance and its
	// bindings, oldest first.
	Load(ctx context.Context, key Key) (*Snapshot, error)
	// Operation returns the operation with the id if the key has it. Otherwise, and for
	// an empty id, it returns the last operation of the key that is not internal, or
	// ErrNotFound.
	Operation(ctx context.Context, key Key, id string) (*OperationRecord, error)
	// OperationByID returns an operation, or ErrNotFound.
	OperationByID(ctx context.Context, id string) (*OperationRecord, error)
	// MarkDelivered sets DeliveredAt of an ended operation, unless it is set. It
	// increases no revision. If the operation is open or missing, it does nothing.
	MarkDelivered(ctx context.Context, id string) error

	// Accept makes the change that begins an operation. It returns ErrConflict, and has
	// changed nothing, if the instance does not have the expected revision.
	Accept(ctx context.Context, a *Acceptance) error
	// Advance makes a change of the worker that has the operation, and sets a.Revision. It
	// returns ErrFenced
	// or ErrCancelling, and has changed nothing, if the worker does not have it or must
	// stop. A worker that has released the operation no longer has it.
	Advance(ctx context.Context, a *Advance) error

	// Claim leases up to limit operations to owner, the oldest first. It claims active
	// operations that are due, that have no lease or an expired one, and whose instance
	// or binding does not wait for a cancelling operation. It also claims cancelling
	// operations whose lease has expired; they stay cancelling. It does not claim active
	// operations that leave excludes. Claiming increases Generation and Attempt, and sets
	// CutOff of the result. Claim
	// waits neither for operations to become due nor for operations that others are
	// changing, and returns when ctx ends. If the clock of the database is set back, a
	// delay ends immediately, and a lease within its length and a few seconds.
	Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave ClaimExclusion) ([]OperationRecord, error)
	// Renew extends the leases that owner still holds, and returns the state of each
	// of these operations; a fence that is missing in the result is lost. With an
	// error, the result has the renewed leases, and the others are unknown.
	Renew(ctx context.Context, owner string, lease time.Duration, fences []Fence) (map[Fence]OperationState, error)
	// Held returns what Renew returns, but extends no lease.
	Held(ctx context.Context, owner string, fences []Fence) (map[Fence]OperationState, error)
	// Expired returns up to limit ready bindings that have expired and whose instance
	// has no open operation.
	Expired(ctx context.Context, limit int) ([]BindingRecord, error)
	// Prune deletes operations that ended, and the records of instances and bindings
	// that were deleted, longer than retention ago: up to limit of each. It keeps the
	// last operation of a record that it keeps. It returns the number of deleted
	// records.
	Prune(ctx context.Context, retention time.Duration, limit int) (int, error)

	// Instances, Bindings and Operations list records, ordered by key or, for
	// operations, newest first.
	Instances(ctx context.Context, f Filter) ([]InstanceRecord, error)
	Bindings(ctx context.Context, f Filter) ([]BindingRecord, error)
	Operations(ctx context.Context, f Filter) ([]OperationRecord, error)

	// Record adds entries to the audit trail, in one transaction. It sets their Chain and
	// Seq, as the other methods do that write entries.
	Record(ctx context.Context, records []*audit.Record) error

	// Setting returns a value that was stored with PutSetting, or ErrNotFound.
	Setting(ctx context.Context, name string) ([]byte, error)
	// PutSetting stores a value unless the setting has one, and returns the stored
	// value.
	PutSetting(ctx context.Context, name string, value []byte) ([]byte, error)

	// Hints returns a channel that receives a value when an operation may have become
	// due, or may have ended in another replica. It may miss some or all of them:
	// callers must poll too.
	Hints() <-chan struct{}
	// Ping returns an error if the store cannot be read and written now.
	Ping(ctx context.Context) error
	// Close releases the resources of the store. It can be called twice.
	Close() error
}

// A Snapshot is what [Store.Load] reads.
type Snapshot struct {
	// Now is the time of the database.
	Now time.Time
	// Instance and Binding are nil if the store does not have the record.
	Instance *InstanceRecord
	Binding  *BindingRecord
	// Open are the open operations, without Checkpoint.
	Open []OperationRecord
}

// Revision returns the revision of the instance, or 0 if Instance is nil.
func (s *Snapshot) Revision() int64 {
	if s.Instance == nil {
		return 0
	}
	return s.Instance.Revision
}

// exists reports whether the instance or binding of the key exists. A tombstone does
// not count, nor does a later creation with the same id that has not succeeded.
func (s *Snapshot) exists(key Key) bool {
	there := func(status RecordStatus) bool {
		return status == StatusReady || status == StatusUpdating || status == StatusDeleting
	}
	return s.Instance != nil && there(s.Instance.Status) && (key.BindingID == "" || s.Binding != nil && there(s.Binding.Status))
}

// An Acceptance begins an operation. The revision of the instance alone guards it,
// because every change increases it: a decision from a [Snapshot] is written only if
// the snapshot is still up to date.
type Acceptance struct {
	// Expect is the revision that the instance must have; 0 means that it must have no
	// record. The store increases it by one.
	Expect int64
	// Instance replaces the record. The store ignores its Revision and times.
	Instance InstanceRecord
	// Binding, if not nil, replaces the record of a binding.
	Binding *BindingRecord
	// Cancel, if not empty, is the id of an active operation of the instance. It
	// becomes cancelling or, without a lease, fails immediately.
	Cancel string
	// Operation, if not nil, begins.
	Operation *OperationSpec
	// Audit, unless nil, is the entry of the audit trail of a change that begins no
	// operation.
	Audit *audit.Record
}

// An OperationSpec describes an operation to begin. The operation is active then.
type OperationSpec struct {
	ID       string
	Key      Key
	Kind     OperationKind
	Internal bool
	// Parallel says that operations on other bindings of the instance may be open at the
	// same time. The store must allow that, and need not check it.
	Parallel bool
	// Owner and Lease, if not zero, lease the operation to a worker immediately. Then
	// Generation and Attempt are 1, otherwise 0.
	Owner string
	Lease time.Duration
	// Delay and Timeout, from now, determine NotBefore and Deadline.
	Delay, Timeout time.Duration
	// Data is sealed, see [OperationRecord].
	Data []byte
	// Audit, unless nil, is the entry of the audit trail: the store keeps it with the
	// operation. It has the same id.
	Audit *audit.Record
}

// A ClaimExclusion selects operations that a claim skips, so that others come first.
type ClaimExclusion struct {
	// Platforms excludes the operations of platforms.
	Platforms []string
	// Services excludes the operations on instances of services.
	Services []PlatformService
	// Internal excludes internal operations.
	Internal bool
}

// A PlatformService is a service on one platform.
type PlatformService struct{ Platform, ServiceID string }

// A Fence identifies a claim of an operation.
type Fence struct {
	OperationID string
	Generation  int64
}

// An Advance is a change by the worker that has an operation. The operation must be
// active (or cancelling, with Cancelled set), have the generation of the fence, and
// have a lease, which may have expired. The change increases the revision of the
// instance if State is final, or if Instance or Binding is set.
type Advance struct {
	Fence Fence
	Key   Key
	// Cancelled says that the operation must be cancelling.
	Cancelled bool
	// State is a final state. OperationActive, or an empty State, leaves the state as it
	// is.
	State OperationState
	// Description and Failure, unless nil, replace the stored values.
	Description *string
	Failure     []byte
	// Checkpoint, unless nil, replaces the stored value. An operation that ends keeps
	// neither Data nor Checkpoint.
	Checkpoint []byte
	// Release ends the lease, so that the operation can be claimed after Delay. Failed
	// counts the attempt as failed. A repeated Release, after a lost answer, returns
	// ErrFenced.
	Release bool
	Delay   time.Duration
	Failed  bool
	// Instance and Binding, unless nil, replace the records. The store ignores the
	// revision and the times of Instance.
	Instance *InstanceRecord
	Binding  *BindingRecord
	// Next, if not nil, begins with this change.
	Next *OperationSpec
	// Revision is a result: the revision that this change has given to the instance, or 0
	// if the change does not increase it.
	Revision int64
}

// A Filter selects records. Empty fields select all.
type Filter struct {
	Platform   string
	InstanceID string
	BindingID  string
	ServiceID  string
	PlanID     string
	// Status selects instances and bindings.
	Status RecordStatus
	// Kind and State select operations.
	Kind  OperationKind
	State OperationState
	// After and AfterID are the last record of the previous page: its Key for
	// instances and bindings, its ID for operations.
	After   Key
	AfterID string
	// FromID is the oldest operation that is looked at, or empty.
	FromID string
	// Limit is the maximum number of records; 0 means 100.
	Limit int
}
