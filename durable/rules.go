package durable

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/openbroker/openbroker"
)

// The rules decide about records and operations, by the configuration and the
// catalog. Engines and a [Lifecycle] share them.
type rules struct {
	config  Config
	catalog atomic.Pointer[openbroker.Catalog]
}

// setCatalog checks that the policies work with the catalog, and changes it.
func (r *rules) setCatalog(catalog *openbroker.Catalog) error {
	if err := catalog.Validate(); err != nil {
		return fmt.Errorf("durable: the catalog is invalid: %w", err)
	}
	if err := r.checkPolicies(catalog); err != nil {
		return fmt.Errorf("durable: the policies do not fit the catalog: %w", err)
	}
	r.catalog.Store(catalog)
	return nil
}

// checkPolicies returns an error for each plan whose policy cannot work.
func (r *rules) checkPolicies(catalog *openbroker.Catalog) error {
	var problems []error
	for i := range catalog.Services {
		service := &catalog.Services[i]
		for j := range service.Plans {
			plan := &service.Plans[j]
			policy := r.config.policy(plan.ID, plan)
			if policy.BindingMode == ModeAsynchronous && service.PlanBindable(plan) && !service.BindingsRetrievable {
				problems = append(problems, fmt.Errorf("plan %q of service %q binds asynchronously, so the service must be bindings_retrievable", plan.Name, service.Name))
			}
		}
	}
	return errors.Join(problems...)
}

func (r *rules) lookUp(serviceID, planID string) (*openbroker.Service, *openbroker.Plan) {
	service := r.catalog.Load().Service(serviceID)
	if service == nil {
		return nil, nil
	}
	return service, service.Plan(planID)
}

// statusAfter returns the status of an instance or binding after an operation on it
// has ended. before is the status that a failed deletion restores. The status is empty
// for an unknown kind.
func statusAfter(kind OperationKind, succeeded bool, before RecordStatus) RecordStatus {
	switch kind {
	case KindProvision, KindBind:
		if succeeded {
			return StatusReady
		}
		return StatusCreateFailed
	case KindUpdate:
		return StatusReady // A failed update has changed nothing.
	case KindDeprovision, KindUnbind:
		if succeeded {
			return StatusDeleted
		}
		return before
	default:
		return ""
	}
}

// A Transition is a change of records: an operation ends or begins with it.
type Transition struct {
	// Instance and Binding, unless nil, replace the records.
	Instance *InstanceRecord
	Binding  *BindingRecord
	// Next, unless nil, is the operation that begins.
	Next *OperationSpec
}

// setStatus replaces the status of the record that key names.
func (t *Transition) setStatus(key Key, instance *InstanceRecord, binding *BindingRecord, status RecordStatus) {
	if key.BindingID != "" {
		changed := *binding
		changed.Status = status
		t.Binding = &changed
		return
	}
	changed := *instance
	changed.Status = status
	t.Instance = &changed
}

// afterFailure returns the transition that ends a failed operation. before is the
// status that a failed deletion restores. begin, if not nil, is called for a clean-up.
func (r *rules) afterFailure(o *OperationRecord, instance *InstanceRecord, binding *BindingRecord, before RecordStatus, cleanup Cleanup, begin beginning) (t Transition, err error) {
	status := statusAfter(o.Kind, false, before)
	if status == "" {
		return t, nil
	}
	t.setStatus(o.Key, instance, binding, status)
	if creates := o.Kind == KindProvision || o.Kind == KindBind; creates && cleanup == CleanupAutomatic {
		t.Next, err = r.cleanUp(o.Key, begin)
	}
	return t, err
}

// deletes returns the kind of operation that deletes the instance or binding of a key.
func deletes(key Key) OperationKind {
	if key.BindingID != "" {
		return KindUnbind
	}
	return KindDeprovision
}

// newOperation prepares an operation that a platform requests. It seals the goal unless
// that is nil.
func (r *rules) newOperation(id string, key Key, kind OperationKind, policy Policy, goal *operationGoal) (*OperationSpec, error) {
	begin := &OperationSpec{
		ID: id, Key: key, Kind: kind, Timeout: policy.Deadline,
		Parallel: policy.AllowsParallelBindings() && key.BindingID != "",
	}
	if goal == nil {
		return begin, nil
	}
	var err error
	begin.Data, err = r.seal(goal.document(), ofOperation, key, begin.ID)
	return begin, err
}

// A beginning receives an operation that is about to begin, and returns its
// traceparent.
type beginning func(id string, key Key, kind OperationKind) (traceparent string)

// cleanUp returns the operation that deletes the resource of a failed creation. begin
// may be nil.
func (r *rules) cleanUp(key Key, begin beginning) (*OperationSpec, error) {
	next := &OperationSpec{
		ID: newOperationID(), Key: key, Kind: deletes(key), Internal: true, Timeout: r.config.CleanupTimeout,
		// The creation that ends with the same change held the slot until now.
		// Clean-ups of several bindings never exclude each other.
		Parallel: key.BindingID != "",
	}
	goal := &operationGoal{Previous: StatusCreateFailed}
	if begin != nil {
		goal.Traceparent = begin(next.ID, key, next.Kind)
	}
	var err error
	next.Data, err = r.seal(goal.document(), ofOperation, key, next.ID)
	return next, err
}
