package durable

import (
	"context"
	"errors"
	"time"

	"github.com/openbroker/openbroker"
)

// A notYet is the decision that a request has to wait its turn, because the plan
// forbids parallel bindings.
type notYet struct { //nolint:errname // It is a decision, which travels as an error.
	// operationID is the operation that the request waits for. It is empty if other
	// requests wait before this one.
	operationID string
	// wait is how long the request may wait.
	wait time.Duration
}

var _ error = (*notYet)(nil)

// Error implements error.
func (*notYet) Error() string { return "another binding of the instance is being created or deleted" }

// turnChecks is how often a waiting request reads the store while it may wait. Only the
// store knows about the operations of other replicas.
const turnChecks = 20

// decideBinding is like decide, for a binding. If the decider returns notYet, the
// request waits in the queue of this replica, holds nothing in the meantime, and is
// decided again. When its time ends, decideBinding returns ErrConcurrency. The argument
// behind of the decider says whether other requests wait before this one.
func (e *Engine) decideBinding(ctx context.Context, key Key, first premise, decider func(s *basis, behind bool) (*decision, error)) (*decision, error) {
	began := time.Now()
	d, err := e.decide(ctx, key, first, func(s *basis) (*decision, error) { return decider(s, e.queues.occupied(key.Instance())) })
	var turn *notYet
	if !errors.As(err, &turn) {
		return d, err
	}
	wait := min(turn.wait, e.config.MaxWait)
	limit, cancel := context.WithTimeout(ctx, wait-time.Since(began))
	defer cancel()
	leave, err := e.queues.take(limit, key.Instance())
	if err != nil {
		return nil, errors.Join(ctx.Err(), openbroker.ErrConcurrency)
	}
	defer leave()
	look := time.NewTicker(max(wait/turnChecks, time.Millisecond))
	defer look.Stop()
	for {
		// Watch before the decision, because the operation may end during it.
		watched := turn.operationID
		ended, forget := e.watch(watched)
		d, err = e.decide(ctx, key, fromStore, func(s *basis) (*decision, error) { return decider(s, false) })
		if !errors.As(err, &turn) {
			forget()
			if d != nil {
				d.waited = time.Since(began)
			}
			return d, err
		}
		if turn.operationID != watched && limit.Err() == nil {
			forget()
			continue // Another operation has begun in between.
		}
		select {
		case <-ended:
		case <-look.C:
		case <-limit.Done():
		case <-e.draining:
		}
		forget()
		if limit.Err() != nil || e.isDraining() {
			return nil, errors.Join(ctx.Err(), openbroker.ErrConcurrency)
		}
	}
}

// mayBegin returns nil if an operation on a binding may begin despite the open
// operations of the instance, notYet if it has to wait its turn, and otherwise
// ErrConcurrency.
func (s *Snapshot) mayBegin(bindingID string, policy Policy, behind bool) error {
	var turn *notYet
	for i := range s.Open {
		switch other := s.Open[i].Key.BindingID; {
		case other == bindingID:
		case other == "":
			return openbroker.ErrConcurrency
		case !policy.AllowsParallelBindings() && turn == nil:
			turn = &notYet{operationID: s.Open[i].ID, wait: policy.SyncWait}
		}
	}
	switch {
	case turn != nil:
		return turn
	case behind && !policy.AllowsParallelBindings():
		return &notYet{wait: policy.SyncWait}
	default:
		return nil
	}
}
