package pgstore

import (
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

// A statement makes one change. It is a chain of parts, each a WITH query. The first
// part is named guard, and its column "now" is the time of the change. The other
// parts select FROM guard, and change no row if guard has none. The last part is the
// main query: its row count is 0 if the guard refused the change.
//
// The text depends only on the shape of the change, so that each connection prepares
// it once.
type statement struct {
	parts []string
	names []string
	args  []any
	// audit, unless nil, is the entry of the operation that begins. Its chain and number
	// are the arguments from chainAt on.
	audit   *audit.Record
	chainAt int
	// returns says that the statement returns the revision of the instance.
	returns bool
}

// add adds a part.
func (s *statement) add(name, sql string) {
	s.names, s.parts = append(s.names, name), append(s.parts, sql)
}

// text, bytes, number, truth, span and at add a parameter of that type and return
// its placeholder.
func (s *statement) text(v string) string        { return s.placeholder(v, "text") }
func (s *statement) bytes(v []byte) string       { return s.placeholder(v, "bytea") }
func (s *statement) number(v int64) string       { return s.placeholder(v, "bigint") }
func (s *statement) truth(v bool) string         { return s.placeholder(v, "boolean") }
func (s *statement) span(v time.Duration) string { return s.placeholder(v, "interval") }
func (s *statement) at(v time.Time) string       { return s.placeholder(orNull(v), "timestamptz") }
func (s *statement) placeholder(v any, t string) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args)) + "::" + t
}

// after returns the time d after now, or null unless d is positive.
func (s *statement) after(now string, d time.Duration) string {
	if d <= 0 {
		return "NULL::timestamptz"
	}
	return now + " + " + s.span(d)
}

// sql returns the text of the statement.
func (s *statement) sql() string {
	last := len(s.parts) - 1
	var b strings.Builder
	for i, part := range s.parts[:last] {
		if i == 0 {
			b.WriteString("WITH ")
		} else {
			b.WriteString(",\n")
		}
		b.WriteString(s.names[i] + " AS (" + part + ")")
	}
	b.WriteString("\n" + s.parts[last])
	return b.String()
}

// instanceIs and keyIs return conditions on a table with the alias t.
func (s *statement) instanceIs(t string, k durable.Key) string {
	return t + ".platform = " + s.text(k.Platform) + " AND " + t + ".instance_id = " + s.text(k.InstanceID)
}

func (s *statement) keyIs(t string, k durable.Key) string {
	return s.instanceIs(t, k) + " AND " + t + ".binding_id = " + s.text(k.BindingID)
}

// tombstone returns the value of deleted_at.
func tombstone(status durable.RecordStatus, now string) string {
	if status == durable.StatusDeleted {
		return now
	}
	return "NULL::timestamptz"
}

// putBinding adds the part that writes a binding.
func (s *statement) putBinding(r *durable.BindingRecord) {
	s.add("binding", `INSERT INTO bindings (platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at, deleted_at)
		SELECT `+s.text(r.Key.Platform)+`, `+s.text(r.Key.InstanceID)+`, `+s.text(r.Key.BindingID)+`, `+s.text(string(r.Status))+`,
			`+s.text(r.ServiceID)+`, `+s.text(r.PlanID)+`, `+s.at(r.ExpiresAt)+`, `+s.bytes(r.Data)+`, guard.now, guard.now, `+tombstone(r.Status, "guard.now")+`
		FROM guard
		ON CONFLICT (platform, instance_id, binding_id) DO UPDATE SET status = excluded.status, service_id = excluded.service_id, plan_id = excluded.plan_id,
			expires_at = excluded.expires_at, data = excluded.data, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at`)
}

// begin adds the parts that insert an operation. changed, if not empty, is the
// operation that an earlier part changes; see keeps. before is the name of that
// part. It runs first, because it frees the slot.
func (s *statement) begin(o *durable.OperationSpec, before, changed string) {
	superseded := ""
	if o.Internal {
		superseded = " AND o.internal"
	}
	s.add("superseded", `UPDATE operations o SET kept = false FROM guard
		WHERE `+s.keyIs("o", o.Key)+` AND o.kept`+superseded+` AND o.id <> `+s.text(changed))
	s.insertOperation(o, before)
}

func (s *statement) insertOperation(o *durable.OperationSpec, before string) {
	slot, claims := "", int64(0)
	if o.Parallel {
		slot = "b" + o.Key.BindingID
	}
	if o.Owner != "" {
		claims = 1
	}
	from := "guard"
	if before != "guard" {
		from = "guard, (SELECT count(*) FROM " + before + ") AS before"
	}
	columns, values := "", ""
	if o.Audit != nil {
		columns = ", audit, audit_names, audit_chain, audit_seq"
		values = ", " + s.bytes(o.Audit.Document) + ", " + s.placeholder(nullText(o.Audit.Names), "text")
		s.audit, s.chainAt = o.Audit, len(s.args)
		values += ", " + s.text("") + ", " + s.number(0)
	}
	s.add("operation", `INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, kept, slot, state, generation, attempt, failures,
			owner, lease_until, not_before, deadline, description, data, created_at, updated_at`+columns+`)
		SELECT `+s.text(o.ID)+`, `+s.text(o.Key.Platform)+`, `+s.text(o.Key.InstanceID)+`, `+s.text(o.Key.BindingID)+`, `+s.text(string(o.Kind))+`,
			`+s.truth(o.Internal)+`, true, `+s.text(slot)+`, 'active', `+s.number(claims)+`, `+s.number(claims)+`, 0,
			`+s.text(o.Owner)+`, `+s.after("guard.now", o.Lease)+`, `+s.after("guard.now", o.Delay)+`, `+s.after("guard.now", o.Timeout)+`, '', `+s.bytes(o.Data)+`,
			guard.now, guard.now`+values+`
		FROM `+from)
}

// insertEntry adds the part that inserts an entry of the audit trail.
func (s *statement) insertEntry(r *audit.Record) {
	a := &r.Act
	values := []string{
		s.text(a.ID), s.text(string(a.Action)), s.text(string(a.Outcome)), s.text(a.Platform), s.text(a.InstanceID), s.text(a.BindingID),
		s.text(a.Operation), s.text(a.Begun), s.bytes(r.Document), s.placeholder(nullText(r.Names), "text"),
	}
	s.audit, s.chainAt = r, len(s.args)
	values = append(values, s.text(""), s.number(0))
	s.add("entry", `INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
		SELECT `+strings.Join(values, ", ")+` FROM guard`)
}

// keeps returns the value of kept for an operation that changes while next begins:
// PostgreSQL applies only one of two updates of a row in one statement.
func (s *statement) keeps(next *durable.OperationSpec) string {
	if next == nil {
		return "o.kept"
	}
	supersedes := s.truth(!next.Internal) + " OR o.internal"
	return "o.kept AND NOT (o.binding_id = " + s.text(next.Key.BindingID) + " AND (" + supersedes + "))"
}
