package durable

import (
	"context"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/audit"
)

// Update changes the plan, the parameters, the maintenance version or the context of an
// instance (spec.md, "Updating a Service Instance"). It merges the parameters into the
// stored ones by top-level name; null removes a parameter. Errors: ErrInstanceDoesNotExist,
// ErrPlanChangeNotSupported, ErrMaintenanceInfoConflict, ErrConcurrency,
// ErrAsyncRequired; ErrBadRequest if the instance has another service;
// ErrInvalidParameters if the handler validates parameters; ErrUnavailable if the store
// fails; the error of a [RequestPreparer] or a [RequestChecker]; and, for a request that
// waited, the error of the provider.
func (e *Engine) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	ctx = withCaller(ctx, &r.Caller)
	key := keyOf(&r.Caller, r.InstanceID, "")
	var policy Policy
	var present *instanceDetails
	d, err := e.decide(ctx, key, fromStore, func(s *basis) (_ *decision, err error) {
		record := s.Instance
		if record == nil || record.Status == StatusDeleted || record.Status == StatusCreateFailed {
			return nil, openbroker.ErrInstanceDoesNotExist
		}
		if record.ServiceID != r.ServiceID {
			return nil, openbroker.ErrBadRequest.WithDescription("service_id does not match the service instance")
		}
		_, plan := e.lookUp(record.ServiceID, record.PlanID)
		policy = e.config.policy(record.PlanID, plan)
		if present, err = e.openInstance(record); err != nil {
			return nil, err
		}
		wanted, planID, err := e.wanted(r, record, present)
		if err != nil {
			return nil, err
		}
		// The handler could not know the plan, which the request may omit.
		_, after := e.lookUp(record.ServiceID, planID)
		if err := r.ValidateParameters(after); err != nil {
			return nil, err
		}
		switch {
		case record.Status == StatusUpdating:
			return e.joinUpdate(s, r, policy, wanted, planID)
		case record.Status != StatusReady || len(s.Open) > 0:
			return nil, openbroker.ErrConcurrency
		case e.unchanged(r, record, present, wanted, planID):
			return e.rememberContext(ctx, s, key, present, wanted)
		default:
			return e.beginUpdate(ctx, s, r, policy, present, wanted, planID)
		}
	})
	if err != nil {
		return nil, err
	}
	if d.done {
		return &openbroker.UpdateResponse{Outcome: openbroker.AlreadyExists}, nil
	}
	ended, err := e.outcome(ctx, d, key, policy.Mode, policy, r.AcceptsIncomplete)
	switch {
	case err != nil:
		return nil, err
	case ended == nil:
		return &openbroker.UpdateResponse{Outcome: openbroker.Accepted, Operation: d.operationID, RetryAfter: e.config.RetryAfter}, nil
	case ended.state == OperationFailed:
		return nil, ended.failure.err()
	default:
		return &openbroker.UpdateResponse{Outcome: openbroker.Completed, DashboardURL: ended.instance.DashboardURL, Metadata: ended.instance.metadata()}, nil
	}
}

// wanted returns the details and the plan of the instance after the update.
func (e *Engine) wanted(r *openbroker.UpdateRequest, record *InstanceRecord, present *instanceDetails) (*instanceDetails, string, error) {
	wanted, planID := *present, record.PlanID
	if r.PlanID != "" && r.PlanID != record.PlanID {
		service, plan := e.lookUp(record.ServiceID, record.PlanID)
		if service == nil || !service.PlanChangeAllowed(plan) {
			return nil, "", openbroker.ErrPlanChangeNotSupported
		}
		planID = r.PlanID
		wanted.MaintenanceInfo = nil
		if r.Plan != nil {
			wanted.MaintenanceInfo = r.Plan.MaintenanceInfo
		}
	}
	if r.MaintenanceInfo != nil {
		wanted.MaintenanceInfo = r.MaintenanceInfo
		if _, plan := e.lookUp(record.ServiceID, planID); plan != nil && (plan.MaintenanceInfo == nil || plan.MaintenanceInfo.Version != r.MaintenanceInfo.Version) {
			return nil, "", openbroker.ErrMaintenanceInfoConflict
		}
	}
	wanted.Parameters = mergeParameters(present.Parameters, r.Parameters)
	if r.Context.Raw != nil {
		wanted.Context = object(r.Context.Raw)
	}
	return &wanted, planID, nil
}

