package durable

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrConflict says that the instance is not as the change expects. Load it again and
	// decide anew.
	ErrConflict = errors.New("the record has changed")
	// ErrFenced says that the operation has ended, or another worker has it.
	ErrFenced = errors.New("the operation is not this worker's any more")
	// ErrCancelling says that the operation is this worker's, but must stop.
	ErrCancelling = errors.New("the operation is being cancelled")
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("no such record")
)

// A Store keeps instances, bindings and operations. The contract is the package
// storetest; a store that passes it works with the engine.
//
// Each writing method is one transaction, and is durable when it returns nil: a
// crash of the process, or of the machine, does not lose it. Stores may commit
// the changes of many callers as one. All times come from one clock, that of
// the database, so that replicas need no common clock. After any other error
// than those above, a change may or may not have been made.
type Store interface {
	// Load reads what is needed to decide about a request: the instance of the
	// key, the binding if the key names one, and the instance's operations that
	// have not ended, its bindings' included, oldest first; all of one moment.
	Load(ctx context.Context, key Key) (*Snapshot, error)
	// Operation returns the operation with the id if it is one of the key; else,
	// also for an empty id, the last one of the key that is not internal. It
	// returns ErrNotFound if there is none.
	Operation(ctx context.Context, key Key, id string) (*OperationRecord, error)
	// OperationByID returns an operation, or ErrNotFound.
	OperationByID(ctx context.Context, id string) (*OperationRecord, error)
	// MarkDelivered sets DeliveredAt of an operation that has ended, unless it is set.
	// It increases no revision. Without such an operation it does nothing.
	MarkDelivered(ctx context.Context, id string) error

	// Accept makes the change that begins an operation. It returns ErrConflict,
	// and has changed nothing, if the instance is not of the expected revision.
	Accept(ctx context.Context, a *Acceptance) error
	// Advance makes a change of the worker that has the operation. It returns
	// ErrFenced or ErrCancelling, and has changed nothing, if it may not. A worker
	// that has released the operation does not have it.
	Advance(ctx context.Context, a *Advance) error

	// Claim leases up to limit operations to owner: those that are not leased or
	// whose lease has expired, that are due, and whose instance or binding is
	// not waiting for a Cancelling one; the oldest first. Claiming increases
	// Generation and Attempt. Cancelling operations whose lease has expired are
	// claimed too, and stay Cancelling. It does not wait for operations to become
	// due, nor for those that others are changing, and returns when ctx ends. When
	// the database's clock was set back, a lease ends no later than a few seconds
	// and the length of the lease from then, and a delay is over at once. What leave
	// names is not claimed, unless it is Cancelling.
	Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave ClaimExclusion) ([]OperationRecord, error)
	// Renew extends the leases that are still held, and returns the state of
	// each of those; a fence that is missing in the result is lost. With an error,
	// the result has those that were renewed, and nothing is known of the others.
	Renew(ctx context.Context, owner string, lease time.Duration, fences []Fence) (map[Fence]OperationState, error)
	// Held is Renew without extending anything: it only reads.
	Held(ctx context.Context, owner string, fences []Fence) (map[Fence]OperationState, error)
	// Expired returns up to limit ready bindings that have expired and whose
	// instance has no operation that has not ended.
	Expired(ctx context.Context, limit int) ([]BindingRecord, error)
	// Prune deletes, up to limit of each, operations that ended, and deleted
	// instances and bindings, longer ago than retention. It returns how many
	// records it deleted. The last operation of a record is kept with it.
	Prune(ctx context.Context, retention time.Duration, limit int) (int, error)

	// Instances, Bindings and Operations list records, ordered by key or, for
	// operations, newest first.
	Instances(ctx context.Context, f Filter) ([]InstanceRecord, error)
	Bindings(ctx context.Context, f Filter) ([]BindingRecord, error)
	Operations(ctx context.Context, f Filter) ([]OperationRecord, error)

	// Setting returns a value that was stored with PutSetting, or ErrNotFound.
	Setting(ctx context.Context, name string) ([]byte, error)
	// PutSetting stores a value unless there is one, and returns what is stored.
	PutSetting(ctx context.Context, name string, value []byte) ([]byte, error)

	// Hints receives a value when an operation may have become due or have
	// ended elsewhere. It may miss some and may never receive anything; polling
	// has to be enough.
	Hints() <-chan struct{}
	// Ping tells whether the store can be read and written now.
	Ping(ctx context.Context) error
	// Close releases what the store holds. It can be called twice.
	Close() error
}

