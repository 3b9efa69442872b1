package memstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// Export implements [admin.Store]. Others can read and write while it runs. Unlike that of
// the other stores, its memory grows with the number of records.
func (s *Store) Export(ctx context.Context, each func(admin.ExportItem) error) error {
	var items []admin.ExportItem
	if err := s.do(ctx, func(st *state, _ time.Time) error { items = st.items(); return nil }); err != nil {
		return err
	}
	for _, item := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(item); err != nil {
			return err
		}
	}
	return nil
}

// items returns copies of all that an export has.
func (st *state) items() (items []admin.ExportItem) {
	for _, name := range slices.Sorted(maps.Keys(st.settings)) {
		items = append(items, admin.ExportItem{Setting: &admin.Setting{Name: name, Value: bytes.Clone(st.settings[name])}})
	}
	instances := st.of("", "")
	for _, i := range instances {
		items = append(items, admin.ExportItem{Instance: copyInstance(&i.InstanceRecord)})
	}
	for _, i := range instances {
		for _, b := range i.sortedBindings() {
			items = append(items, admin.ExportItem{Binding: copyBinding(b)})
		}
	}
	for _, o := range st.sequence() {
		items = append(items, admin.ExportItem{Operation: &admin.ExportedOperation{
			OperationRecord: *copyOperation(&o.OperationRecord),
			Parallel:        o.parallel && o.State == durable.OperationActive, Audit: copyEntry(o.entry),
		}})
	}
	entries := slices.SortedFunc(maps.Values(st.trail.entries), func(a, b *audit.Record) int { return cmp.Compare(a.Act.ID, b.Act.ID) })
	for _, r := range entries {
		items = append(items, admin.ExportItem{Audit: copyEntry(r)})
	}
	for _, chain := range slices.Sorted(maps.Keys(st.trail.batches)) {
		for _, b := range st.trail.batches[chain] {
			items = append(items, admin.ExportItem{Batch: &b})
		}
	}
	return items
}

// Import implements [admin.Store].
func (s *Store) Import(ctx context.Context, items iter.Seq2[admin.ExportItem, error]) error {
	var chain string
	if err := s.do(ctx, func(st *state, _ time.Time) error { chain = st.trail.chain; return st.empty() }); err != nil {
		return err
	}
	imported := newState(chain)
	for item, err := range items {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if err := imported.take(item); err != nil {
			return err
		}
	}
	imported.markLast()
	return s.do(ctx, func(st *state, _ time.Time) error {
		if err := st.empty(); err != nil {
			return err
		}
		s.state = imported
		return nil
	})
}

// empty returns ErrNotEmpty if the store holds anything.
func (st *state) empty() error {
	if len(st.settings)+len(st.instances)+len(st.operations)+len(st.trail.entries) > 0 {
		return admin.ErrNotEmpty
	}
	return nil
}

// take adds an item of an import.
func (st *state) take(item admin.ExportItem) error {
	switch {
	case item.Setting != nil:
		if _, found := st.settings[item.Setting.Name]; found {
			return fmt.Errorf("import setting %q: %w", item.Setting.Name, errTwice)
		}
		st.settings[item.Setting.Name] = bytes.Clone(item.Setting.Value)
	case item.Instance != nil:
		return st.takeInstance(item.Instance)
	case item.Binding != nil:
		return st.takeBinding(item.Binding)
	case item.Operation != nil:
		return st.takeOperation(item.Operation)
	case item.Audit != nil:
		r := copyEntry(item.Audit)
		if err := r.Decode(); err != nil {
			return err
		}
		if st.trail.entries[r.Act.ID] == nil {
			st.trail.entries[r.Act.ID] = r
		}
	case item.Batch != nil:
		b := *item.Batch
		b.At, b.Hash = precise(b.At), bytes.Clone(b.Hash)
		st.trail.batches[b.Chain] = append(st.trail.batches[b.Chain], b)
	}
	return nil
}

var (
	errTwice  = errors.New("the import has it twice")
	errOrphan = errors.New("the import does not have its instance")
)

func (st *state) takeInstance(r *durable.InstanceRecord) error {
	if st.instances[r.Key] != nil {
		return fmt.Errorf("import instance %q: %w", r.Key.InstanceID, errTwice)
	}
	i := &instance{InstanceRecord: *copyInstance(r), bindings: map[string]*durable.BindingRecord{}}
	i.CreatedAt, i.UpdatedAt = precise(r.CreatedAt), precise(r.UpdatedAt)
	st.instances[r.Key] = i
	return nil
}

func (st *state) takeBinding(r *durable.BindingRecord) error {
	switch of := st.instances[r.Key.Instance()]; {
	case of == nil:
		return fmt.Errorf("import binding %q: %w", r.Key.BindingID, errOrphan)
	case of.bindings[r.Key.BindingID] != nil:
		return fmt.Errorf("import binding %q: %w", r.Key.BindingID, errTwice)
	default:
		b := copyBinding(r)
		b.ExpiresAt, b.CreatedAt, b.UpdatedAt = precise(r.ExpiresAt), precise(r.CreatedAt), precise(r.UpdatedAt)
		of.bindings[r.Key.BindingID] = b
		return nil
	}
}

func (st *state) takeOperation(r *admin.ExportedOperation) error {
	of := st.instances[r.Key.Instance()]
	if of == nil {
		return fmt.Errorf("import operation %q: %w", r.ID, errOrphan)
	}
	st.seq++
	o := &operation{OperationRecord: *copyOperation(&r.OperationRecord), seq: st.seq, parallel: r.Parallel, entry: copyEntry(r.Audit)}
	o.Owner, o.LeaseUntil, o.CutOff = "", time.Time{}, ""
	for _, t := range []*time.Time{&o.NotBefore, &o.Deadline, &o.CreatedAt, &o.UpdatedAt, &o.FinishedAt, &o.DeliveredAt} {
		*t = precise(*t)
	}
	if o.entry != nil {
		if err := o.entry.Decode(); err != nil {
			return err
		}
	}
	if st.operations[o.ID] != nil || !o.Ended() && slices.ContainsFunc(of.operations, func(other *operation) bool { return !other.Ended() && other.slot() == o.slot() }) {
		return fmt.Errorf("import operation %q: %w", r.ID, errTwice)
	}
	st.operations[o.ID] = o
	of.operations = append(of.operations, o)
	if !o.Ended() {
		st.open = append(st.open, o)
	}
	return nil
}

// markLast marks the newest operation of each key that is not internal.
func (st *state) markLast() {
	for _, i := range st.instances {
		for _, o := range i.operations {
			if !o.Internal {
				supersede(i, o.Key)
				o.last = true
			}
		}
	}
}
