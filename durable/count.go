package durable

import (
	"context"
	"time"
)

// A Counter is a [Store] that counts its records, for metrics. The stores of this module
// are counters.
type Counter interface {
	// CountOpen counts the operations that have not ended. It does not read those that
	// have.
	CountOpen(ctx context.Context) ([]OpenCount, error)
	// CountRecords counts the instances and bindings that are not deleted. It may read
	// all of them, so its caller must not call it often.
	CountRecords(ctx context.Context) (instances, bindings []RecordCount, err error)
}

// An OpenCount is the number of open operations of a kind and state.
type OpenCount struct {
	Kind  OperationKind
	State OperationState
	Count int64
	// Oldest is the age of the operation that was accepted first.
	Oldest time.Duration
}

// A RecordCount is the number of instances or bindings of a plan that have a status.
type RecordCount struct {
	ServiceID, PlanID string
	Status            RecordStatus
	Count             int64
}
