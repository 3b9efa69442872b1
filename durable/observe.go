package durable

import (
	"context"
	"time"
)

// An Observer watches the operations of an engine, for metrics and traces. Its methods
// and the functions that they return must not block. The interface can get more methods
// before version 1.
type Observer interface {
	// Accept is called when an operation is about to begin, with the context of the
	// request or of the attempt that begins it. It returns the traceparent that the record
	// of the operation keeps, for later attempts in any process, or "". The engine calls
	// accepted when the store has the operation, and not if the store has refused it.
	Accept(ctx context.Context, o ObservedOperation) (traceparent string, accepted func())
	// Attempt is called when a worker begins an attempt. It returns the context of the
	// attempt, whose values the provider and the log see. The engine calls ended when the
	// result is stored, or when this replica has given up the attempt.
	Attempt(ctx context.Context, a ObservedAttempt) (_ context.Context, ended func(AttemptResult))
	// Call is called before each call of the provider in an attempt: one, or more if a
	// deprovision deletes bindings first. It returns the context of the call. The engine
	// calls returned with the error of the provider.
	Call(ctx context.Context, kind OperationKind) (_ context.Context, returned func(err error))
}

// An ObservedOperation is an operation as an [Observer] sees it.
type ObservedOperation struct {
	ID   string
	Key  Key
	Kind OperationKind
	// Service and Plan are the names in the catalog. They are empty if the catalog does
	// not have the service or plan, or if the records cannot be read.
	Service, Plan string
}

// An ObservedAttempt is an attempt as an [Observer] sees it.
type ObservedAttempt struct {
	ObservedOperation
	// Number counts the attempts of the operation, from 1.
	Number int
	// Began is when this replica got the operation, by the clock of this process.
	Began time.Time
	// Waited is how long the operation waited for its first attempt. It is negative for
	// further attempts.
	Waited time.Duration
	// Traceparent is what [Observer].Accept returned, or "".
	Traceparent string
	// CutOff is the replica that made the previous attempt, if that neither ended nor
	// was released: the replica was killed, or lost its connection.
	CutOff string
}

// An AttemptOutcome says how an attempt ended.
type AttemptOutcome string

const (
	// AttemptSucceeded ends the operation.
	AttemptSucceeded AttemptOutcome = "succeeded"
	// AttemptFailed ends the operation.
	AttemptFailed AttemptOutcome = "failed"
	// AttemptCancelled ends the operation, for a deletion or an operator.
	AttemptCancelled AttemptOutcome = "cancelled"
	// AttemptRetried means that the attempt failed, and another one follows.
	AttemptRetried AttemptOutcome = "retried"
	// AttemptInterrupted means that the environment failed, such as the store or the
	// service of the provider. Another attempt follows.
	AttemptInterrupted AttemptOutcome = "interrupted"
	// AttemptReleased means that this process stops. Another attempt follows.
	AttemptReleased AttemptOutcome = "released"
	// AttemptLost means that the lease was lost: another worker has the operation.
	AttemptLost AttemptOutcome = "lost"
)

// An AttemptResult is how an attempt ended.
type AttemptResult struct {
	Outcome AttemptOutcome
	// Age is the time since the operation was accepted.
	Age time.Duration
}

// Ended reports whether the operation ended with the attempt.
func (r AttemptResult) Ended() bool {
	return r.Outcome == AttemptSucceeded || r.Outcome == AttemptFailed || r.Outcome == AttemptCancelled
}

// observed returns an operation as the observer sees it. of is the instance, or nil if
// it is not known.
func (r *rules) observed(id string, key Key, kind OperationKind, of *InstanceRecord) ObservedOperation {
	o := ObservedOperation{ID: id, Key: key, Kind: kind}
	if of == nil {
		return o
	}
	service, plan := r.lookUp(of.ServiceID, of.PlanID)
	if service != nil {
		o.Service = service.Name
	}
	if plan != nil {
		o.Plan = plan.Name
	}
	return o
}

// observeAccept tells the observer that an operation is about to begin.
func (r *rules) observeAccept(ctx context.Context, id string, key Key, kind OperationKind, of *InstanceRecord) (traceparent string, accepted func()) {
	if r.config.Observer == nil {
		return "", func() {}
	}
	return r.config.Observer.Accept(ctx, r.observed(id, key, kind, of))
}

// observeAttempt tells the observer that an attempt begins. docs may lack records.
func (e *Engine) observeAttempt(r *run, docs *documents) {
	if e.config.Observer == nil {
		return
	}
	record := r.record
	a := ObservedAttempt{Number: record.Attempt, Began: r.began, Waited: -1, CutOff: record.CutOff}
	if record.Attempt == 1 {
		a.Waited = max(0, r.began.Add(time.Duration(e.offset.Load())).Sub(record.CreatedAt))
	}
	var of *InstanceRecord
	if docs != nil {
		of = docs.instanceRecord
		if docs.operation != nil {
			a.Traceparent = docs.operation.Traceparent
		}
	}
	a.ObservedOperation = e.observed(record.ID, record.Key, record.Kind, of)
	r.watched, r.observed = e.config.Observer.Attempt(r.ctx, a)
}

// observeEnd tells the observer how an attempt has ended.
func (e *Engine) observeEnd(r *run) {
	if r.observed != nil {
		r.observed(AttemptResult{Outcome: r.outcome, Age: max(0, e.now().Sub(r.record.CreatedAt))})
	}
}

// observeCall calls the provider, and tells the observer.
func observeCall[T any](ctx context.Context, e *Engine, kind OperationKind, call func(context.Context) (T, error)) (result T, err error) {
	if e.config.Observer == nil {
		return call(ctx)
	}
	ctx, returned := e.config.Observer.Call(ctx, kind)
	// A provider that panics or exits its goroutine does not return.
	err = errExited
	defer func() { returned(err) }()
	result, err = call(ctx)
	return result, err
}

// observeDeletion is observeCall for a call without a result.
func observeDeletion(ctx context.Context, e *Engine, kind OperationKind, call func(context.Context) error) error {
	_, err := observeCall(ctx, e, kind, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// Workers returns how many operations this replica works on, and how many it works on
// at most.
func (e *Engine) Workers() (busy, limit int) { return e.places.held(), e.config.Workers }
