package memstore

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// A state is all that the store keeps. Its records own their bytes.
type state struct {
	settings  map[string][]byte
	instances map[durable.Key]*instance
	// operations are all operations, by id, and open those that have not ended, in the order
	// in which they were accepted.
	operations map[string]*operation
	open       []*operation
	seq        int64
	// claimed is the time of the last claim.
	claimed time.Time
	trail   trail
}

// An instance is the record with all that belongs to it.
type instance struct {
	durable.InstanceRecord
	bindings map[string]*durable.BindingRecord
	// operations are those on the instance and on its bindings, in the order in which they
	// were accepted.
	operations []*operation
}

// An operation is the record with what only the store needs.
type operation struct {
	durable.OperationRecord
	seq      int64
	parallel bool
	// last says that it is the newest operation of its key that is not internal: it stays as
	// long as its record.
	last bool
	// entry is its entry in the audit trail, or nil.
	entry *audit.Record
}

func newState(chain string) *state {
	return &state{
		settings: map[string][]byte{}, instances: map[durable.Key]*instance{}, operations: map[string]*operation{},
		trail: trail{chain: chain, entries: map[string]*audit.Record{}, batches: map[string][]admin.AuditBatch{}},
	}
}

// slot returns what an open operation occupies: the instance, its binding if it may run at
// the same time as others, or nothing but itself once it is cancelling, because the deletion
// that waits for it is active at the same time.
func (o *operation) slot() string {
	switch {
	case o.State == durable.OperationCancelling:
		return "c" + o.ID
	case o.parallel:
		return "b" + o.Key.BindingID
	default:
		return ""
	}
}

func compareKeys(a, b durable.Key) int {
	return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.InstanceID, b.InstanceID), cmp.Compare(a.BindingID, b.BindingID))
}

// search returns the position of the first operation with at least the sequence number.
func search(operations []*operation, seq int64) int {
	i, _ := slices.BinarySearchFunc(operations, seq, func(o *operation, seq int64) int { return cmp.Compare(o.seq, seq) })
	return i
}

// without removes an operation from a list.
func without(operations []*operation, o *operation) []*operation {
	if i := search(operations, o.seq); i < len(operations) && operations[i] == o {
		return slices.Delete(operations, i, i+1)
	}
	return operations
}

// remove deletes an operation that has ended or whose record is deleted, and keeps its entry
// in the audit trail.
func (st *state) remove(o *operation) {
	st.trail.keep(o)
	delete(st.operations, o.ID)
	st.open = without(st.open, o)
	if of := st.instances[o.Key.Instance()]; of != nil {
		of.operations = without(of.operations, o)
	}
}

// removeBinding deletes a binding with its operations, and returns their number.
func (st *state) removeBinding(key durable.Key) int {
	of := st.instances[key.Instance()]
	removed := 1
	for _, o := range slices.Clone(of.operations) {
		if o.Key == key {
			st.remove(o)
			removed++
		}
	}
	delete(of.bindings, key.BindingID)
	return removed
}

// removeInstance deletes an instance with its bindings and operations, and returns the
// number of operations and instances.
func (st *state) removeInstance(key durable.Key) int {
	of := st.instances[key]
	removed := 1
	for _, o := range slices.Clone(of.operations) {
		st.remove(o)
		removed++
	}
	delete(st.instances, key)
	return removed
}

func copyInstance(r *durable.InstanceRecord) *durable.InstanceRecord {
	c := *r
	c.Data = bytes.Clone(r.Data)
	return &c
}

func copyBinding(r *durable.BindingRecord) *durable.BindingRecord {
	c := *r
	c.Data = bytes.Clone(r.Data)
	return &c
}

func copyOperation(r *durable.OperationRecord) *durable.OperationRecord {
	c := *r
	c.Failure, c.Data, c.Checkpoint = bytes.Clone(r.Failure), bytes.Clone(r.Data), bytes.Clone(r.Checkpoint)
	return &c
}

func copyEntry(r *audit.Record) *audit.Record {
	if r == nil {
		return nil
	}
	c := *r
	c.Document, c.Names = bytes.Clone(r.Document), bytes.Clone(r.Names)
	return &c
}
