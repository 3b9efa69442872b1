package durable

import (
	"bytes"
	"context"
	"slices"

	"github.com/openbroker/openbroker"
)

// Bind records the binding and begins to create it, or to rotate its predecessor
// (spec.md, "Binding"). Errors: ErrInstanceDoesNotExist, ErrBindingAlreadyExists,
// ErrConcurrency, ErrAsyncRequired; ErrBadRequest if the instance has another service or
// plan, or the predecessor cannot be rotated; ErrInvalidParameters if the handler
// validates parameters; ErrUnavailable if the store fails; the error of a
// [RequestPreparer] or a [RequestChecker]; and, for a request that waited, the error of
// the provider.
func (e *Engine) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	ctx = withCaller(ctx, &r.Caller)
	key := keyOf(&r.Caller, r.InstanceID, r.BindingID)
	var policy Policy
	var present *bindingDetails
	accepts := r.AcceptsIncomplete
	d, err := e.decideBinding(ctx, key, e.guessBind(), func(s *basis, behind bool) (*decision, error) {
		if s.Instance == nil || s.Instance.Status == StatusDeleted || s.Instance.Status == StatusCreateFailed {
			return nil, openbroker.ErrInstanceDoesNotExist
		}
		service, plan := e.lookUp(s.Instance.ServiceID, s.Instance.PlanID)
		policy = e.config.policy(s.Instance.PlanID, plan)
		// Without a GET, only the response can carry the credentials.
		accepts = r.AcceptsIncomplete && service != nil && service.BindingsRetrievable
		wanted := bindingWanted(r)
		if s.Binding == nil || s.Binding.Status == StatusDeleted {
			if err := checkBindTarget(s.Instance.ServiceID, s.Instance.PlanID, r); err != nil {
				return nil, err
			}
			if err := r.ValidateParameters(plan); err != nil {
				return nil, err
			}
			if err := e.inherit(ctx, s, key, wanted); err != nil {
				return nil, err
			}
			asyncRequired := policy.BindingMode == ModeAsynchronous && !accepts
			if d, err := e.bindCleanedUp(ctx, s, wanted, asyncRequired); d != nil || err != nil {
				return d, err
			}
			if asyncRequired {
				return nil, openbroker.ErrAsyncRequired
			}
			return e.beginBind(ctx, s, key, policy, wanted, behind)
		}
		// The plan of the instance may have changed since, and the predecessor may be
		// gone. The request is compared with the binding alone.
		var err error
		if present, err = e.openBinding(s.Binding); err != nil {
			return nil, err
		}
		if wanted.PredecessorID != "" {
			wanted.inheritFrom(present)
		}
		same := checkBindTarget(s.Binding.ServiceID, s.Binding.PlanID, r) == nil && sameBinding(present, wanted)
		return e.decideRepeatedCreate(ctx, s, repeatedCreate{
			key: key, kind: KindBind, status: s.Binding.Status, changed: s.Binding.UpdatedAt, same: same,
			exists: openbroker.ErrBindingAlreadyExists, asyncRequired: policy.BindingMode == ModeAsynchronous && !accepts,
		})
	})
	if err != nil {
		return nil, err
	}
	if d.done {
		return bindResponse(openbroker.AlreadyExists, present), nil
	}
	ended, err := e.outcome(ctx, d, key, policy.BindingMode, policy, accepts)
	switch {
	case err != nil:
		return nil, err
	case ended == nil:
		return &openbroker.BindResponse{Outcome: openbroker.Accepted, Operation: d.operationID, RetryAfter: e.config.RetryAfter}, nil
	case ended.state == OperationFailed:
		return nil, ended.failure.err()
	default:
		return bindResponse(openbroker.Completed, ended.binding), nil
	}
}

// guessBind skips the read for an instance that this replica has just written. It does
// not if the provider takes part in the decision: it should see each request once.
func (e *Engine) guessBind() premise {
	_, checks := e.provider.(RequestChecker)
	_, prepares := e.provider.(RequestPreparer)
	if checks || prepares {
		return fromStore
	}
	return fromKnown
}

// bindCleanedUp is like provisionCleanedUp, for a binding. The instance determines its
// service and plan.
func (e *Engine) bindCleanedUp(ctx context.Context, s *basis, wanted *bindingDetails, asyncRequired bool) (*decision, error) {
	record := s.Binding
	if record == nil || len(record.Data) == 0 || record.PlanID != s.Instance.PlanID {
		return nil, nil //nolint:nilnil // No such decision, and no error.
	}
	left, err := e.openBinding(record)
	if err != nil || !bytes.Equal(left.Attributes, wanted.attributes()) {
		return nil, err
	}
	return e.failedCreate(ctx, s, repeatedCreate{key: record.Key, kind: KindBind, changed: record.UpdatedAt, asyncRequired: asyncRequired})
}

