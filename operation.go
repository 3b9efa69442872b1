package openbroker

import (
	"fmt"
	"time"
)

// An Outcome says how a request to change something went. The zero value means
// that all is done with this response.
type Outcome int

const (
	// Created means that the request is carried out: 201 for provision and
	// bind, 200 for update, deprovision and unbind.
	Created Outcome = iota
	// AlreadyExists means that what was asked for is there already, with the
	// same attributes: 200. Only for provision, bind and update.
	AlreadyExists
	// Accepted means that an operation has begun, or is still running from an
	// earlier, equal request: 202. Only if the request accepts it.
	Accepted

	// Updated is Created, for the answer to an update.
	Updated = Created
	// Deleted is Created, for the answer to a deprovision or unbind.
	Deleted = Created
)

// String returns the name of the outcome.
func (o Outcome) String() string {
	switch o {
	case Created:
		return "Created"
	case AlreadyExists:
		return "AlreadyExists"
	case Accepted:
		return "Accepted"
	default:
		return fmt.Sprintf("Outcome(%d)", int(o))
	}
}

// A State is the state of an operation (spec.md, "Polling Last Operation for
// Service Instances").
type State string

// The states of an operation. A platform stops polling at the last two.
const (
	InProgress State = "in progress"
	Succeeded  State = "succeeded"
	Failed     State = "failed"
)

// A LastOperationRequest asks for the state of an operation on an instance.
type LastOperationRequest struct {
	InstanceID string
	// ServiceID and PlanID are hints and may be empty. After a change of the
	// plan, PlanID is the plan before it.
	ServiceID string
	PlanID    string
	// Operation is that of the accepting response, or empty.
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
	// Operation is that of the accepting response, or empty.
	Operation string
	Caller    Caller
}

// A LastOperationResponse is the state of an operation.
type LastOperationResponse struct {
	// State must be InProgress, Succeeded or Failed.
	State State `json:"state"`
	// Description is shown to the user of the platform.
	Description string `json:"description,omitempty"`
	// InstanceUsable, only for a failed update or deprovision, says whether
	// the instance can still be used. Nil counts as true.
	InstanceUsable *bool `json:"instance_usable,omitempty"`
	// UpdateRepeatable, only for a failed update, says whether the same update
	// can succeed later. Nil counts as true.
	UpdateRepeatable *bool `json:"update_repeatable,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll again.
	RetryAfter time.Duration `json:"-"`
}
