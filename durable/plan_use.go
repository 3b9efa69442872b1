package durable

import (
	"context"
	"slices"
)

// A PlanRef identifies a plan of a service.
type PlanRef struct {
	ServiceID, PlanID string
}

// A PlanUse is a plan in use, with one of the instances that use it.
type PlanUse struct {
	PlanRef
	// Instance is an instance that uses the plan.
	Instance Key
	// Status is the status of Instance.
	Status RecordStatus
}

// occupied returns the statuses of instances that may have a resource.
func occupied() []RecordStatus {
	return []RecordStatus{StatusReady, StatusCreating, StatusUpdating, StatusDeleting, StatusCreateFailed}
}

// PlansInUse returns the given plans that instances of any platform use, in the given
// order. An instance uses its plan from the start of its creation until it is deleted,
// or until a failed creation is cleaned up. During an update it also uses the new plan.
// PlansInUse returns an error if the store fails or a sealed operation cannot be
// opened.
//
// Call it before [Engine.SetCatalog] to decide whether a catalog may omit a plan. This
// replica or another one may create an instance between the two calls. That does no
// harm: accepted operations are completed, and an instance whose plan has left the
// catalog can be fetched, unbound and deleted. It cannot be updated or bound.
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
	// Other instances may follow the tombstone.
	for _, filter.Status = range occupied() {
		found, err := e.store.Instances(ctx, filter)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return &found[0], nil
		}
	}
	return nil, nil //nolint:nilnil // No such instance, and no error.
}

// moving returns the target plans of running updates. Until the end of the update, the
// record of an instance has the former plan.
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

// destination returns the target plan of an update. ok is false if the instance is
// gone.
func (e *Engine) destination(ctx context.Context, o *OperationRecord) (use PlanUse, ok bool, err error) {
	goal, err := e.openOperation(o)
	if err != nil {
		return use, false, err
	}
	snapshot, err := e.store.Load(ctx, o.Key)
	if err != nil || snapshot.Instance == nil {
		return use, false, err
	}
	record := snapshot.Instance
	return PlanUse{PlanRef: PlanRef{record.ServiceID, goal.PlanID}, Instance: record.Key, Status: record.Status}, true, nil
}
