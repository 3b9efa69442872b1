package durable

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
)

// keyOf returns the key of an instance or binding of the caller's platform.
func keyOf(caller *openbroker.Caller, instanceID, bindingID string) Key {
	platform := caller.Platform
	if platform == "" {
		platform = openbroker.DefaultPlatform
	}
	return Key{Platform: platform, InstanceID: instanceID, BindingID: bindingID}
}

// Provision records the instance and begins to create it (spec.md, "Provisioning").
// Errors: ErrInstanceAlreadyExists, ErrConcurrency, ErrAsyncRequired; ErrUnavailable if
// the store fails; the error of a [RequestPreparer], a [RequestChecker], a
// [ResourceFinder] or a [DashboardProvider]; and, for a request that waited, the error of
// the provider.
func (e *Engine) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	ctx = withCaller(ctx, &r.Caller)
	key := keyOf(&r.Caller, r.InstanceID, "")
	policy := e.config.policy(r.PlanID, r.Plan)
	wanted := &instanceDetails{
		Parameters: object(r.Parameters), Context: object(r.Context.Raw),
		OrganizationGUID: r.OrganizationGUID, SpaceGUID: r.SpaceGUID, MaintenanceInfo: r.MaintenanceInfo,
	}
	if wanted.MaintenanceInfo == nil && r.Plan != nil {
		wanted.MaintenanceInfo = r.Plan.MaintenanceInfo
	}
	var present *instanceDetails
	d, err := e.decide(ctx, key, e.guessAbsent(policy, r), func(s *basis) (_ *decision, err error) {
		record := s.Instance
		if record == nil || record.Status == StatusDeleted {
			if d, err := e.provisionCleanedUp(ctx, s, r, wanted, policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete); d != nil || err != nil {
				return d, err
			}
			return e.beginProvision(ctx, s, key, r, policy, wanted)
		}
		if present, err = e.openInstance(record); err != nil {
			return nil, err
		}
		same := record.ServiceID == r.ServiceID && record.PlanID == r.PlanID && sameInstance(present, wanted)
		return e.decideRepeatedCreate(ctx, s, repeatedCreate{
			key: key, kind: KindProvision, status: record.Status, changed: record.UpdatedAt, same: same,
			exists: openbroker.ErrInstanceAlreadyExists, asyncRequired: policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete,
		})
	})
	if err != nil {
		return nil, err
	}
	if d.done {
		return &openbroker.ProvisionResponse{Outcome: openbroker.AlreadyExists, DashboardURL: present.DashboardURL, Metadata: present.metadata()}, nil
	}
	ended, err := e.outcome(ctx, d, key, policy.Mode, policy, r.AcceptsIncomplete)
	switch {
	case err != nil:
		return nil, err
	case ended == nil:
		known := wanted
		if present != nil {
			known = present
		}
		return &openbroker.ProvisionResponse{
			Outcome: openbroker.Accepted, Operation: d.operationID, RetryAfter: e.config.RetryAfter,
			DashboardURL: known.DashboardURL, Metadata: known.metadata(),
		}, nil
	case ended.state == OperationFailed:
		return nil, ended.failure.err()
	default:
		return &openbroker.ProvisionResponse{Outcome: openbroker.Completed, DashboardURL: ended.instance.DashboardURL, Metadata: ended.instance.metadata()}, nil
	}
}

// guessAbsent skips the read for a new instance: the insert detects an existing
// one. It does not if the request can be refused before the insert, because the
// refusal may be wrong for an existing instance.
func (e *Engine) guessAbsent(policy Policy, r *openbroker.ProvisionRequest) premise {
	if e.checksCreation(r.ServiceID) || policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete {
		return fromStore
	}
	return fromNothing
}

func (e *Engine) beginProvision(ctx context.Context, s *basis, key Key, r *openbroker.ProvisionRequest, policy Policy, wanted *instanceDetails) (*decision, error) {
	if policy.Mode == ModeAsynchronous && !r.AcceptsIncomplete {
		return nil, openbroker.ErrAsyncRequired
	}
	record := &InstanceRecord{Key: key, Status: StatusCreating, ServiceID: r.ServiceID, PlanID: r.PlanID}
	var err error
	if wanted.Provider, err = e.providerFor(ctx, r.ServiceID); err != nil {
		return nil, err
	}
	if err := e.prepareInstance(ctx, record, wanted, nil); err != nil {
		return nil, err
	}
	if err := e.refusedCreate(ctx, s, e.instance(record, wanted)); err != nil {
		return nil, err
	}
	if dashboards, ok := e.provider.(DashboardProvider); ok {
		if wanted.DashboardURL, err = dashboards.DashboardURL(ctx, e.instance(record, wanted)); err != nil {
			return nil, err
		}
	}
	if record.Data, err = e.sealInstance(key, wanted); err != nil {
		return nil, err
	}
	begun, err := e.newOperation(ctx, key, KindProvision, record, policy, nil)
	if err != nil {
		return nil, err
	}
	return &decision{
		accept: &Acceptance{Expect: s.Revision(), Instance: *record, Operation: begun.spec},
		begun:  begun, operationID: begun.spec.ID,
		docs: documents{instanceRecord: record, instance: wanted, operation: begun.goal},
	}, nil
}