func bindResponse(outcome openbroker.Outcome, d *bindingDetails) *openbroker.BindResponse {
	response := &openbroker.BindResponse{Outcome: outcome}
	if b := d.Bound; b != nil {
		response.Metadata, response.Credentials, response.SyslogDrainURL = b.Metadata, b.Credentials, b.SyslogDrainURL
		response.RouteServiceURL, response.VolumeMounts, response.Endpoints = b.RouteServiceURL, b.VolumeMounts, b.Endpoints
	}
	return response
}

// bindingWanted returns the details of the requested binding before it inherits from a
// predecessor.
func bindingWanted(r *openbroker.BindRequest) *bindingDetails {
	wanted := &bindingDetails{
		Parameters: object(r.Parameters), Context: object(r.Context.Raw), AppGUID: r.AppGUID, PredecessorID: r.PredecessorBindingID,
	}
	if r.BindResource != nil {
		wanted.BindResource = object(r.BindResource.Raw)
	}
	return wanted
}

// checkBindTarget compares the service and the plan of the request with the service and
// the plan of the instance or the binding. A rotation may omit them.
func checkBindTarget(serviceID, planID string, r *openbroker.BindRequest) error {
	if r.ServiceID != "" && r.ServiceID != serviceID {
		return openbroker.ErrBadRequest.WithDescription("service_id does not match the service instance")
	}
	if r.PlanID != "" && r.PlanID != planID {
		return openbroker.ErrBadRequest.WithDescription("plan_id does not match the service instance")
	}
	return nil
}

// inherit gives a successor the parameters and the bind resource of its predecessor,
// unless the request has its own.
func (e *Engine) inherit(ctx context.Context, s *basis, key Key, wanted *bindingDetails) error {
	if wanted.PredecessorID == "" {
		return nil
	}
	if _, plan := e.lookUp(s.Instance.ServiceID, s.Instance.PlanID); plan == nil || !plan.BindingRotatable {
		return openbroker.ErrBadRequest.WithDescription("predecessor_binding_id: the plan of the service instance does not support the rotation of bindings")
	}
	from, err := e.load(ctx, Key{Platform: key.Platform, InstanceID: key.InstanceID, BindingID: wanted.PredecessorID})
	if err != nil {
		return err
	}
	switch b := from.Binding; {
	case b == nil || b.Status != StatusReady:
		return openbroker.ErrBadRequest.WithDescription("predecessor_binding_id is not a binding of the service instance")
	case !b.ExpiresAt.IsZero() && !b.ExpiresAt.After(from.Now):
		return openbroker.ErrBadRequest.WithDescription("predecessor_binding_id: the binding has expired")
	}
	predecessor, err := e.openBinding(from.Binding)
	if err != nil {
		return err
	}
	wanted.inheritFrom(predecessor)
	return nil
}

func (d *bindingDetails) inheritFrom(other *bindingDetails) {
	if d.Parameters == nil {
		d.Parameters = other.Parameters
	}
	if d.AppGUID == "" && d.BindResource == nil {
		d.AppGUID, d.BindResource = other.AppGUID, other.BindResource
	}
	if d.Context == nil {
		d.Context = other.Context
	}
}

func (e *Engine) beginBind(ctx context.Context, s *basis, key Key, policy Policy, wanted *bindingDetails, behind bool) (*decision, error) {
	if s.Instance.Status != StatusReady || s.busy(key.BindingID) {
		return nil, openbroker.ErrConcurrency
	}
	if err := s.mayBegin(key.BindingID, policy, behind); err != nil {
		return nil, err
	}
	details, err := e.openInstance(s.Instance)
	if err != nil {
		return nil, err
	}
	record := &BindingRecord{Key: key, Status: StatusCreating, ServiceID: s.Instance.ServiceID, PlanID: s.Instance.PlanID}
	instance := e.instance(s.Instance, details)
	if err := e.prepareBinding(ctx, instance, record, wanted); err != nil {
		return nil, err
	}
	if checker, ok := e.provider.(RequestChecker); ok {
		if err := checker.CheckBinding(ctx, e.binding(instance, record, wanted)); err != nil {
			return nil, err
		}
	}
	if record.Data, err = e.sealBinding(key, wanted); err != nil {
		return nil, err
	}
	begun, err := e.newOperation(ctx, key, KindBind, s.Instance, policy, nil)
	if err != nil {
		return nil, err
	}
	return &decision{
		accept: &Acceptance{Expect: s.Revision(), Instance: *s.Instance, Binding: record, Operation: begun.spec},
		begun:  begun, operationID: begun.spec.ID,
		docs: documents{instanceRecord: s.Instance, instance: details, bindingRecord: record, binding: wanted, operation: begun.goal},
	}, nil
}

// busy reports whether an operation on the binding is open.
func (s *Snapshot) busy(bindingID string) bool {
	return slices.ContainsFunc(s.Open, func(o OperationRecord) bool { return o.Key.BindingID == bindingID })
}
