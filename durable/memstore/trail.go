package memstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// A trail is the audit trail, besides the entries of operations that the store has.
type trail struct {
	// chain is the chain of this database, and head its last batch.
	chain string
	head  audit.Head
	// entries are by id, and batches by chain and sequence number.
	entries map[string]*audit.Record
	batches map[string][]admin.AuditBatch
}

// A batch collects the entries of one change.
type batch struct {
	trail   *trail
	records []*audit.Record
	seq     int64
}

// begin returns the batch of a change, which begins the chain with the first entry. It
// returns an empty batch if the change has no entries.
func (t *trail) begin(entries bool) (*batch, error) {
	b := &batch{trail: t, seq: t.head.Seq + 1}
	if !entries || t.head.Seq > 0 {
		return b, nil
	}
	var heads []audit.Head
	for _, chain := range slices.Sorted(maps.Keys(t.batches)) {
		last := t.batches[chain][len(t.batches[chain])-1]
		heads = append(heads, audit.Head{Chain: chain, Seq: last.Seq, Hash: last.Hash})
	}
	now := time.Now()
	first, err := audit.NewRecord(audit.Act{ID: audit.NewID(now), At: now, Action: audit.ActionBeginChain, Outcome: audit.OutcomeDone, Heads: heads}, audit.Names{})
	if err != nil {
		return nil, err
	}
	b.add(first)
	return b, nil
}

// count adds an entry that its operation keeps.
func (b *batch) count(r *audit.Record) {
	r.Chain, r.Seq = b.trail.chain, b.seq
	b.records = append(b.records, r)
}

// add adds an entry, unless its caller repeats it after a change that was not acknowledged.
func (b *batch) add(r *audit.Record) {
	r.Chain, r.Seq = b.trail.chain, b.seq
	if b.trail.entries[r.Act.ID] != nil {
		return
	}
	b.trail.entries[r.Act.ID] = copyEntry(r)
	b.records = append(b.records, r)
}

// end adds the batch to the chain, unless it is empty.
func (b *batch) end() {
	if len(b.records) == 0 {
		return
	}
	t := b.trail
	t.head.Chain = t.chain
	t.head = t.head.Next(b.records...)
	t.batches[t.chain] = append(t.batches[t.chain], admin.AuditBatch{
		Chain: t.chain, Seq: b.seq, Batch: audit.Batch{At: precise(time.Now()), Entries: len(b.records), Hash: t.head.Hash},
	})
}

// keep keeps the entry of an operation that is about to be deleted.
func (t *trail) keep(o *operation) {
	if o.entry != nil && t.entries[o.ID] == nil {
		t.entries[o.ID] = o.entry
	}
}

// records returns all entries, ordered by id.
func (st *state) records() []*audit.Record {
	all := slices.Collect(maps.Values(st.trail.entries))
	for _, o := range st.operations {
		if o.entry != nil {
			all = append(all, o.entry)
		}
	}
	slices.SortFunc(all, func(a, b *audit.Record) int { return cmp.Compare(a.Act.ID, b.Act.ID) })
	return all
}

// AuditHeads returns the head of the chain after the last change, for a place outside the
// store. It is empty before the first one.
func (s *Store) AuditHeads() []audit.Head {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	if s.state.trail.head.Seq == 0 {
		return nil
	}
	return []audit.Head{s.state.trail.head}
}

// AuditTrail implements [admin.Store].
func (s *Store) AuditTrail(ctx context.Context, f admin.AuditFilter) (records []*audit.Record, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		all := st.records()
		slices.Reverse(all)
		for _, r := range page(f.Limit, all, func(r *audit.Record) bool { return fits(&f, r) }) {
			records = append(records, copyEntry(r))
		}
		return nil
	})
	return records, err
}

// AuditWindow implements [admin.Store].
func (s *Store) AuditWindow(ctx context.Context, before string, entries int) (from string, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		all := st.records()
		slices.Reverse(all)
		all = slices.DeleteFunc(all, func(r *audit.Record) bool { return before != "" && r.Act.ID >= before })
		if len(all) > entries {
			from = all[entries-1].Act.ID
		}
		return nil
	})
	return from, err
}

