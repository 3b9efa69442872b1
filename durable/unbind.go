package durable

import (
	"context"

	"github.com/openbroker/openbroker"
)

// Unbind deletes a binding (spec.md, "Unbinding"). It cancels a running creation.
// Errors: ErrBindingDoesNotExist, ErrConcurrency, ErrAsyncRequired; ErrUnavailable if
// the store fails; and, for a request that waited, the error of the provider.
func (e *Engine) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	ctx = withCaller(ctx, &r.Caller)
	key := keyOf(&r.Caller, r.InstanceID, r.BindingID)
	var policy Policy
	d, err := e.decideBinding(ctx, key, fromKnown, func(s *basis, behind bool) (*decision, error) {
		if s.Binding == nil || s.Binding.Status == StatusDeleted || s.Instance == nil {
			return nil, openbroker.ErrBindingDoesNotExist
		}
		if s.Binding.ServiceID != r.ServiceID {
			return nil, openbroker.ErrBadRequest.WithDescription("service_id does not match the service binding")
		}
		_, plan := e.lookUp(s.Instance.ServiceID, s.Instance.PlanID)
		policy = e.config.policy(s.Instance.PlanID, plan)
		if policy.BindingMode == ModeAsynchronous && !r.AcceptsIncomplete {
			return nil, openbroker.ErrAsyncRequired
		}
		if s.Binding.Status == StatusDeleting {
			if operation := s.open(KindUnbind); operation != nil {
				return &decision{operationID: operation.ID, joined: true}, nil
			}
		}
		if d, err := e.undelivered(ctx, s, key, KindUnbind, s.Binding.UpdatedAt); d != nil || err != nil {
			return d, err
		}
		if err := s.mayBegin(key.BindingID, policy, behind); err != nil {
			return nil, err
		}
		return e.beginUnbind(ctx, s, key, policy, false)
	})
	if err != nil {
		return nil, err
	}
	ended, err := e.outcome(ctx, d, key, policy.BindingMode, policy, r.AcceptsIncomplete)
	switch {
	case err != nil:
		return nil, err
	case ended == nil:
		return &openbroker.UnbindResponse{Outcome: openbroker.Accepted, Operation: d.operationID, RetryAfter: e.config.RetryAfter}, nil
	case ended.state == OperationFailed:
		return nil, ended.failure.err()
	default:
		return &openbroker.UnbindResponse{Outcome: openbroker.Completed}, nil
	}
}

// beginUnbind begins to delete a binding, for the platform or, as an internal
// operation, because it has expired. It cancels an open operation on the binding, but
// none on the instance or on other bindings.
func (e *Engine) beginUnbind(ctx context.Context, s *basis, key Key, policy Policy, internal bool) (*decision, error) {
	cancel, waits := "", false
	for i := range s.Open {
		switch operation := &s.Open[i]; {
		case operation.State == OperationCancelling && operation.Key.BindingID == key.BindingID:
			// The deletion waits until this operation has stopped.
			waits = true
		case operation.Key.BindingID == key.BindingID:
			cancel, waits = operation.ID, true
		}
	}
	instance, err := e.openInstance(s.Instance)
	if err != nil {
		return nil, err
	}
	binding, err := e.openBinding(s.Binding)
	if err != nil {
		return nil, err
	}
	goal := &operationGoal{Previous: s.Binding.Status}
	if s.Binding.Status != StatusReady {
		goal.Previous = StatusCreateFailed
	}
	begun, err := e.newOperation(ctx, key, KindUnbind, s.Instance, policy, goal)
	if err != nil {
		return nil, err
	}
	begun.spec.Internal, begun.record.Internal = internal, internal
	record := *s.Binding
	record.Status = StatusDeleting
	return &decision{
		accept: &Acceptance{Expect: s.Revision(), Instance: *s.Instance, Binding: &record, Cancel: cancel, Operation: begun.spec},
		begun:  begun, operationID: begun.spec.ID, waits: waits,
		docs: documents{instanceRecord: s.Instance, instance: instance, bindingRecord: &record, binding: binding, operation: begun.goal},
	}, nil
}
