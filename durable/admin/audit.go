package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

// An Action is what was done.
type Action = audit.Action

// The interventions, one for each method of [Admin] that changes something.
const (
	ActionRetry  = audit.ActionRetry
	ActionCancel = audit.ActionCancel
	ActionFail   = audit.ActionFail
	ActionForget = audit.ActionForget
)

// Interventions returns the actions of the methods of [Admin] that change something.
func Interventions() []Action {
	return []Action{ActionRetry, ActionCancel, ActionFail, ActionForget}
}

// An AuditEntry is an entry of the audit trail.
type AuditEntry struct {
	// ID is that of the operation that the act began, or one of its own. Entries are
	// ordered by it.
	ID string `json:"id"`
	// At is set by the store for interventions, from the database's clock.
	At time.Time `json:"at"`
	// Actor is the principal of a platform, or an operator. It is empty if the names were
	// erased.
	Actor string `json:"actor,omitempty"`
	// Reason is why an operator acted, in their own words, or why the broker did.
	Reason  string        `json:"reason,omitempty"`
	Action  Action        `json:"action"`
	Outcome audit.Outcome `json:"outcome"`
	// Key is the instance or the binding. It is zero if the act has none.
	durable.Key

	// Result, unless nil, has what only some acts have.
	*AuditResult

	// OperationID is the operation that was changed or retried, or empty.
	OperationID string `json:"operation,omitempty"`
	// BegunID is the operation that the act began, or empty.
	BegunID string `json:"begun_operation,omitempty"`
	// StatusBefore and StatusAfter are the statuses of the instance or binding, around an
	// intervention. StatusAfter is empty if it was forgotten.
	StatusBefore durable.RecordStatus `json:"status_before,omitempty"`
	StatusAfter  durable.RecordStatus `json:"status_after,omitempty"`
	// StateBefore and StateAfter are the states of the operation.
	StateBefore durable.OperationState `json:"state_before,omitempty"`
	StateAfter  durable.OperationState `json:"state_after,omitempty"`
}

// An AuditResult is what an entry of a platform has, and what the chain adds.
type AuditResult struct {
	ServiceID string `json:"service_id,omitempty"`
	PlanID    string `json:"plan_id,omitempty"`
	// Status and Error are the HTTP status and the error code of a refusal.
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
	// Method is how the actor logged in, and Address where a failed login came from.
	Method  string `json:"method,omitempty"`
	Address string `json:"address,omitempty"`
	// User is the user of the platform UserPlatform who caused the request.
	User         *audit.User `json:"user,omitempty"`
	UserPlatform string      `json:"user_platform,omitempty"`
	// RequestIdentity is the header X-Broker-API-Request-Identity.
	RequestIdentity string `json:"request_identity,omitempty"`
	// Count is how many acts the entry stands for, if more than one.
	Count int `json:"count,omitempty"`
	// NamesErased says that actor, user and address were erased.
	NamesErased bool         `json:"names_erased,omitempty"`
	Heads       []audit.Head `json:"heads,omitempty"`
	// Chain and Seq are the batch of the entry. They are empty for an entry from before
	// there were chains.
	Chain string `json:"chain,omitempty"`
	Seq   int64  `json:"seq,omitempty"`
}

// ReadAudit returns the entry of a record.
func ReadAudit(r *audit.Record) (AuditEntry, error) {
	e, err := r.Entry()
	if err != nil {
		return AuditEntry{}, err
	}
	entry := AuditEntry{
		ID: e.ID, At: e.At, Actor: e.Actor, Reason: e.Reason, Action: e.Action, Outcome: e.Outcome,
		Key:         durable.Key{Platform: e.Platform, InstanceID: e.InstanceID, BindingID: e.BindingID},
		OperationID: e.Operation, BegunID: e.Begun,
		StatusBefore: durable.RecordStatus(e.StatusBefore), StatusAfter: durable.RecordStatus(e.StatusAfter),
		StateBefore: durable.OperationState(e.StateBefore), StateAfter: durable.OperationState(e.StateAfter),
		AuditResult: &AuditResult{
			ServiceID: e.ServiceID, PlanID: e.PlanID, Status: e.Status, Error: e.Error, Method: e.Method, Address: e.Address,
			User: e.User, UserPlatform: e.UserPlatform, RequestIdentity: e.RequestIdentity, Count: e.Count,
			NamesErased: e.Erased, Heads: e.Heads, Chain: e.Chain, Seq: e.Seq,
		},
	}
	if e.Outcome == audit.OutcomeAccepted {
		entry.BegunID = cmp.Or(e.Begun, e.ID)
	}
	return entry, nil
}

// RecordOf returns the record of an intervention, for stores. It sets the ID of the
// entry, and its Outcome.
func RecordOf(e *AuditEntry) (*audit.Record, error) {
	e.ID, e.Outcome = audit.NewID(time.Now()), audit.OutcomeDone
	return audit.NewRecord(audit.Act{
		ID: e.ID, At: e.At, Action: e.Action, Outcome: e.Outcome, Reason: e.Reason,
		Platform: e.Platform, InstanceID: e.InstanceID, BindingID: e.BindingID, Operation: e.OperationID, Begun: e.BegunID,
		StatusBefore: string(e.StatusBefore), StatusAfter: string(e.StatusAfter),
		StateBefore: string(e.StateBefore), StateAfter: string(e.StateAfter),
	}, audit.Names{Actor: e.Actor})
}

