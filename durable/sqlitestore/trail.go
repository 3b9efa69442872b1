package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

const (
	selectHead = `SELECT seq, hash FROM audit_batches WHERE chain = (SELECT store FROM commits WHERE id = 1) ORDER BY seq DESC LIMIT 1`
	// selectHeads are the heads of the newest chains, which an import can bring.
	selectHeads = `SELECT chain, max(seq), hash FROM audit_batches GROUP BY chain ORDER BY chain DESC LIMIT 100`
	selectChain = `SELECT store FROM commits WHERE id = 1`
	insertBatch = `INSERT INTO audit_batches (chain, seq, at, entries, hash) VALUES (?, ?, ?, ?, ?)`
	insertEntry = `INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

	// keepEntries keeps the entries of operations that are about to be deleted.
	keepEntries = `INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
		SELECT id, kind, 'accepted', platform, instance_id, binding_id, '', id, audit, audit_names, audit_chain, audit_seq
		FROM operations WHERE audit IS NOT NULL AND `
	keepPruned          = keepEntries + `seq IN (` + prunedOperations + `)`
	keepBindingEntries  = keepEntries + `platform = ? AND instance_id = ? AND binding_id = ?`
	keepInstanceEntries = keepEntries + `platform = ? AND instance_id = ?`

	selectLinks = `SELECT e.chain, e.seq, b.at, b.entries, b.hash, e.id, e.document, e.names, e.action, e.platform, e.instance_id, e.binding_id
		FROM (
			SELECT id, audit AS document, audit_names AS names, coalesce(audit_chain, '') AS chain, coalesce(audit_seq, 0) AS seq,
				kind AS action, platform, instance_id, binding_id FROM operations WHERE audit IS NOT NULL
			UNION ALL SELECT id, document, names, chain, seq, action, platform, instance_id, binding_id FROM audit_entries
		) AS e LEFT JOIN audit_batches AS b ON b.chain = e.chain AND b.seq = e.seq
		UNION ALL
		SELECT b.chain, b.seq, b.at, b.entries, b.hash, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM audit_batches AS b
		ORDER BY 1, 2, 6 NULLS LAST`
)

// A trail collects the entries of a transaction.
type trail struct {
	begun   bool
	head    audit.Head
	records []*audit.Record
}

// record adds entries to the batch of the transaction, and sets their chain and number.
// The database has one chain, named after it.
func (s *session) record(records ...*audit.Record) error {
	if !s.trail.begun {
		if err := s.beginBatch(); err != nil {
			return err
		}
	}
	for _, r := range records {
		r.Chain, r.Seq = s.trail.head.Chain, s.trail.head.Seq+1
	}
	s.trail.records = append(s.trail.records, records...)
	return nil
}

// beginBatch reads the head of the chain, or begins the chain.
func (s *session) beginBatch() error {
	s.trail = trail{begun: true}
	head := &s.trail.head
	if err := s.queryRow(selectChain).Scan(&head.Chain); err != nil {
		return err
	}
	err := s.queryRow(selectHead).Scan(&head.Seq, (*[]byte)(&head.Hash))
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var heads []audit.Head
	if err := s.query(collect(&heads, scanHead), selectHeads); err != nil {
		return err
	}
	now := time.Now()
	first, err := audit.NewRecord(audit.Act{ID: audit.NewID(now), At: now, Action: audit.ActionBeginChain, Outcome: audit.OutcomeDone, Heads: heads}, audit.Names{})
	if err != nil {
		return err
	}
	return s.recordEntry(first)
}

// recordEntry adds an entry that is not that of an operation.
func (s *session) recordEntry(r *audit.Record) error {
	if !s.trail.begun {
		if err := s.beginBatch(); err != nil {
			return err
		}
	}
	r.Chain, r.Seq = s.trail.head.Chain, s.trail.head.Seq+1
	// The database has it already if its caller repeats it after a commit that was not
	// acknowledged.
	if written, err := s.writeEntry(r); err != nil || written == 0 {
		return err
	}
	return s.record(r)
}

func (s *session) writeEntry(r *audit.Record) (int64, error) {
	a := &r.Act
	return s.exec(insertEntry, a.ID, string(a.Action), string(a.Outcome), a.Platform, a.InstanceID, a.BindingID, a.Operation, a.Begun,
		r.Document, nullText(r.Names), r.Chain, r.Seq)
}

// endBatch writes the batch of the transaction, and returns the new head of the chain,
// or nil if the transaction has no entries.
func (s *session) endBatch() (*audit.Head, error) {
	if len(s.trail.records) == 0 {
		return nil, nil //nolint:nilnil // See above.
	}
	head := s.trail.head.Next(s.trail.records...)
	_, err := s.exec(insertBatch, head.Chain, head.Seq, time.Now().UnixMicro(), len(s.trail.records), []byte(head.Hash))
	return &head, err
}

// nullText returns the text, or null for nil.
func nullText(text []byte) any {
	if text == nil {
		return nil
	}
	return string(text)
}

// Record implements [durable.Store].
func (s *Store) Record(ctx context.Context, records []*audit.Record) error {
	if len(records) == 0 {
		return nil
	}
	return s.write(ctx, func(w *session) error {
		for _, r := range records {
			if err := w.recordEntry(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// AuditHeads returns the head of the chain after the last change of this process, for a
// place outside the store. It is empty before the first one.
func (s *Store) AuditHeads() []audit.Head {
	if head := s.writer.head.Load(); head != nil {
		return []audit.Head{*head}
	}
	return nil
}

// AuditTrail implements [admin.Store].
func (s *Store) AuditTrail(ctx context.Context, f admin.AuditFilter) ([]*audit.Record, error) {
	var operations, entries listQuery
	operations.where("audit IS NOT NULL")
	both := func(condition string, args ...any) {
		operations.where(condition, args...)
		entries.where(condition, args...)
	}
	direct := f.Platform != "" && f.InstanceID != ""
	for _, c := range []struct{ column, value string }{{"platform", f.Platform}, {"instance_id", f.InstanceID}, {"binding_id", f.BindingID}} {
		entries.equal(c.column, c.value)
		if !direct {
			c.column = "+" + c.column // The index of keys would select too many: use that of ids.
		}
		operations.equal(c.column, c.value)
	}
	if f.InstanceID != "" {
		entries.where("instance_id <> ''") // Use the index.
	}
	if f.BindingID != "" {
		entries.where("binding_id <> ''")
	}
	if f.Before != "" {
		both("id < ?", f.Before)
	}
	if f.From != "" {
		both("id >= ?", f.From)
	}
	if !f.Since.IsZero() {
		both("id >= ?", audit.IDAt(f.Since))
	}
	if !f.Until.IsZero() {
		both("id < ?", audit.IDAt(f.Until))
	}
	if f.OperationID != "" {
		operations.where("id = ?", f.OperationID)
		entries.where("(id = ? OR operation_id = ? OR begun_id = ?)", f.OperationID, f.OperationID, f.OperationID)
	}
	if f.Actor != "" {
		operations.where("audit_names ->> 'actor' = ?", f.Actor)
		entries.where("names ->> 'actor' = ?", f.Actor)
	}
	if len(f.Actions) > 0 {
		var actions []any
		for _, action := range f.Actions {
			actions = append(actions, string(action))
		}
		in := " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(actions)), ", ") + ")"
		operations.where("kind"+in, actions...)
		entries.where("action"+in, actions...)
	}
	if f.Outcome != "" {
		entries.equal("outcome", string(f.Outcome))
		operations.where("? = 'accepted'", string(f.Outcome))
	}
	sql := `SELECT * FROM (` + operations.page(`SELECT id, audit, audit_names, coalesce(audit_chain, ''), coalesce(audit_seq, 0) FROM operations`, "id DESC", f.Limit) +
		`) UNION ALL SELECT * FROM (` + entries.page(`SELECT id, document, names, chain, seq FROM audit_entries`, "id DESC", f.Limit) + `)`
	var all listQuery
	sql = all.page(`SELECT * FROM (`+sql+`)`, "id DESC", f.Limit)
	args := append(append(operations.args, entries.args...), all.args...)
	return list(ctx, s, sql, args, scanRecord)
}

// AuditWindow implements [admin.Store].
func (s *Store) AuditWindow(ctx context.Context, before string, entries int) (from string, err error) {
	var operations, others, both listQuery
	for _, q := range []*listQuery{&operations, &others} {
		if before != "" {
			q.where("id < ?", before)
		}
	}
	text := both.page(`SELECT id FROM (SELECT * FROM (`+operations.page("SELECT id FROM operations", "id DESC", entries+1)+
		`) UNION ALL SELECT * FROM (`+others.page("SELECT id FROM audit_entries", "id DESC", entries+1)+`))`, "id DESC", 2) + " OFFSET ?" //nolint:mnd // The entry, and an older one.
	args := append(append(append(operations.args, others.args...), both.args...), entries-1)
	found, err := list(ctx, s, text, args, scanText)
	if err != nil || len(found) < 2 { //nolint:mnd // See above.
		return "", err
	}
	return found[0], nil
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

func scanRecord(row scanner) (*audit.Record, error) {
	r := &audit.Record{}
	var names sql.NullString
	err := row.Scan(&r.Act.ID, &r.Document, &names, &r.Chain, &r.Seq)
	if names.Valid {
		r.Names = []byte(names.String)
	}
	return r, err
}

// AuditChains implements [admin.Store].
func (s *Store) AuditChains(ctx context.Context, each func(audit.Link) error) error {
	return s.read(ctx, func(r *session) (err error) {
		// All documents are sorted: not in memory.
		if _, err := r.exec("PRAGMA temp_store = FILE"); err != nil {
			return err
		}
		defer func() {
			_, restoreErr := r.exec("PRAGMA temp_store = MEMORY")
			err = errors.Join(err, restoreErr)
		}()
		return r.query(func(row scanner) error {
			l, err := scanLink(row)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			return each(l)
		}, selectLinks)
	})
}

func scanLink(row scanner) (audit.Link, error) {
	var l audit.Link
	var at, entries sql.NullInt64
	var hash []byte
	var id, names, action, platform, instance, binding sql.NullString
	r := &audit.Record{}
	if err := row.Scan(&l.Chain, &l.Seq, &at, &entries, &hash, &id, &r.Document, &names, &action, &platform, &instance, &binding); err != nil {
		return l, err
	}
	r.Act = audit.Act{Action: audit.Action(action.String), Platform: platform.String, InstanceID: instance.String, BindingID: binding.String}
	if at.Valid {
		l.Batch = &audit.Batch{At: fromMicros(at.Int64), Entries: int(entries.Int64), Hash: hash}
	}
	if id.Valid {
		r.Act.ID, l.Record = id.String, r
	}
	if names.Valid {
		r.Names = []byte(names.String)
	}
	return l, nil
}

const (
	selectSealed = `SELECT b.chain, b.seq, b.hash FROM audit_batches AS b JOIN (
			SELECT o.chain, max(o.seq) AS seq FROM audit_batches AS o
			WHERE o.at < ? AND o.seq < (SELECT max(l.seq) FROM audit_batches AS l WHERE l.chain = o.chain) GROUP BY o.chain
		) AS s ON s.chain = b.chain AND s.seq = b.seq`
	selectSeal    = `SELECT document FROM audit_entries WHERE action = 'seal' ORDER BY id DESC LIMIT 1`
	deleteEntries = `DELETE FROM audit_entries WHERE chain = ? AND seq <= ?`
	deleteBatches = `DELETE FROM audit_batches WHERE chain = ? AND seq <= ?`
)

// PruneAudit implements [admin.Store].
func (s *Store) PruneAudit(ctx context.Context, before time.Time, seal func([]audit.Head, int) (*audit.Record, error)) (int, error) {
	deleted := 0
	err := s.write(ctx, func(w *session) error {
		deleted = 0
		var heads []audit.Head
		if err := w.query(collect(&heads, scanHead), selectSealed, before.UnixMicro()); err != nil || len(heads) == 0 {
			return err
		}
		var last []byte
		if err := w.queryRow(selectSeal).Scan(&last); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		for _, head := range heads {
			entries, err := w.exec(deleteEntries, head.Chain, head.Seq)
			if err != nil {
				return err
			}
			if _, err := w.exec(deleteBatches, head.Chain, head.Seq); err != nil {
				return err
			}
			deleted += int(entries)
		}
		heads, err := audit.MergeSeals(heads, last)
		if err != nil {
			return err
		}
		record, err := seal(heads, deleted)
		if err != nil {
			return err
		}
		return w.recordEntry(record)
	})
	if err != nil {
		return 0, fmt.Errorf("prune the audit trail: %w", err)
	}
	return deleted, nil
}

func scanHead(row scanner) (h audit.Head, err error) {
	err = row.Scan(&h.Chain, &h.Seq, (*[]byte)(&h.Hash))
	return h, err
}

// EraseNames implements [admin.Store].
func (s *Store) EraseNames(ctx context.Context, name string, limit int) (int, error) {
	erased := 0
	err := s.write(ctx, func(w *session) error {
		erased = 0
		for _, query := range []string{eraseOperations, eraseEntries} {
			changed, err := w.exec(query, name, limit-erased)
			if err != nil {
				return err
			}
			erased += int(changed)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("erase names: %w", err)
	}
	return erased, nil
}

const (
	eraseOperations = `UPDATE operations SET audit_names = NULL WHERE seq IN (SELECT seq FROM operations WHERE audit_names IS NOT NULL
		AND ?1 IN (audit_names ->> '$.actor', audit_names ->> '$.user.id', audit_names ->> '$.user.name') LIMIT ?2)`
	eraseEntries = `UPDATE audit_entries SET names = NULL WHERE id IN (SELECT id FROM audit_entries WHERE names IS NOT NULL
		AND ?1 IN (names ->> '$.actor', names ->> '$.user.id', names ->> '$.user.name') LIMIT ?2)`
)

// operationTrail are the columns of the entry of an operation.
type operationTrail struct {
	document     []byte
	names, chain sql.NullString
	seq          sql.NullInt64
}

// of returns the entry of the operation with the id, or nil.
func (t *operationTrail) of(id string) *audit.Record {
	if t.document == nil {
		return nil
	}
	r := &audit.Record{Act: audit.Act{ID: id}, Document: t.document, Chain: t.chain.String, Seq: t.seq.Int64}
	if t.names.Valid {
		r.Names = []byte(t.names.String)
	}
	return r
}

// trailOf returns the values of the columns.
func trailOf(r *audit.Record) []any {
	if r == nil {
		return []any{nil, nil, nil, nil}
	}
	return []any{r.Document, nullText(r.Names), r.Chain, r.Seq}
}
