package document

import (
	"encoding/json"
	"time"
)

const (
	operationFormat  = 1
	checkpointFormat = 1
	failureFormat    = 1
)

// An Operation is the stored goal of an operation. The engine seals it.
type Operation struct {
	Header
	// Previous is the status to which a failed deletion returns.
	Previous string `json:"previous,omitempty"`
	// PlanID and Instance are the plan and the document of the instance after an
	// update. The format of the operation covers Instance.
	PlanID   string    `json:"plan_id,omitempty"`
	Instance *Instance `json:"instance,omitempty"`
	// Traceparent identifies the trace of the operation, as in W3C Trace Context. A
	// reader that does not know it loses spans only.
	Traceparent string `json:"traceparent,omitempty"`
}

func (*Operation) latest() int { return operationFormat }

// A Checkpoint is the stored progress of an operation, which a provider saved. The
// engine seals it.
type Checkpoint struct {
	Header
	// Binding is the binding that a deprovision was deleting, or empty.
	Binding string          `json:"binding,omitempty"`
	Value   json.RawMessage `json:"value"`
}

func (*Checkpoint) latest() int { return checkpointFormat }

// A Failure is the public description of a failed operation. It is not sealed.
type Failure struct {
	Header
	Status           int    `json:"status,omitempty"`
	Code             string `json:"code,omitempty"`
	Description      string `json:"description"`
	InstanceUsable   *bool  `json:"instance_usable,omitempty"`
	UpdateRepeatable *bool  `json:"update_repeatable,omitempty"`
	// RetryAfter is in nanoseconds.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
}

func (*Failure) latest() int { return failureFormat }