// An AuditFilter selects entries. Empty fields select all.
type AuditFilter struct {
	Platform    string
	InstanceID  string
	BindingID   string
	OperationID string
	Actor       string
	Actions     []Action
	Outcome     audit.Outcome
	// Since and Until bound the time, to a millisecond.
	Since, Until time.Time
	// Before is the ID of the last entry of the previous page, or empty.
	Before string
	// From is the least ID, or empty.
	From string
	// Limit is the maximum number of entries; 0 means 100.
	Limit int
}

// AuditTrail lists entries of the audit trail, newest first. An entry of an operation
// that began is listed as long as the operation, and longer. It ends when it has
// f.Limit entries or when there are no more: with a filter that few entries match it
// reads the whole trail. [Admin.SearchAudit] reads a part of it.
func (a *Admin) AuditTrail(ctx context.Context, f AuditFilter) ([]AuditEntry, error) {
	f.Limit = cmp.Or(f.Limit, defaultLimit)
	entries := make([]AuditEntry, 0, f.Limit)
	for {
		found, older, err := a.SearchAudit(ctx, f)
		if err != nil {
			return nil, err
		}
		entries = append(entries, found...)
		f.Limit -= len(found)
		if f.Limit == 0 || older == "" {
			return entries, nil
		}
		f.Before = older
	}
}

// EraseNames erases the names of all entries whose actor, or user of the platform, has
// the name or id. It returns the number of entries. The act gets an entry itself, which
// does not have the name. It returns ErrRefused without an actor or a reason.
func (a *Admin) EraseNames(ctx context.Context, name string, by Attribution) (int, error) {
	if strings.TrimSpace(by.Actor) == "" || strings.TrimSpace(by.Reason) == "" || name == "" {
		return 0, fmt.Errorf("%w: say which name, who erases it, and the reason", ErrRefused)
	}
	const page = 1000
	erased := 0
	var failed error
	for failed == nil {
		n, err := a.store.EraseNames(ctx, name, page)
		erased += n
		failed = err
		if n < page {
			break
		}
	}
	// What was erased before an error needs its entry, too.
	record, err := audit.NewRecord(audit.Act{
		ID: audit.NewID(time.Now()), Action: audit.ActionErase, Outcome: audit.OutcomeDone, Reason: by.Reason, Count: erased,
	}, audit.Names{Actor: by.Actor})
	if err != nil {
		return erased, errors.Join(failed, err)
	}
	return erased, errors.Join(failed, a.store.Record(ctx, []*audit.Record{record}))
}

// PruneAudit deletes entries from before a moment, and seals what was deleted: the
// verification begins there. Entries of operations that the store still has stay, as do
// those from before there were chains. It returns the number of deleted entries, and
// ErrRefused without an actor or a reason.
func (a *Admin) PruneAudit(ctx context.Context, before time.Time, by Attribution) (int, error) {
	if strings.TrimSpace(by.Actor) == "" || strings.TrimSpace(by.Reason) == "" {
		return 0, fmt.Errorf("%w: say who deletes entries, and the reason", ErrRefused)
	}
	return a.store.PruneAudit(ctx, before, func(heads []audit.Head, entries int) (*audit.Record, error) {
		return audit.NewRecord(audit.Act{
			ID: audit.NewID(time.Now()), Action: audit.ActionSeal, Outcome: audit.OutcomeDone, Reason: by.Reason, Heads: heads, Count: entries,
		}, audit.Names{Actor: by.Actor})
	})
}

// NewAct returns an entry for work on all records, such as an export.
func NewAct(action Action, by Attribution) (*audit.Record, error) {
	return audit.NewRecord(audit.Act{ID: audit.NewID(time.Now()), Action: action, Outcome: audit.OutcomeDone, Reason: by.Reason}, audit.Names{Actor: by.Actor})
}

// RecordAct adds the entry of [NewAct] to the audit trail.
func RecordAct(ctx context.Context, store durable.Store, action Action, by Attribution) error {
	record, err := NewAct(action, by)
	if err != nil {
		return err
	}
	return store.Record(ctx, []*audit.Record{record})
}

// An AuditVerification is what [Admin.VerifyAudit] found.
type AuditVerification struct {
	Entries int `json:"entries"`
	Erased  int `json:"names_erased"`
	// Unchained counts the entries from before there were chains, which nothing protects.
	Unchained int          `json:"unchained,omitempty"`
	Heads     []audit.Head `json:"heads"`
	// Seals are the entries that say that others were deleted.
	Seals []audit.Act `json:"seals,omitempty"`
	// Losses are the entries that say that an older state of the store was taken.
	Losses []audit.Act   `json:"losses,omitempty"`
	Faults []audit.Fault `json:"faults"`
}

// VerifyAudit checks the chains of the audit trail, and that the store has the heads
// that were seen elsewhere. It reads the whole trail.
func (a *Admin) VerifyAudit(ctx context.Context, seen []audit.Head) (*AuditVerification, error) {
	v := &audit.Verifier{}
	for _, head := range seen {
		v.Expect(head, "the heads given")
	}
	if err := a.store.AuditChains(ctx, v.Add); err != nil {
		return nil, err
	}
	v.Close()
	found := &AuditVerification{Entries: v.Entries, Erased: v.Erased, Unchained: v.Unchained, Heads: v.SortedHeads(), Seals: v.Seals, Losses: v.Losses, Faults: v.Faults}
	return found, nil
}
