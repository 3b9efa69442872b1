package admin

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// An Instance is a service instance as operators see it, without sealed data.
type Instance struct {
	durable.Key

	Status    durable.RecordStatus `json:"status"`
	ServiceID string               `json:"service_id"`
	PlanID    string               `json:"plan_id"`
	// ServiceName and PlanName are the names in the catalog, or empty if the catalog does
	// not have the ids.
	ServiceName string    `json:"service_name,omitempty"`
	PlanName    string    `json:"plan_name,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// A Binding is a service binding as operators see it, without credentials.
type Binding struct {
	durable.Key

	Status    durable.RecordStatus `json:"status"`
	ServiceID string               `json:"service_id"`
	PlanID    string               `json:"plan_id"`
	// ServiceName and PlanName are the names in the catalog, or empty if the catalog does
	// not have the ids.
	ServiceName string    `json:"service_name,omitempty"`
	PlanName    string    `json:"plan_name,omitempty"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// An Operation is an operation as operators see it.
type Operation struct {
	// ID is the operation that platforms poll.
	ID string `json:"operation"`
	// Key is the instance or binding that it works on.
	durable.Key

	Kind     durable.OperationKind  `json:"kind"`
	Internal bool                   `json:"internal"`
	State    durable.OperationState `json:"state"`
	// Description is what platforms read: the progress, or the reason of a failure.
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

// Instances lists instances, ordered by key. The Key of the last one is the After
// of the next page.
func (a *Admin) Instances(ctx context.Context, f durable.Filter) ([]Instance, error) {
	records, err := a.store.Instances(ctx, f)
	instances := make([]Instance, len(records))
	for i := range records {
		instances[i] = a.instance(&records[i])
	}
	return instances, err
}

func (a *Admin) instance(r *durable.InstanceRecord) Instance {
	i := Instance{Key: r.Key, Status: r.Status, ServiceID: r.ServiceID, PlanID: r.PlanID, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
	i.ServiceName, i.PlanName = a.names(r.ServiceID, r.PlanID)
	return i
}

// Bindings lists bindings, ordered by key.
func (a *Admin) Bindings(ctx context.Context, f durable.Filter) ([]Binding, error) {
	records, err := a.store.Bindings(ctx, f)
	bindings := make([]Binding, len(records))
	for i := range records {
		bindings[i] = a.binding(&records[i])
	}
	return bindings, err
}

func (a *Admin) binding(r *durable.BindingRecord) Binding {
	b := Binding{
		Key: r.Key, Status: r.Status, ServiceID: r.ServiceID, PlanID: r.PlanID,
		ExpiresAt: r.ExpiresAt, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	b.ServiceName, b.PlanName = a.names(r.ServiceID, r.PlanID)
	return b
}

// Operations lists operations, newest first. The error wraps durable.ErrNotFound if
// the operation f.AfterID was pruned: start again with the first page.
func (a *Admin) Operations(ctx context.Context, f durable.Filter) ([]Operation, error) {
	records, err := a.store.Operations(ctx, f)
	return views(records), err
}

func views(records []durable.OperationRecord) []Operation {
	operations := make([]Operation, len(records))
	for i := range records {
		operations[i] = view(&records[i])
	}
	return operations
}

func view(r *durable.OperationRecord) Operation {
	return Operation{
		ID: r.ID, Key: r.Key, Kind: r.Kind, Internal: r.Internal, State: r.State,
		Description: r.Description, Generation: r.Generation, Attempt: r.Attempt, Failures: r.Failures,
		Owner: r.Owner, LeaseUntil: r.LeaseUntil, NotBefore: r.NotBefore, Deadline: r.Deadline,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: r.FinishedAt,
	}
}

// names returns the names that the catalog has for the ids, or empty ones.
func (a *Admin) names(serviceID, planID string) (service, plan string) {
	s := a.catalog.Service(serviceID)
	if s == nil {
		return "", ""
	}
	if p := s.Plan(planID); p != nil {
		plan = p.Name
	}
	return s.Name, plan
}
