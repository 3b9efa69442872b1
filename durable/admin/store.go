package admin

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

// ErrNotEmpty says that a store already has records or settings, so that nothing
// can be imported into it.
var ErrNotEmpty = errors.New("the store is not empty")

// A Store is a [durable.Store] that operators can inspect and change while engines
// work on it. Package storetest tests the contract.
//
// The interface can grow before version 1: embed a Store rather than implement all
// of it where you can.
type Store interface {
	durable.Store

	// Intervene makes a change for an operator and adds it to the audit trail, in
	// one transaction. It returns durable.ErrConflict, and has changed nothing, if
	// the instance does not have the expected revision or the operation is not in a
	// state that allows the change. It sets At and StateAfter of i.Audit, and what
	// [RecordOf] sets.
	Intervene(ctx context.Context, i *Intervention) error
	// AuditTrail lists entries of the audit trail, newest first.
	AuditTrail(ctx context.Context, f AuditFilter) ([]*audit.Record, error)
	// OperationWindow returns the ID of the oldest of so many operations before one, or of
	// the newest ones if after is empty. It returns "" if there are not more, and
	// durable.ErrNotFound if after does not exist.
	OperationWindow(ctx context.Context, after string, operations int) (from string, err error)
	// AuditWindow returns the id of the oldest of so many entries before an id, or of the
	// newest ones if that is empty. It returns "" if there are not more. It may count
	// operations without an entry. Its cost does not grow with the number of others.
	AuditWindow(ctx context.Context, before string, entries int) (from string, err error)
	// AuditChains calls each for every link of the chains, ordered by chain and sequence
	// number, in one snapshot of the store. Entries without a chain are left out.
	AuditChains(ctx context.Context, each func(audit.Link) error) error
	// PruneAudit deletes the batches, with their entries, that were written before a
	// moment, in one transaction. It keeps the last batch of each chain, and the entries of
	// operations that it still has. seal returns the entry that says so: it gets the heads
	// of [audit.MergeSeals], and the number of deleted entries. Without a batch to delete,
	// PruneAudit does not call it, and returns 0.
	PruneAudit(ctx context.Context, before time.Time, seal func(heads []audit.Head, entries int) (*audit.Record, error)) (int, error)
	// EraseNames deletes the names of entries whose actor, or user of the platform, has
	// the name or id, in up to limit entries. It returns their number.
	EraseNames(ctx context.Context, name string, limit int) (int, error)

	// Summarize counts records. Its cost does not grow with their number.
	Summarize(ctx context.Context, scope SummaryScope) (*Summary, error)
	// Queue lists open operations, oldest first, without Data and Checkpoint. It
	// returns durable.ErrNotFound if the operation f.AfterID does not exist.
	Queue(ctx context.Context, f QueueFilter) ([]durable.OperationRecord, error)

	// Reseal replaces sealed values that still equal their Old, and changes nothing
	// else: no revision and no time. It returns the number of replaced values. If it
	// returns an error, it may have replaced some of the values.
	Reseal(ctx context.Context, values []SealedValue) (int, error)

	// Export calls each with every item in one snapshot of the store:
	// settings, instances and bindings, each ordered by name or key; operations in
	// the order in which they were accepted; and the audit trail, which is ordered by
	// id, and its batches by chain and sequence number. It
	// stops at the first error of each, and returns it. Its memory does not grow
	// with the number of records.
	Export(ctx context.Context, each func(ExportItem) error) error
	// Import stores items in the order of Export, all of them or none, in one
	// transaction. It imports no leases: their owners work on another store. It
	// returns ErrNotEmpty if the store holds anything, and the error that items
	// yields.
	Import(ctx context.Context, items iter.Seq2[ExportItem, error]) error
}

// An Intervention is a change by an operator. Like a [durable.Acceptance] it is
// guarded by the revision of the instance, which it increases.
type Intervention struct {
	// Expect is the revision that the instance of Audit.Key must have.
	Expect int64
	// Instance and Binding, unless nil, replace the records. The store ignores the
	// revision and the times of Instance.
	Instance *durable.InstanceRecord
	Binding  *durable.BindingRecord
	// Change, unless nil, changes an open operation of the instance.
	Change *OperationChange
	// Begin, unless nil, begins with this change. If Change ends a leased
	// operation, Begin is not due before that lease would have ended, because the
	// worker may not notice earlier.
	Begin *durable.OperationSpec
	// Forget deletes the binding of Audit.Key or, if the key names none, the
	// instance, its bindings and their operations. The fields above are nil then.
	Forget bool
	// Audit says who intervenes, how, and why.
	Audit AuditEntry
}

// An OperationChange is the change of an open operation.
type OperationChange struct {
	ID string
	// State is the new state. An active operation can become
	//
	//   - OperationActive: it is due immediately, without a lease; its retryable failures
	//     are reset, and Generation grows, which fences its worker;
	//   - OperationCancelling: like [durable.Acceptance].Cancel.
	//
	// An active or a cancelling one can become OperationFailed: it ends, and
	// Generation grows.
	State durable.OperationState
	// Timeout, if positive, moves the deadline of an operation that stays active to
	// at least this long from now.
	Timeout time.Duration
	// Description and Failure replace the stored values, unless the operation stays
	// active.
	Description string
	Failure     []byte
}

// An ExportItem is an item of an export. Exactly one field is set.
type ExportItem struct {
	Setting   *Setting
	Instance  *durable.InstanceRecord
	Binding   *durable.BindingRecord
	Operation *ExportedOperation
	// Audit is an entry that is not that of an operation.
	Audit *audit.Record
	Batch *AuditBatch
}

// An AuditBatch is a batch of a chain of the audit trail.
type AuditBatch struct {
	Chain string
	Seq   int64
	audit.Batch
}

// A Setting is a value that was stored with [durable.Store.PutSetting].
type Setting struct {
	Name  string
	Value []byte
}

// An ExportedOperation is an operation with the fields that only stores need.
type ExportedOperation struct {
	durable.OperationRecord
	// Parallel is [durable.OperationSpec].Parallel while the operation is active.
	Parallel bool
	// Audit is its entry in the audit trail, or nil.
	Audit *audit.Record
}
