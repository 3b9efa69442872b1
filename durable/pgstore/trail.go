package pgstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

const (
	// insertEntry changes nothing if the store has the entry: its caller may repeat it after
	// a commit that was not acknowledged.
	insertEntry = `INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`

	// keptEntries are the entries of deleted operations, which are in a part named gone.
	keptEntries = `INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
		SELECT id, kind, 'accepted', platform, instance_id, binding_id, '', id, audit, audit_names, audit_chain, audit_seq
		FROM gone WHERE audit IS NOT NULL`
	// goneColumns and oldColumns are those that keptEntries needs.
	goneColumns = `id, kind, platform, instance_id, binding_id, audit, audit_names, audit_chain, audit_seq`
	oldColumns  = `o.id, o.kind, o.platform, o.instance_id, o.binding_id, o.audit, o.audit_names, o.audit_chain, o.audit_seq`
)

func entryArguments(r *audit.Record) []any {
	a := &r.Act
	return []any{
		a.ID, string(a.Action), string(a.Outcome), storable(a.Platform), storable(a.InstanceID), storable(a.BindingID), storable(a.Operation), storable(a.Begun),
		r.Document, nullText(r.Names), r.Chain, r.Seq,
	}
}

// nullText returns the text, or null for nil.
func nullText(text []byte) *string {
	if text == nil {
		return nil
	}
	s := string(text)
	return &s
}

// Record implements [durable.Store].
func (s *Store) Record(ctx context.Context, records []*audit.Record) error {
	if len(records) == 0 {
		return nil
	}
	c := &change{records: records, entries: true}
	for _, r := range records {
		c.size += len(r.Document) + len(r.Names)
	}
	if _, err := s.change(ctx, c); err != nil {
		return fmt.Errorf("pgstore: record: %w", err)
	}
	return nil
}

// AuditTrail implements [admin.Store].
func (s *Store) AuditTrail(ctx context.Context, f admin.AuditFilter) ([]*audit.Record, error) {
	var q listQuery
	operations, entries := "audit IS NOT NULL", "true"
	both := func(condition string) { operations += " AND " + condition; entries += " AND " + condition }
	for _, c := range []struct{ column, value string }{{"platform", f.Platform}, {"instance_id", f.InstanceID}, {"binding_id", f.BindingID}} {
		if c.value != "" {
			both(c.column + " = " + q.value(c.value))
		}
	}
	if f.InstanceID != "" {
		entries += " AND instance_id <> ''" // The index has this condition.
	}
	if f.BindingID != "" {
		entries += " AND binding_id <> ''"
	}
	if f.Before != "" {
		both("id < " + q.value(f.Before))
	}
	if f.From != "" {
		both("id >= " + q.value(f.From))
	}
	if !f.Since.IsZero() {
		both("id >= " + q.value(audit.IDAt(f.Since)))
	}
	if !f.Until.IsZero() {
		both("id < " + q.value(audit.IDAt(f.Until)))
	}
	if f.OperationID != "" {
		id := q.value(f.OperationID)
		operations += " AND id = " + id
		entries += " AND (id = " + id + " OR operation_id = " + id + " OR begun_id = " + id + ")"
	}
	if f.Actor != "" {
		actor := q.value(f.Actor)
		operations += " AND audit_names::json ->> 'actor' = " + actor
		entries += " AND names::json ->> 'actor' = " + actor
	}
	if len(f.Actions) > 0 {
		var actions []string
		for _, action := range f.Actions {
			actions = append(actions, q.value(string(action)))
		}
		operations += " AND kind IN (" + strings.Join(actions, ", ") + ")"
		entries += " AND action IN (" + strings.Join(actions, ", ") + ")"
	}
	if f.Outcome != "" {
		entries += " AND outcome = " + q.value(string(f.Outcome))
		if f.Outcome != audit.OutcomeAccepted {
			operations += " AND false"
		}
	}
	if q.impossible {
		return nil, nil
	}
	limit := f.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	order := " ORDER BY id DESC LIMIT " + strconv.Itoa(limit)
	first := order
	if f.Platform != "" && f.InstanceID != "" {
		// The entries of an instance are few. The planner would rather read all in the order
		// of their ids if it expects to find some soon.
		first = " ORDER BY id || '' DESC LIMIT " + strconv.Itoa(limit)
	}
	sql := `SELECT * FROM ((SELECT id, audit, audit_names, coalesce(audit_chain, ''), coalesce(audit_seq, 0) FROM operations WHERE ` + operations + first + `)
		UNION ALL (SELECT id, document, names, chain, seq FROM audit_entries WHERE ` + entries + first + `)) AS entries` + order
	return query(ctx, s, "audit trail", scanRecord, sql, append([]any{pgx.QueryExecModeExec}, q.args...)...)
}