// unchanged reports whether the provider has nothing to do. With
// allow_context_updates, a new context is a change for the provider.
func (e *Engine) unchanged(r *openbroker.UpdateRequest, record *InstanceRecord, present, wanted *instanceDetails, planID string) bool {
	if r.Service != nil && r.Service.AllowContextUpdates && !sameObject(present.Context, wanted.Context) {
		return false
	}
	return planID == record.PlanID && sameObject(present.Parameters, wanted.Parameters) &&
		maintenanceVersion(present) == maintenanceVersion(wanted)
}

func maintenanceVersion(d *instanceDetails) string {
	if d.MaintenanceInfo == nil {
		return ""
	}
	return d.MaintenanceInfo.Version
}

// rememberContext stores a new context without an operation.
func (e *Engine) rememberContext(ctx context.Context, s *basis, key Key, present, wanted *instanceDetails) (*decision, error) {
	if sameObject(present.Context, wanted.Context) {
		return &decision{done: true}, nil
	}
	record := *s.Instance
	var err error
	if record.Data, err = e.sealInstance(key, wanted); err != nil {
		return nil, err
	}
	entry, err := auditOf(ctx, audit.OutcomeDone, audit.NewID(time.Now()), key.Instance(), KindUpdate, &record, "")
	if err != nil {
		return nil, err
	}
	return &decision{done: true, accept: &Acceptance{Expect: s.Revision(), Instance: record, Audit: entry}}, nil
}

func (e *Engine) joinUpdate(s *basis, r *openbroker.UpdateRequest, policy Policy, wanted *instanceDetails, planID string) (*decision, error) {
	operation := s.open(KindUpdate)
	if operation == nil {
		return nil, openbroker.ErrConcurrency
	}
	goal, err := e.openOperation(operation)
	if err != nil {
		return nil, err
	}
	running := goal.Instance
	if running == nil || goal.PlanID != planID || maintenanceVersion(running) != maintenanceVersion(wanted) ||
		!sameObject(running.Parameters, wanted.Parameters) || !sameObject(running.Context, wanted.Context) {
		return nil, openbroker.ErrConcurrency
	}
	if policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete {
		return nil, openbroker.ErrAsyncRequired
	}
	return &decision{operationID: operation.ID, joined: true}, nil
}

func (e *Engine) beginUpdate(ctx context.Context, s *basis, r *openbroker.UpdateRequest, policy Policy, present, wanted *instanceDetails, planID string) (*decision, error) {
	if policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete {
		return nil, openbroker.ErrAsyncRequired
	}
	record := *s.Instance
	after := record
	after.PlanID = planID
	previous := e.instance(&record, present)
	if err := e.prepareInstance(ctx, &after, wanted, &previous); err != nil {
		return nil, err
	}
	if checker, ok := e.provider.(RequestChecker); ok {
		if err := checker.CheckInstance(ctx, e.instance(&after, wanted), &previous); err != nil {
			return nil, err
		}
	}
	goal := &operationGoal{PlanID: planID, Instance: wanted}
	begun, err := e.newOperation(ctx, record.Key, KindUpdate, s.Instance, policy, goal)
	if err != nil {
		return nil, err
	}
	record.Status = StatusUpdating
	return &decision{
		accept: &Acceptance{Expect: s.Revision(), Instance: record, Operation: begun.spec},
		begun:  begun, operationID: begun.spec.ID,
		docs: documents{instanceRecord: &record, instance: present, operation: begun.goal},
	}, nil
}