// fits reports whether a filter selects an entry.
func fits(f *admin.AuditFilter, r *audit.Record) bool {
	a := &r.Act
	switch {
	case !equal(f.Platform, a.Platform) || !equal(f.InstanceID, a.InstanceID) || !equal(f.BindingID, a.BindingID) || !equal(f.Outcome, a.Outcome):
		return false
	case f.Before != "" && a.ID >= f.Before, a.ID < f.From:
		return false
	case !f.Since.IsZero() && a.ID < audit.IDAt(f.Since), !f.Until.IsZero() && a.ID >= audit.IDAt(f.Until):
		return false
	case f.OperationID != "" && f.OperationID != a.ID && f.OperationID != a.Operation && f.OperationID != a.Begun:
		return false
	case len(f.Actions) > 0 && !slices.Contains(f.Actions, a.Action):
		return false
	default:
		return f.Actor == "" || names(r).Actor == f.Actor
	}
}

// names returns the names of an entry. They are empty if they were erased.
func names(r *audit.Record) (n audit.Names) {
	if r.Names == nil || json.Unmarshal(r.Names, &n) != nil {
		return audit.Names{}
	}
	return n
}

// AuditChains implements [admin.Store].
func (s *Store) AuditChains(ctx context.Context, each func(audit.Link) error) error {
	var links []audit.Link
	if err := s.do(ctx, func(st *state, _ time.Time) error { links = st.links(); return nil }); err != nil {
		return err
	}
	for _, link := range links {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(link); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) links() (links []audit.Link) {
	type place struct {
		chain string
		seq   int64
	}
	batches := map[place]*audit.Batch{}
	for chain, all := range st.trail.batches {
		for _, b := range all {
			batches[place{chain, b.Seq}] = &b.Batch
			links = append(links, audit.Link{Chain: chain, Seq: b.Seq, Batch: &b.Batch})
		}
	}
	for _, r := range st.records() {
		if r.Chain != "" {
			links = append(links, audit.Link{Chain: r.Chain, Seq: r.Seq, Batch: batches[place{r.Chain, r.Seq}], Record: copyEntry(r)})
		}
	}
	slices.SortStableFunc(links, func(a, b audit.Link) int { return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Seq, b.Seq)) })
	return links
}

// PruneAudit implements [admin.Store]. seal must not use the store.
func (s *Store) PruneAudit(ctx context.Context, before time.Time, seal func([]audit.Head, int) (*audit.Record, error)) (deleted int, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		deleted, err = st.trail.prune(before, seal)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune the audit trail: %w", err)
	}
	return deleted, nil
}

func (t *trail) prune(before time.Time, seal func([]audit.Head, int) (*audit.Record, error)) (int, error) {
	sealed := map[string]int64{}
	var heads []audit.Head
	for _, chain := range slices.Sorted(maps.Keys(t.batches)) {
		batches := t.batches[chain]
		for i := len(batches) - 2; i >= 0; i-- {
			if b := batches[i]; b.At.Before(before) {
				sealed[chain] = b.Seq
				heads = append(heads, audit.Head{Chain: chain, Seq: b.Seq, Hash: b.Hash})
				break
			}
		}
	}
	if len(heads) == 0 {
		return 0, nil
	}
	var last *audit.Record
	var old []string
	for id, r := range t.entries {
		if r.Act.Action == audit.ActionSeal && (last == nil || r.Act.ID > last.Act.ID) {
			last = r
		}
		if r.Seq <= sealed[r.Chain] && r.Chain != "" {
			old = append(old, id)
		}
	}
	var document []byte
	if last != nil {
		document = last.Document
	}
	heads, err := audit.MergeSeals(heads, document)
	if err != nil {
		return 0, err
	}
	record, err := seal(heads, len(old))
	if err != nil {
		return 0, err
	}
	entries, err := t.begin(true)
	if err != nil {
		return 0, err
	}
	// Nothing fails from here on.
	for _, id := range old {
		delete(t.entries, id)
	}
	for chain, seq := range sealed {
		t.batches[chain] = slices.DeleteFunc(t.batches[chain], func(b admin.AuditBatch) bool { return b.Seq <= seq })
	}
	entries.add(record)
	entries.end()
	return len(old), nil
}

// EraseNames implements [admin.Store].
func (s *Store) EraseNames(ctx context.Context, name string, limit int) (erased int, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		for _, r := range st.records() {
			if erased == limit {
				return nil
			}
			n := names(r)
			if r.Names == nil || n.Actor != name && (n.User == nil || n.User.ID != name && n.User.Name != name) {
				continue
			}
			r.Names = nil
			erased++
		}
		return nil
	})
	return erased, err
}
