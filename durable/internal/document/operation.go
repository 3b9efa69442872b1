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

// An Operation is what an operation has to achieve. It is sealed.
type Operation struct {
	Header
	// Previous is the status to which a failed deletion returns.
	Previous string `json:"previous,omitempty"`
	// PlanID and Instance are what an update makes of the instance. The format of the
	// operation covers Instance.
	PlanID   string    `json:"plan_id,omitempty"`
	Instance *Instance `json:"instance,omitempty"`
}

func (*Operation) latest() int { return operationFormat }

// A Checkpoint is what a provider saved during an operation. It is sealed.
type Checkpoint struct {
	Header
	// Binding is the binding that a deprovision was deleting, or empty.
	Binding string          `json:"binding,omitempty"`
	Value   json.RawMessage `json:"value"`
}

func (*Checkpoint) latest() int { return checkpointFormat }

// A Failure is the public part of why an operation failed. It is not sealed.
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
