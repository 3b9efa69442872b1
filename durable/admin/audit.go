package admin

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// An Action is a kind of intervention.
type Action string

// The actions, one for each method of [Admin] that changes something.
const (
	ActionRetry  Action = "retry"
	ActionCancel Action = "cancel"
	ActionFail   Action = "fail"
	ActionForget Action = "forget"
)

// An AuditEntry records an intervention. Entries are never pruned.
type AuditEntry struct {
	// ID increases with each entry of a store.
	ID int64 `json:"id"`
	// At is set by the store, from the database's clock.
	At time.Time `json:"at"`
	// Actor is who intervened, and Reason why, in their own words.
	Actor  string `json:"actor"`
	Reason string `json:"reason"`
	Action Action `json:"action"`
	// Key is the instance or the binding.
	durable.Key

	// OperationID is the operation that was changed or retried, or empty.
	OperationID string `json:"operation,omitempty"`
	// BegunID is the operation that the intervention began, or empty.
	BegunID string `json:"begun_operation,omitempty"`
	// StatusBefore and StatusAfter are the statuses of the instance or binding.
	// StatusAfter is empty if it was forgotten.
	StatusBefore durable.RecordStatus `json:"status_before,omitempty"`
	StatusAfter  durable.RecordStatus `json:"status_after,omitempty"`
	// StateBefore and StateAfter are the states of the operation.
	StateBefore durable.OperationState `json:"state_before,omitempty"`
	StateAfter  durable.OperationState `json:"state_after,omitempty"`
}

// An AuditFilter selects entries. Empty fields select all.
type AuditFilter struct {
	Platform    string
	InstanceID  string
	BindingID   string
	OperationID string
	Actor       string
	Action      Action
	// Before is the ID of the last entry of the previous page, or 0.
	Before int64
	// Limit is the maximum number of entries; 0 means 100.
	Limit int
}

// AuditTrail lists the interventions, newest first.
func (a *Admin) AuditTrail(ctx context.Context, f AuditFilter) ([]AuditEntry, error) {
	return a.store.AuditTrail(ctx, f)
}