// A Snapshot is what [Store.Load] reads.
type Snapshot struct {
	// Now is the time of the database.
	Now time.Time
	// Instance and Binding are nil if there is no such record.
	Instance *InstanceRecord
	Binding  *BindingRecord
	// Open are the operations that have not ended, without Checkpoint.
	Open []OperationRecord
}

// Revision is that of the instance, or 0 if there is none.
func (s *Snapshot) Revision() int64 {
	if s.Instance == nil {
		return 0
	}
	return s.Instance.Revision
}

// exists reports whether the instance or binding of the key is there: not only
// its tombstone, or what another creation with its id has begun.
func (s *Snapshot) exists(key Key) bool {
	there := func(status RecordStatus) bool {
		return status == StatusReady || status == StatusUpdating || status == StatusDeleting
	}
	return s.Instance != nil && there(s.Instance.Status) && (key.BindingID == "" || s.Binding != nil && there(s.Binding.Status))
}

// An Acceptance begins an operation. It is guarded by the revision of the
// instance alone, because every other change increases that: what was decided
// from a [Snapshot] is written only if the snapshot still is the truth.
type Acceptance struct {
	// Expect is the revision that the instance must have, 0 if there must be no
	// record. It is stored with the next one.
	Expect int64
	// Instance replaces the record. Its Revision and times are ignored.
	Instance InstanceRecord
	// Binding, if not nil, replaces the record of a binding.
	Binding *BindingRecord
	// Cancel, if not empty, is the id of an Active operation of the instance
	// that becomes Cancelling; without a lease it fails at once.
	Cancel string
	// Operation, if not nil, begins.
	Operation *OperationSpec
}

// An OperationSpec is an operation to begin. It is Active.
type OperationSpec struct {
	ID       string
	Key      Key
	Kind     OperationKind
	Internal bool
	// Parallel says that other operations on other bindings of the instance may
	// be open too. The store need not check it beyond allowing it.
	Parallel bool
	// Owner and Lease, if not zero, lease it to a worker at once: Generation and
	// Attempt are 1 then, else 0.
	Owner string
	Lease time.Duration
	// Delay and Timeout, from now, give NotBefore and Deadline.
	Delay, Timeout time.Duration
	Data           []byte
}

// An ClaimExclusion names operations that a claim leaves, so that others come first.
type ClaimExclusion struct {
	// Platforms are those whose operations are left.
	Platforms []string
	// Services are those whose instances' operations are left.
	Services []PlatformService
	// Internal says that internal operations are left.
	Internal bool
}

// A PlatformService is a service as one platform uses it.
type PlatformService struct{ Platform, ServiceID string }

// A Fence names a claim of an operation.
type Fence struct {
	OperationID string
	Generation  int64
}

// An Advance is a change by the worker that has an operation. It needs the
// operation to be Active (or Cancelling, with Cancelled set), of the generation
// of the fence, and leased, if only by a lease that has expired. It increases the revision of the instance if State
// is final, or if Instance or Binding is set.
type Advance struct {
	Fence Fence
	Key   Key
	// Cancelled makes the change to an operation that is Cancelling.
	Cancelled bool
	// State is final, or Active (also if empty) to leave the state as it is.
	State OperationState
	// Description and Failure replace what is stored, unless nil.
	Description *string
	Failure     []byte
	// Checkpoint replaces what is stored, unless nil. An operation that ends keeps
	// neither Data nor Checkpoint: nobody needs them any longer.
	Checkpoint []byte
	// Release gives up the lease, so that the operation can be claimed after
	// Delay. Failed says that the attempt failed; otherwise it does not count. If
	// it is repeated, because its answer was lost, it is refused with ErrFenced.
	Release bool
	Delay   time.Duration
	Failed  bool
	// Instance and Binding, unless nil, replace the records. The revision and
	// the times of Instance are ignored.
	Instance *InstanceRecord
	Binding  *BindingRecord
	// Next, if not nil, begins with this change.
	Next *OperationSpec
}

// A Filter selects records. Empty fields select all.
type Filter struct {
	Platform   string
	InstanceID string
	BindingID  string
	ServiceID  string
	PlanID     string
	// Status is that of instances and bindings.
	Status RecordStatus
	// Kind and State are those of operations.
	Kind  OperationKind
	State OperationState
	// After is the last record of the page before: its Key for instances and
	// bindings, its ID for operations.
	After   Key
	AfterID string
	// Limit is how many records to return; 100 if 0.
	Limit int
}
