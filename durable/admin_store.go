package durable

import (
	"context"
	"errors"
	"iter"
	"time"
)

// ErrNotEmpty says that a store has records or settings already, and nothing
// can be imported into it.
var ErrNotEmpty = errors.New("the store is not empty")

// An AdminStore is a [Store] that operators can look into and intervene in,
// beside the engines that work on it; the contract is part of package storetest.
type AdminStore interface {
	Store

	// Intervene makes a change that an operator wants, and records it in the
	// audit trail, in one transaction. It returns ErrConflict, and has changed
	// nothing, if the instance is not of the expected revision or the operation
	// cannot become what it is to be. It sets ID, At and StateAfter of i.Audit.
	Intervene(ctx context.Context, i *Intervention) error
	// AuditTrail lists what operators did, newest first.
	AuditTrail(ctx context.Context, f AuditFilter) ([]AuditEntry, error)

	// Reseal replaces sealed values, each where it still is what was read, and
	// changes nothing else: no revision and no time. It returns how many it has
	// replaced. Each value is replaced, or not; after an error some may be.
	Reseal(ctx context.Context, values []SealedValue) (int, error)

	// Export calls each with everything that the store holds, as of one moment:
	// settings, instances and bindings, each ordered by name or key, operations
	// in the order in which they were accepted, and the audit trail, oldest
	// first. It stops at an error of each, and returns that. What is in memory
	// at a time does not depend on how much there is.
	Export(ctx context.Context, each func(Item) error) error
	// Import stores items in the order of Export, in one transaction: all of
	// them, or none. Leases are not imported: who had them works on another
	// store. It returns ErrNotEmpty if the store holds anything, and the error
	// that items yields.
	Import(ctx context.Context, items iter.Seq2[Item, error]) error
}

// An Intervention is a change by an operator. Like an [Acceptance] it is guarded
// by the revision of the instance, which it increases.
type Intervention struct {
	// Expect is the revision that the instance of Audit.Key must have.
	Expect int64
	// Instance and Binding, unless nil, replace the records. The revision and
	// the times of Instance are ignored.
	Instance *InstanceRecord
	Binding  *BindingRecord
	// Change, unless nil, is what becomes of an operation of the instance that
	// has not ended.
	Change *OperationChange
	// Begin, unless nil, begins with this change. If Change ends an operation
	// that was leased, it is not due before that lease would have been over: its
	// worker may not have noticed before.
	Begin *NewOperation
	// Forget deletes the binding of Audit.Key or, if it names none, the
	// instance and its bindings, and their operations. The fields above are nil
	// then.
	Forget bool
	// Audit says who does what, and why.
	Audit AuditEntry
}

// An OperationChange says what becomes of an operation.
type OperationChange struct {
	ID string
	// State is what it becomes. It must be Active to become
	//
	//   - Active: it is due at once, without a lease, and its retryable failures
	//     are forgotten; Generation grows, which fences its worker;
	//   - Cancelling: like [Acceptance].Cancel;
	//
	// and Active or Cancelling to become OperationFailed: it ends, and
	// Generation grows.
	State OperationState
	// Timeout, if positive, puts off the deadline of one that stays Active to at
	// least this long from now.
	Timeout time.Duration
	// Description and Failure replace what is stored, unless it stays Active.
	Description string
	Failure     []byte
}

// An Action is what an operator did.
type Action string

// The actions, one for each method of [Admin] that changes something.
const (
	ActionRetry  Action = "retry"
	ActionCancel Action = "cancel"
	ActionFail   Action = "fail"
	ActionForget Action = "forget"
)

// An AuditEntry tells of an intervention. Entries are never pruned.
type AuditEntry struct {
	// ID grows with each entry of a store.
	ID int64
	// At is set by the store, from the database's clock.
	At time.Time
	// Actor is who did it, and Reason why, in their own words.
	Actor, Reason string
	Action        Action
	// Key is the instance or the binding, OperationID the operation on it that
	// was changed or, by a retry of one that had ended, its successor; empty if
	// there is none.
	Key         Key
	OperationID string
	// BegunID is the operation that began with the intervention, or empty.
	BegunID string
	// StatusBefore and StatusAfter are those of the instance or binding; empty
	// where it is forgotten.
	StatusBefore, StatusAfter Status
	// StateBefore and StateAfter are those of the operation.
	StateBefore, StateAfter OperationState
}

// An AuditFilter selects entries. Empty fields select all.
type AuditFilter struct {
	Platform    string
	InstanceID  string
	BindingID   string
	OperationID string
	Actor       string
	Action      Action
	// Before is the last entry of the page before, or 0.
	Before int64
	// Limit is how many entries to return; 100 if 0.
	Limit int
}

// An Item is one of the things that a store holds: one field is set.
type Item struct {
	Setting   *SettingItem
	Instance  *InstanceRecord
	Binding   *BindingRecord
	Operation *OperationItem
	Audit     *AuditEntry
}

// A SettingItem is a value that was stored with [Store.PutSetting].
type SettingItem struct {
	Name  string
	Value []byte
}

// An OperationItem is an operation with what only stores need to know.
type OperationItem struct {
	OperationRecord
	// Parallel is that of the [NewOperation], while it is Active.
	Parallel bool
}
