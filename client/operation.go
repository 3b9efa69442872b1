package client

import (
	"time"

	"github.com/openbroker/openbroker"
)

// An OperationKind is the kind of an operation.
type OperationKind string

// The kinds of operations, named after the calls that start them.
const (
	KindProvision   OperationKind = "provision"
	KindUpdate      OperationKind = "update"
	KindDeprovision OperationKind = "deprovision"
	KindBind        OperationKind = "bind"
	KindUnbind      OperationKind = "unbind"
)

func (k OperationKind) onBinding() bool { return k == KindBind || k == KindUnbind }

func (k OperationKind) deletes() bool { return k == KindDeprovision || k == KindUnbind }

// creation returns the kind that creates the resource of k, and deletion the kind
// that deletes it.
func (k OperationKind) creation() OperationKind {
	if k.onBinding() {
		return KindBind
	}
	return KindProvision
}

func (k OperationKind) deletion() OperationKind {
	if k.onBinding() {
		return KindUnbind
	}
	return KindDeprovision
}

// An Operation is an operation that a broker has accepted with 202 (spec.md,
// "Asynchronous Operations"). [Client.Wait] waits for its end. An Operation can be
// stored as JSON and continued in another process; it contains no secret.
type Operation struct {
	Kind       OperationKind `json:"kind"`
	InstanceID string        `json:"instance_id"`
	// BindingID is empty for operations on instances.
	BindingID string `json:"binding_id,omitempty"`
	ServiceID string `json:"service_id,omitempty"`
	// PlanID is the plan of the resource; for an update, the plan before the update.
	PlanID string `json:"plan_id,omitempty"`
	// Operation is the broker's identifier of the operation, or empty.
	Operation string `json:"operation,omitempty"`
	// AcceptedAt is when the 202 arrived. The maximum polling duration counts from
	// this time. The zero time selects the start of Wait.
	AcceptedAt time.Time `json:"accepted_at,omitzero"`
	// RetryAfter is the time that the broker asked to wait before the first poll.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// MaximumPollingDuration is the limit of the plan. 0 selects the limit of the
	// client (see [WithMaximumPollingDuration]).
	MaximumPollingDuration time.Duration `json:"maximum_polling_duration,omitempty"`

	key bool
}

// ProvisionOperation returns the operation that response accepted.
func ProvisionOperation(r *openbroker.ProvisionRequest, response *openbroker.ProvisionResponse) Operation {
	return accepted(Operation{
		Kind: KindProvision, InstanceID: r.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
		Operation: response.Operation, RetryAfter: response.RetryAfter,
	}, r.Plan)
}

// UpdateOperation returns the operation that response accepted. If the plan changes,
// set the previous plan in PreviousValues of the request: polls send the previous
// plan.
func UpdateOperation(r *openbroker.UpdateRequest, response *openbroker.UpdateResponse) Operation {
	plan := r.PlanID
	if r.PreviousValues != nil && r.PreviousValues.PlanID != "" {
		plan = r.PreviousValues.PlanID
	}
	return accepted(Operation{
		Kind: KindUpdate, InstanceID: r.InstanceID, ServiceID: r.ServiceID, PlanID: plan,
		Operation: response.Operation, RetryAfter: response.RetryAfter,
	}, r.Plan)
}

// DeprovisionOperation returns the operation that response accepted.
func DeprovisionOperation(r *openbroker.DeprovisionRequest, response *openbroker.DeprovisionResponse) Operation {
	return accepted(Operation{
		Kind: KindDeprovision, InstanceID: r.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
		Operation: response.Operation, RetryAfter: response.RetryAfter,
	}, r.Plan)
}

// BindOperation returns the operation that response accepted.
func BindOperation(r *openbroker.BindRequest, response *openbroker.BindResponse) Operation {
	return accepted(Operation{
		Kind: KindBind, InstanceID: r.InstanceID, BindingID: r.BindingID, ServiceID: r.ServiceID, PlanID: r.PlanID,
		Operation: response.Operation, RetryAfter: response.RetryAfter, key: isServiceKey(r),
	}, r.Plan)
}

// UnbindOperation returns the operation that response accepted.
func UnbindOperation(r *openbroker.UnbindRequest, response *openbroker.UnbindResponse) Operation {
	return accepted(Operation{
		Kind: KindUnbind, InstanceID: r.InstanceID, BindingID: r.BindingID, ServiceID: r.ServiceID, PlanID: r.PlanID,
		Operation: response.Operation, RetryAfter: response.RetryAfter,
	}, r.Plan)
}

func accepted(o Operation, plan *openbroker.Plan) Operation {
	o.AcceptedAt = time.Now()
	if plan != nil && plan.MaximumPollingDuration != nil {
		o.MaximumPollingDuration = time.Duration(*plan.MaximumPollingDuration) * time.Second
	}
	return o
}

func (o Operation) orphan() Orphan {
	return Orphan{Kind: o.Kind, InstanceID: o.InstanceID, BindingID: o.BindingID, ServiceID: o.ServiceID, PlanID: o.PlanID, key: o.key}
}