// AuditWindow implements [admin.Store].
func (s *Store) AuditWindow(ctx context.Context, before string, entries int) (from string, err error) {
	if !validText(before) {
		return "", nil
	}
	var q listQuery
	where := ""
	if before != "" {
		where = " WHERE id < " + q.value(before)
	}
	newest := where + " ORDER BY id DESC LIMIT " + strconv.Itoa(entries+1)
	found, err := query(ctx, s, "audit trail", pgx.RowTo[string],
		`SELECT id FROM ((SELECT id FROM operations`+newest+`) UNION ALL (SELECT id FROM audit_entries`+newest+`)) AS entries
			ORDER BY id DESC LIMIT 2 OFFSET `+strconv.Itoa(entries-1),
		append([]any{pgx.QueryExecModeExec}, q.args...)...)
	if err != nil || len(found) < 2 { //nolint:mnd // The entry, and an older one.
		return "", err
	}
	return found[0], nil
}

func scanRecord(row pgx.CollectableRow) (*audit.Record, error) {
	r := &audit.Record{}
	var names *string
	err := row.Scan(&r.Act.ID, &r.Document, &names, &r.Chain, &r.Seq)
	if names != nil {
		r.Names = []byte(*names)
	}
	return r, err
}

// EraseNames implements [admin.Store].
func (s *Store) EraseNames(ctx context.Context, name string, limit int) (int, error) {
	if !validText(name) {
		return 0, nil
	}
	erased := 0
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		erased, err = eraseNames(ctx, tx, name, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("pgstore: erase names: %w", err)
	}
	return erased, nil
}

// eraseNames reads all names, which can take long.
func eraseNames(ctx context.Context, tx pgx.Tx, name string, limit int) (erased int, err error) {
	const is = `(%[1]s::json ->> 'actor' = $1 OR %[1]s::json #>> '{user,id}' = $1 OR %[1]s::json #>> '{user,name}' = $1)`
	if _, err := tx.Exec(ctx, unlimited); err != nil {
		return 0, err
	}
	for _, c := range []struct{ table, column string }{{"operations", "audit_names"}, {"audit_entries", "names"}} {
		tag, err := tx.Exec(ctx, `UPDATE `+c.table+` SET `+c.column+` = NULL WHERE id IN (
			SELECT id FROM `+c.table+` WHERE `+c.column+` IS NOT NULL AND `+fmt.Sprintf(is, c.column)+` LIMIT $2)`, name, limit-erased)
		if err != nil {
			return 0, err
		}
		erased += int(tag.RowsAffected())
	}
	return erased, nil
}

// operationTrail are the columns of the entry of an operation.
type operationTrail struct {
	document     []byte
	names, chain *string
	seq          *int64
}

// of returns the entry of the operation with the id, or nil.
func (t *operationTrail) of(id string) *audit.Record {
	if t.document == nil || t.chain == nil || t.seq == nil {
		return nil
	}
	r := &audit.Record{Act: audit.Act{ID: id}, Document: t.document, Chain: *t.chain, Seq: *t.seq}
	if t.names != nil {
		r.Names = []byte(*t.names)
	}
	return r
}

// trailOf is the reverse of operationTrail.of.
func trailOf(r *audit.Record) operationTrail {
	if r == nil {
		return operationTrail{}
	}
	return operationTrail{document: r.Document, names: nullText(r.Names), chain: &r.Chain, seq: &r.Seq}
}
