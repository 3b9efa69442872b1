package archive

import (
	"fmt"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// format and version are in the header. A reader refuses others.
const (
	format  = "openbroker archive"
	version = 2
)

// A line is a line of an archive: one field is set.
type line struct {
	Header    *header    `json:"header,omitempty"`
	Setting   *setting   `json:"setting,omitempty"`
	Instance  *instance  `json:"instance,omitempty"`
	Binding   *binding   `json:"binding,omitempty"`
	Operation *operation `json:"operation,omitempty"`
	OldAudit  *oldAudit  `json:"audit,omitempty"`
	Audit     *entry     `json:"audit_entry,omitempty"`
	Batch     *batch     `json:"audit_batch,omitempty"`
	End       *end       `json:"end,omitempty"`
}

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

// A Summary counts the items of an archive.
type Summary struct {
	Settings, Instances, Bindings, Operations, Audit, AuditBatches int64
}

func (s *Summary) add(item admin.ExportItem) {
	switch {
	case item.Setting != nil:
		s.Settings++
	case item.Instance != nil:
		s.Instances++
	case item.Binding != nil:
		s.Bindings++
	case item.Operation != nil:
		s.Operations++
	case item.Audit != nil:
		s.Audit++
	case item.Batch != nil:
		s.AuditBatches++
	}
}

type end struct {
	Settings   int64  `json:"settings"`
	Instances  int64  `json:"instances"`
	Bindings   int64  `json:"bindings"`
	Operations int64  `json:"operations"`
	Audit      int64  `json:"audit"`
	Batches    int64  `json:"audit_batches"`
	SHA256     string `json:"sha256"`
}

func endOf(s Summary, sum string) *end {
	return &end{s.Settings, s.Instances, s.Bindings, s.Operations, s.Audit, s.AuditBatches, sum}
}

func (e *end) summary() Summary {
	return Summary{e.Settings, e.Instances, e.Bindings, e.Operations, e.Audit, e.Batches}
}

type setting struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

type instance struct {
	Platform   string               `json:"platform"`
	InstanceID string               `json:"instance_id"`
	Revision   int64                `json:"revision"`
	Status     durable.RecordStatus `json:"status"`
	ServiceID  string               `json:"service_id"`
	PlanID     string               `json:"plan_id"`
	Sealed     []byte               `json:"sealed,omitempty"`
	CreatedAt  time.Time            `json:"created_at"`
	UpdatedAt  time.Time            `json:"updated_at"`
}

type binding struct {
	Platform   string               `json:"platform"`
	InstanceID string               `json:"instance_id"`
	BindingID  string               `json:"binding_id"`
	Status     durable.RecordStatus `json:"status"`
	ServiceID  string               `json:"service_id"`
	PlanID     string               `json:"plan_id"`
	ExpiresAt  time.Time            `json:"expires_at,omitzero"`
	Sealed     []byte               `json:"sealed,omitempty"`
	CreatedAt  time.Time            `json:"created_at"`
	UpdatedAt  time.Time            `json:"updated_at"`
}

type operation struct {
	Operation   string                 `json:"operation"`
	Platform    string                 `json:"platform"`
	InstanceID  string                 `json:"instance_id"`
	BindingID   string                 `json:"binding_id,omitempty"`
	Kind        durable.OperationKind  `json:"kind"`
	Internal    bool                   `json:"internal,omitempty"`
	Parallel    bool                   `json:"parallel,omitempty"`
	State       durable.OperationState `json:"state"`
	Generation  int64                  `json:"generation"`
	Attempt     int                    `json:"attempt"`
	Failures    int                    `json:"failures"`
	NotBefore   time.Time              `json:"not_before,omitzero"`
	Deadline    time.Time              `json:"deadline,omitzero"`
	Description string                 `json:"description,omitempty"`
	Failure     []byte                 `json:"failure,omitempty"`
	Sealed      []byte                 `json:"sealed,omitempty"`
	Checkpoint  []byte                 `json:"checkpoint,omitempty"`
	CreatedAt   time.Time              `json:"created_at"`
	UpdatedAt   time.Time              `json:"updated_at"`
	FinishedAt  time.Time              `json:"finished_at,omitzero"`
	DeliveredAt time.Time              `json:"delivered_at,omitzero"`
	Audit       *entry                 `json:"audit,omitempty"`
}

// An entry is an entry of the audit trail. Document and names are texts, because the
// chain covers their bytes.
type entry struct {
	ID       string  `json:"id,omitempty"`
	Document string  `json:"document"`
	Names    *string `json:"names,omitempty"`
	Chain    string  `json:"chain,omitempty"`
	Seq      int64   `json:"seq,omitempty"`
}

func entryOf(r *audit.Record) *entry {
	if r == nil {
		return nil
	}
	e := &entry{ID: r.Act.ID, Document: string(r.Document), Chain: r.Chain, Seq: r.Seq}
	if r.Names != nil {
		names := string(r.Names)
		e.Names = &names
	}
	return e
}

func (e *entry) record() *audit.Record {
	if e == nil {
		return nil
	}
	r := &audit.Record{Act: audit.Act{ID: e.ID}, Document: []byte(e.Document), Chain: e.Chain, Seq: e.Seq}
	if e.Names != nil {
		r.Names = []byte(*e.Names)
	}
	return r
}

// An oldAudit is an entry in format 1, which had only interventions.
type oldAudit struct {
	ID             int64                  `json:"id"`
	At             time.Time              `json:"at"`
	Actor          string                 `json:"actor"`
	Reason         string                 `json:"reason"`
	Action         admin.Action           `json:"action"`
	Platform       string                 `json:"platform"`
	InstanceID     string                 `json:"instance_id"`
	BindingID      string                 `json:"binding_id,omitempty"`
	Operation      string                 `json:"operation,omitempty"`
	BegunOperation string                 `json:"begun_operation,omitempty"`
	StatusBefore   durable.RecordStatus   `json:"status_before,omitempty"`
	StatusAfter    durable.RecordStatus   `json:"status_after,omitempty"`
	StateBefore    durable.OperationState `json:"state_before,omitempty"`
	StateAfter     durable.OperationState `json:"state_after,omitempty"`
}

// record returns an entry without a chain, as the migrations of the stores do.
func (o *oldAudit) record() (*audit.Record, error) {
	return audit.NewRecord(audit.Act{
		ID: fmt.Sprintf("0%025d", o.ID), At: o.At, Action: o.Action, Outcome: audit.OutcomeDone, Reason: o.Reason,
		Platform: o.Platform, InstanceID: o.InstanceID, BindingID: o.BindingID, Operation: o.Operation, Begun: o.BegunOperation,
		StatusBefore: string(o.StatusBefore), StatusAfter: string(o.StatusAfter), StateBefore: string(o.StateBefore), StateAfter: string(o.StateAfter),
	}, audit.Names{Actor: o.Actor})
}

type batch struct {
	Chain   string     `json:"chain"`
	Seq     int64      `json:"seq"`
	At      time.Time  `json:"at"`
	Entries int        `json:"entries"`
	Hash    audit.Hash `json:"hash"`
}

// lineOf returns the line of an item.
func lineOf(item admin.ExportItem) line {
	switch {
	case item.Setting != nil:
		return line{Setting: &setting{item.Setting.Name, item.Setting.Value}}
	case item.Instance != nil:
		r := item.Instance
		return line{Instance: &instance{
			r.Key.Platform, r.Key.InstanceID, r.Revision, r.Status, r.ServiceID, r.PlanID, r.Data, r.CreatedAt, r.UpdatedAt,
		}}
	case item.Binding != nil:
		r := item.Binding
		return line{Binding: &binding{
			r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, r.Status, r.ServiceID, r.PlanID, r.ExpiresAt, r.Data, r.CreatedAt, r.UpdatedAt,
		}}
	case item.Operation != nil:
		r := item.Operation
		return line{Operation: &operation{
			r.ID, r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, r.Kind, r.Internal, r.Parallel, r.State, r.Generation, r.Attempt, r.Failures,
			r.NotBefore, r.Deadline, r.Description, r.Failure, r.Data, r.Checkpoint, r.CreatedAt, r.UpdatedAt, r.FinishedAt, r.DeliveredAt, entryOf(r.Audit),
		}}
	case item.Audit != nil:
		return line{Audit: entryOf(item.Audit)}
	case item.Batch != nil:
		b := item.Batch
		return line{Batch: &batch{b.Chain, b.Seq, b.At, b.Entries, b.Hash}}
	default:
		return line{}
	}
}

// item returns the item of a line, empty for a header or an end.
func (l *line) item() (admin.ExportItem, error) {
	switch {
	case l.Setting != nil:
		return admin.ExportItem{Setting: &admin.Setting{Name: l.Setting.Name, Value: l.Setting.Value}}, nil
	case l.Instance != nil:
		r := l.Instance
		return admin.ExportItem{Instance: &durable.InstanceRecord{
			Key: durable.Key{Platform: r.Platform, InstanceID: r.InstanceID}, Revision: r.Revision, Status: r.Status,
			ServiceID: r.ServiceID, PlanID: r.PlanID, Data: r.Sealed, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		}}, nil
	case l.Binding != nil:
		r := l.Binding
		return admin.ExportItem{Binding: &durable.BindingRecord{
			Key: durable.Key{Platform: r.Platform, InstanceID: r.InstanceID, BindingID: r.BindingID}, Status: r.Status,
			ServiceID: r.ServiceID, PlanID: r.PlanID, ExpiresAt: r.ExpiresAt, Data: r.Sealed, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		}}, nil
	case l.Operation != nil:
		r := l.Operation
		return admin.ExportItem{Operation: &admin.ExportedOperation{Parallel: r.Parallel, Audit: r.Audit.record(), OperationRecord: durable.OperationRecord{
			ID: r.Operation, Key: durable.Key{Platform: r.Platform, InstanceID: r.InstanceID, BindingID: r.BindingID}, Kind: r.Kind, Internal: r.Internal,
			State: r.State, Generation: r.Generation, Attempt: r.Attempt, Failures: r.Failures, NotBefore: r.NotBefore, Deadline: r.Deadline,
			Description: r.Description, Failure: r.Failure, Data: r.Sealed, Checkpoint: r.Checkpoint,
			CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: r.FinishedAt, DeliveredAt: r.DeliveredAt,
		}}}, nil
	case l.OldAudit != nil:
		record, err := l.OldAudit.record()
		return admin.ExportItem{Audit: record}, err
	case l.Audit != nil:
		return admin.ExportItem{Audit: l.Audit.record()}, nil
	case l.Batch != nil:
		b := l.Batch
		return admin.ExportItem{Batch: &admin.AuditBatch{Chain: b.Chain, Seq: b.Seq, Batch: audit.Batch{At: b.At, Entries: b.Entries, Hash: b.Hash}}}, nil
	default:
		return admin.ExportItem{}, nil
	}
}
