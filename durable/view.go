package durable

import (
	"context"
	"time"
)

// An InstanceView is what operators see of an instance: nothing that is sealed.
type InstanceView struct {
	Platform   string `json:"platform"`
	InstanceID string `json:"instance_id"`
	Status     Status `json:"status"`
	ServiceID  string `json:"service_id"`
	PlanID     string `json:"plan_id"`
	// ServiceName and PlanName are those of the catalog, if it has them.
	ServiceName string    `json:"service_name,omitempty"`
	PlanName    string    `json:"plan_name,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// A BindingView is what operators see of a binding: no credentials.
type BindingView struct {
	Platform    string    `json:"platform"`
	InstanceID  string    `json:"instance_id"`
	BindingID   string    `json:"binding_id"`
	Status      Status    `json:"status"`
	ServiceID   string    `json:"service_id"`
	PlanID      string    `json:"plan_id"`
	ServiceName string    `json:"service_name,omitempty"`
	PlanName    string    `json:"plan_name,omitempty"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// An OperationView is what operators see of an operation.
type OperationView struct {
	// Operation is the id, as platforms know it.
	Operation  string         `json:"operation"`
	Platform   string         `json:"platform"`
	InstanceID string         `json:"instance_id"`
	BindingID  string         `json:"binding_id,omitempty"`
	Kind       Kind           `json:"kind"`
	Internal   bool           `json:"internal"`
	State      OperationState `json:"state"`
	// Description is what platforms read: the progress, or why it failed.
	Description string    `json:"description,omitempty"`
	Generation  int64     `json:"generation"`
	Attempt     int       `json:"attempt"`
	Failures    int       `json:"failures"`
	Owner       string    `json:"owner,omitempty"`
	LeaseUntil  time.Time `json:"lease_until,omitzero"`
	NotBefore   time.Time `json:"not_before,omitzero"`
	Deadline    time.Time `json:"deadline,omitzero"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
}

// An AuditView is an [AuditEntry] as operators see it.
type AuditView struct {
	ID             int64          `json:"id"`
	At             time.Time      `json:"at"`
	Actor          string         `json:"actor"`
	Reason         string         `json:"reason"`
	Action         Action         `json:"action"`
	Platform       string         `json:"platform"`
	InstanceID     string         `json:"instance_id"`
	BindingID      string         `json:"binding_id,omitempty"`
	Operation      string         `json:"operation,omitempty"`
	BegunOperation string         `json:"begun_operation,omitempty"`
	StatusBefore   Status         `json:"status_before,omitempty"`
	StatusAfter    Status         `json:"status_after,omitempty"`
	StateBefore    OperationState `json:"state_before,omitempty"`
	StateAfter     OperationState `json:"state_after,omitempty"`
}

// Instances lists instances, ordered by platform and id. The last one's are the
// After of the next page.
func (a *Admin) Instances(ctx context.Context, f Filter) ([]InstanceView, error) {
	records, err := a.store.Instances(ctx, f)
	views := make([]InstanceView, len(records))
	for i := range records {
		views[i] = a.instanceView(&records[i])
	}
	return views, err
}

func (a *Admin) instanceView(r *InstanceRecord) InstanceView {
	v := InstanceView{
		Platform: r.Key.Platform, InstanceID: r.Key.InstanceID, Status: r.Status, ServiceID: r.ServiceID, PlanID: r.PlanID,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	v.ServiceName, v.PlanName = a.names(r.ServiceID, r.PlanID)
	return v
}

// Bindings lists bindings, ordered by platform, instance and id.
func (a *Admin) Bindings(ctx context.Context, f Filter) ([]BindingView, error) {
	records, err := a.store.Bindings(ctx, f)
	views := make([]BindingView, len(records))
	for i, r := range records {
		views[i] = BindingView{
			Platform: r.Key.Platform, InstanceID: r.Key.InstanceID, BindingID: r.Key.BindingID, Status: r.Status,
			ServiceID: r.ServiceID, PlanID: r.PlanID, ExpiresAt: r.ExpiresAt, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		}
		views[i].ServiceName, views[i].PlanName = a.names(r.ServiceID, r.PlanID)
	}
	return views, err
}

// Operations lists operations, newest first. The error is ErrNotFound if the
// one of f.AfterID has been pruned meanwhile: begin the list again.
func (a *Admin) Operations(ctx context.Context, f Filter) ([]OperationView, error) {
	records, err := a.store.Operations(ctx, f)
	views := make([]OperationView, len(records))
	for i := range records {
		r := &records[i]
		views[i] = OperationView{
			Operation: r.ID, Platform: r.Key.Platform, InstanceID: r.Key.InstanceID, BindingID: r.Key.BindingID,
			Kind: r.Kind, Internal: r.Internal, State: r.State, Description: r.Description, Generation: r.Generation, Attempt: r.Attempt, Failures: r.Failures,
			Owner: r.Owner, LeaseUntil: r.LeaseUntil, NotBefore: r.NotBefore, Deadline: r.Deadline,
			CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: r.FinishedAt,
		}
	}
	return views, err
}

// AuditTrail lists what operators did, newest first.
func (a *Admin) AuditTrail(ctx context.Context, f AuditFilter) ([]AuditView, error) {
	entries, err := a.store.AuditTrail(ctx, f)
	views := make([]AuditView, len(entries))
	for i := range entries {
		views[i] = entries[i].View()
	}
	return views, err
}

// View returns the entry as operators see it.
func (e *AuditEntry) View() AuditView {
	return AuditView{
		ID: e.ID, At: e.At, Actor: e.Actor, Reason: e.Reason, Action: e.Action,
		Platform: e.Key.Platform, InstanceID: e.Key.InstanceID, BindingID: e.Key.BindingID, Operation: e.OperationID, BegunOperation: e.BegunID,
		StatusBefore: e.StatusBefore, StatusAfter: e.StatusAfter, StateBefore: e.StateBefore, StateAfter: e.StateAfter,
	}
}

// names are those of the catalog, or empty.
func (a *Admin) names(serviceID, planID string) (service, plan string) {
	s, p := a.rules.lookUp(serviceID, planID)
	if s != nil {
		service = s.Name
	}
	if p != nil {
		plan = p.Name
	}
	return service, plan
}
