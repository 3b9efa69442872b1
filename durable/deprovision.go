package durable

import (
	"context"

	"github.com/openbroker/openbroker"
)

// Deprovision deletes an instance, after the bindings that remain (spec.md,
// "Deprovisioning"). It cancels a running creation. Errors: ErrInstanceDoesNotExist,
// ErrConcurrency, ErrAsyncRequired; ErrUnavailable if the store fails; and, for a
// request that waited, the error of the provider.
func (e *Engine) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	ctx = withCaller(ctx, &r.Caller)
	key := keyOf(&r.Caller, r.InstanceID, "")
	var policy Policy
	d, err := e.decide(ctx, key, fromKnown, func(s *basis) (*decision, error) {
		record := s.Instance
		if record == nil || record.Status == StatusDeleted {
			return nil, openbroker.ErrInstanceDoesNotExist
		}
		if record.ServiceID != r.ServiceID {
			return nil, openbroker.ErrBadRequest.WithDescription("service_id does not match the service instance")
		}
		_, plan := e.lookUp(record.ServiceID, record.PlanID)
		policy = e.config.policy(record.PlanID, plan)
		if policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete {
			return nil, openbroker.ErrAsyncRequired
		}
		return e.decideDeprovision(ctx, s, policy)
	})
	if err != nil {
		return nil, err
	}
	ended, err := e.outcome(ctx, d, key, policy.Mode, policy, r.AcceptsIncomplete)
	switch {
	case err != nil:
		return nil, err
	case ended == nil:
		return &openbroker.DeprovisionResponse{Outcome: openbroker.Accepted, Operation: d.operationID, RetryAfter: e.config.RetryAfter}, nil
	case ended.state == OperationFailed:
		return nil, ended.failure.err()
	default:
		return &openbroker.DeprovisionResponse{Outcome: openbroker.Completed}, nil
	}
}

func (e *Engine) decideDeprovision(ctx context.Context, s *basis, policy Policy) (*decision, error) {
	if s.Instance.Status == StatusDeleting {
		operation := s.open(KindDeprovision)
		if operation == nil {
			return nil, openbroker.ErrConcurrency
		}
		return &decision{operationID: operation.ID, joined: true}, nil
	}
	if d, err := e.undelivered(ctx, s, s.Instance.Key, KindDeprovision, s.Instance.UpdatedAt); d != nil || err != nil {
		return d, err
	}
	if err := e.checkRemaining(ctx, s.Instance, policy); err != nil {
		return nil, err
	}
	cancel, waits := "", false
	for i := range s.Open {
		operation := &s.Open[i]
		switch {
		case operation.State == OperationCancelling:
			// The deletion waits until this operation has stopped.
			waits = true
		case operation.Kind == KindProvision, operation.Internal && operation.Kind == KindDeprovision:
			cancel, waits = operation.ID, true
		case operation.Internal && operation.Kind == KindUnbind:
			// The deletion deletes the bindings itself. It cancels one operation, and
			// decides again.
			return &decision{again: true, accept: &Acceptance{Expect: s.Revision(), Instance: *s.Instance, Cancel: operation.ID}}, nil
		default:
			return nil, openbroker.ErrConcurrency
		}
	}
	details, err := e.openInstance(s.Instance)
	if err != nil {
		return nil, err
	}
	previous := s.Instance.Status
	if previous == StatusCreating {
		previous = StatusCreateFailed
	}
	goal := &operationGoal{Previous: previous}
	begun, err := e.newOperation(ctx, s.Instance.Key, KindDeprovision, s.Instance, policy, goal)
	if err != nil {
		return nil, err
	}
	record := *s.Instance
	record.Status = StatusDeleting
	return &decision{
		accept: &Acceptance{Expect: s.Revision(), Instance: record, Cancel: cancel, Operation: begun.spec},
		begun:  begun, operationID: begun.spec.ID, waits: waits,
		docs: documents{instanceRecord: &record, instance: details, operation: begun.goal},
	}, nil
}

// checkRemaining refuses to delete an instance with bindings if the plan's policy says
// so.
func (e *Engine) checkRemaining(ctx context.Context, record *InstanceRecord, policy Policy) error {
	if policy.RemainingBindings != RemainingBindingsRefuse {
		return nil
	}
	for _, status := range []RecordStatus{StatusCreating, StatusReady, StatusDeleting, StatusCreateFailed} {
		left, err := e.store.Bindings(ctx, Filter{Platform: record.Key.Platform, InstanceID: record.Key.InstanceID, Status: status, Limit: 1})
		if err != nil {
			return unavailable(err)
		}
		if len(left) > 0 {
			return openbroker.NewError(422, "BindingsExist", "The service instance still has service bindings. Delete them first.")
		}
	}
	return nil
}
