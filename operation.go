package openbroker

import (
	"fmt"
	"time"
)

// An Outcome is the result of a request that changes something. The zero value is
// Completed.
type Outcome int

const (
	// Completed means that the broker carried out the request: 201 for provision
	// and bind, 200 for update, deprovision and unbind.
	Completed Outcome = iota
	// AlreadyExists means that the requested instance or binding already exists
	// with the same attributes, or that an update changes nothing: 200. Only for
	// provision, bind and update.
	AlreadyExists
	// Accepted means that an operation runs in the background; an earlier equal
	// request may have started it: 202. Only if AcceptsIncomplete is true.
	Accepted
)

// String returns the name of the outcome.
func (o Outcome) String() string {
	switch o {
	case Completed:
		return "Completed"
	case AlreadyExists:
		return "AlreadyExists"
	case Accepted:
		return "Accepted"
	default:
		return fmt.Sprintf("Outcome(%d)", int(o))
	}
}

// An OperationState is the state of an operation (spec.md, "Polling Last
// Operation for Service Instances").
type OperationState string

// The states of an operation. Platforms stop polling on the last two.
const (
	OperationInProgress OperationState = "in progress"
	OperationSucceeded  OperationState = "succeeded"
	OperationFailed     OperationState = "failed"
)

// A LastOperationRequest asks for the state of an operation on an instance.
type LastOperationRequest struct {
	InstanceID string
	// ServiceID and PlanID are hints and may be empty. In polls of a plan change,
	// PlanID is the old plan.
	ServiceID string
	PlanID    string
	// Operation is the value from the response with the outcome Accepted, or empty.
	Operation string
	Caller    Caller
}

// A LastBindingOperationRequest asks for the state of an operation on a
// binding.
type LastBindingOperationRequest struct {
	InstanceID string
	BindingID  string
	// ServiceID and PlanID are hints and may be empty.
	ServiceID string
	PlanID    string
	// Operation is the value from the response with the outcome Accepted, or empty.
	Operation string
	Caller    Caller
}

// A LastOperationResponse is the state of an operation.
type LastOperationResponse struct {
	// State must be OperationInProgress, OperationSucceeded or OperationFailed.
	State OperationState `json:"state"`
	// Description is text for the user of the platform.
	Description string `json:"description,omitempty"`
	// InstanceUsable, only for a failed update or deprovision, reports whether the
	// instance is still usable. Nil means true.
	InstanceUsable *bool `json:"instance_usable,omitempty"`
	// UpdateRepeatable, only for a failed update, reports whether the same update
	// can succeed later. Nil means true.
	UpdateRepeatable *bool `json:"update_repeatable,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll again.
	RetryAfter time.Duration `json:"-"`
}