// refusedCreate returns an error if the provider refuses the creation.
func (e *Engine) refusedCreate(ctx context.Context, s *basis, instance Instance) error {
	if checker, ok := e.provider.(RequestChecker); ok {
		if err := checker.CheckInstance(ctx, instance, nil); err != nil {
			return err
		}
	}
	finder, ok := e.provider.(ResourceFinder)
	if !ok {
		return nil
	}
	exists, err := finder.ResourceExists(ctx, instance)
	if err != nil || !exists {
		return err
	}
	// Another replica may just have created the resource. The revision guards a write,
	// but not a refusal.
	now, err := e.load(ctx, Key{Platform: instance.Platform, InstanceID: instance.ID})
	if err != nil {
		return err
	}
	if now.Revision() != s.Revision() {
		return ErrConflict
	}
	e.logger.LogAttrs(ctx, slog.LevelError, "creation refused: the resource exists, but the instance has no record; restore the records, or remove the resource",
		slog.String("platform", instance.Platform), slog.String("instance_id", instance.ID), slog.String("resource", instance.ResourceName()))
	return openbroker.ErrInstanceAlreadyExists.WithDescription("A resource of this service instance already exists, but the service broker has no record of it. Ask the operator of the service broker.")
}

// provisionCleanedUp returns the decision about a request that is identical to a
// failed creation, if that was cleaned up and its failure was not delivered. Otherwise
// it returns nil.
func (e *Engine) provisionCleanedUp(ctx context.Context, s *basis, r *openbroker.ProvisionRequest, wanted *instanceDetails, asyncRequired bool) (*decision, error) {
	record := s.Instance
	if record == nil || len(record.Data) == 0 || record.ServiceID != r.ServiceID || record.PlanID != r.PlanID {
		return nil, nil //nolint:nilnil // No such decision, and no error.
	}
	left, err := e.openInstance(record)
	if err != nil || !bytes.Equal(left.Attributes, wanted.attributes()) {
		return nil, err
	}
	return e.failedCreate(ctx, s, repeatedCreate{key: record.Key, kind: KindProvision, changed: record.UpdatedAt, asyncRequired: asyncRequired})
}

// A repeatedCreate is a PUT of an instance or a binding that has a record.
type repeatedCreate struct {
	key     Key
	kind    OperationKind
	status  RecordStatus
	changed time.Time
	// same says that the request has the attributes of the record. exists is the answer
	// if the attributes differ.
	same   bool
	exists error
	// asyncRequired says that the plan is asynchronous and the client does not accept a
	// 202.
	asyncRequired bool
}

// failedCreate returns the decision to answer with a failed creation whose failure was
// not delivered. Otherwise it returns nil.
func (e *Engine) failedCreate(ctx context.Context, s *basis, r repeatedCreate) (*decision, error) {
	d, err := e.undelivered(ctx, s, r.key, r.kind, r.changed)
	if d != nil && r.asyncRequired {
		return nil, openbroker.ErrAsyncRequired
	}
	return d, err
}

// decideRepeatedCreate has the rules for PUT that instances and bindings share, for a
// record that is not a tombstone.
func (e *Engine) decideRepeatedCreate(ctx context.Context, s *basis, r repeatedCreate) (*decision, error) {
	switch r.status {
	case StatusCreating:
		if !r.same {
			return nil, r.exists
		}
		operation := s.open(r.kind)
		if operation == nil {
			return nil, openbroker.ErrConcurrency
		}
		if r.asyncRequired {
			return nil, openbroker.ErrAsyncRequired
		}
		return &decision{operationID: operation.ID, joined: true}, nil
	case StatusReady:
		if !r.same {
			return nil, r.exists
		}
		return &decision{done: true}, nil
	case StatusCreateFailed:
		if r.same {
			if d, err := e.failedCreate(ctx, s, r); d != nil || err != nil {
				return d, err
			}
		}
		key := r.key
		if slices.ContainsFunc(s.Open, func(o OperationRecord) bool { return o.Key == key || o.Key == key.Instance() }) {
			return nil, openbroker.ErrConcurrency // The clean-up is running.
		}
		return nil, openbroker.ErrInstanceAlreadyExists.WithDescription("An earlier creation failed and was not cleaned up. Delete the resource first.")
	default:
		return nil, openbroker.ErrConcurrency
	}
}

// open returns the open operation of a kind on the snapshot's key that is neither
// internal nor being cancelled, or nil.
func (s *Snapshot) open(kind OperationKind) *OperationRecord {
	bindingID := ""
	if kind == KindBind || kind == KindUnbind {
		if s.Binding == nil {
			return nil
		}
		bindingID = s.Binding.Key.BindingID
	}
	for i := range s.Open {
		if o := &s.Open[i]; o.Kind == kind && !o.Internal && o.State == OperationActive && o.Key.BindingID == bindingID {
			return o
		}
	}
	return nil
}
