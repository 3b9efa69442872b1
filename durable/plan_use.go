package durable

import (
	"context"
	"slices"
)

// A PlanRef names a plan of a service, by their ids.
type PlanRef struct {
	ServiceID, PlanID string
}

// A PlanUse is a plan that is in use, and one of the instances that use it.
type PlanUse struct {
	PlanRef
	// Instance is one of perhaps many.
	Instance Key
	// Status is that of the instance.
	Status RecordStatus
}

// occupied are the statuses of instances for which something may exist.
func occupied() []RecordStatus {
	return []RecordStatus{StatusReady, StatusCreating, StatusUpdating, StatusDeleting, StatusCreateFailed}
}

// PlansInUse returns those of the plans that instances of any platform use, in the
// order in which they are given: instances that exist, are being made or deleted, or
// could not be made and are not cleaned up, and those whose update to the plan is
// under way. What was deleted does not count. The error is that of the store, or says
// that a sealed operation cannot be opened.
//
// It is for deciding whether a catalog may do without a plan, before [Engine.SetCatalog].
// An instance may be made between the two, by this replica or another one. That
// does no harm to it: what was accepted is carried out, and what is of a plan that the
// catalog does not have any more can be fetched, unbound and deleted. It cannot be
// changed or bound.
func (e *Engine) PlansInUse(ctx context.Context, plans ...PlanRef) ([]PlanUse, error) {
	moving, err := e.moving(ctx)
	if err != nil {
		return nil, err
	}
	var used []PlanUse
	for _, plan := range plans {
		record, err := e.instanceOf(ctx, plan)
		if err != nil {
			return nil, err
		}
		if record == nil {
			if i := slices.IndexFunc(moving, func(u PlanUse) bool { return u.PlanRef == plan }); i >= 0 {
				used = append(used, moving[i])
			}
			continue
		}
		used = append(used, PlanUse{PlanRef: plan, Instance: record.Key, Status: record.Status})
	}
	return used, nil
}

// instanceOf returns an instance of the plan, or nil.
func (e *Engine) instanceOf(ctx context.Context, plan PlanRef) (*InstanceRecord, error) {
	filter := Filter{ServiceID: plan.ServiceID, PlanID: plan.PlanID, Limit: 1}
	first, err := e.store.Instances(ctx, filter)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	if first[0].Status != StatusDeleted {
		return &first[0], nil
	}
	// Behind a tombstone there may be others.
	for _, filter.Status = range occupied() {
		found, err := e.store.Instances(ctx, filter)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return &found[0], nil
		}
	}
	return nil, nil //nolint:nilnil // There is none.
}

// moving returns the plans that updates under way lead to. Instances are recorded
// with their former plan until then.
func (e *Engine) moving(ctx context.Context) ([]PlanUse, error) {
	var found []PlanUse
	for _, state := range []OperationState{OperationActive, OperationCancelling} {
		filter := Filter{Kind: KindUpdate, State: state}
		for {
			open, err := e.store.Operations(ctx, filter)
			if err != nil {
				return nil, err
			}
			if len(open) == 0 {
				break
			}
			for i := range open {
				use, ok, err := e.destination(ctx, &open[i])
				if err != nil {
					return nil, err
				}
				if ok {
					found = append(found, use)
				}
			}
			filter.AfterID = open[len(open)-1].ID
		}
	}
	return found, nil
}

// destination is the plan that an update leads to. It reports false if the instance
// is gone.
func (e *Engine) destination(ctx context.Context, o *OperationRecord) (use PlanUse, ok bool, err error) {
	document, err := e.openOperation(o)
	if err != nil {
		return use, false, err
	}
	snapshot, err := e.store.Load(ctx, o.Key)
	if err != nil || snapshot.Instance == nil {
		return use, false, err
	}
	record := snapshot.Instance
	return PlanUse{PlanRef: PlanRef{record.ServiceID, document.PlanID}, Instance: record.Key, Status: record.Status}, true, nil
}
