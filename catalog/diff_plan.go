package catalog

import (
	"maps"
	"slices"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/semver"
)

// plan compares a plan of the old service i with its successor in the new service k.
func (d *differ) plan(i, j, k int) {
	service, next := &d.before.Services[i], &d.after.Services[k]
	old := &service.Plans[j]
	if at := slices.IndexFunc(next.Plans, func(p openbroker.Plan) bool { return p.ID == old.ID }); at >= 0 {
		plan := &next.Plans[at]
		s := d.at(planPointer(k, at), service, old)
		if old.Name != plan.Name {
			s.record(ChangeRenamed, ImpactAttention, "name", "the plan %q is renamed to %q: scripts and users must use the new name", old.Name, plan.Name)
		}
		s.planFields(service, old, next, plan)
		return
	}
	if _, ok := d.home[old.ID]; ok {
		d.lostPlan(i, j)
		return
	}
	for at := range next.Plans {
		plan := &next.Plans[at]
		if _, known := d.oldPlans[plan.ID]; plan.Name != old.Name || old.Name == "" || known {
			continue
		}
		s := d.at(planPointer(k, at), service, old)
		s.record(ChangeReidentified, ImpactBreaking, "id", "the id of the plan %q changed from %s to %s: platforms treat it as another plan; "+gone, old.Name, old.ID, plan.ID)
		s.planFields(service, old, next, plan)
		return
	}
	d.lostPlan(i, j)
}

// lostPlan records that a service no longer has a plan.
func (d *differ) lostPlan(i, j int) {
	service := &d.before.Services[i]
	old := &service.Plans[j]
	if home, ok := d.home[old.ID]; ok {
		next := &d.after.Services[home[0]]
		plan := &next.Plans[home[1]]
		s := d.at(planPointer(home[0], home[1]), service, old)
		s.record(ChangeMoved, ImpactBreaking, "id", "the plan %q (%s) moved to the service %q: an id must always refer to the same service, and platforms still send the id of the old one", old.Name, old.ID, next.Name)
		s.planFields(service, old, next, plan)
		return
	}
	d.at(planPointer(i, j), service, old).record(ChangeRemoved, ImpactBreaking, "", "the plan %q (%s) is removed: "+gone, old.Name, old.ID)
}

// newPlan records plan j of the new service k, if it is new.
func (d *differ) newPlan(k, j int, old *openbroker.Service) {
	plan := &d.after.Services[k].Plans[j]
	if _, known := d.oldPlans[plan.ID]; known {
		return
	}
	for i := range old.Plans {
		if _, stays := d.home[old.Plans[i].ID]; old.Plans[i].Name == plan.Name && plan.Name != "" && !stays {
			return // The plan is re-identified.
		}
	}
	service := &openbroker.Service{ID: old.ID, Name: old.Name}
	d.at(planPointer(k, j), service, plan).record(ChangeAdded, ImpactCompatible, "", "the plan %q (%s) is new", plan.Name, plan.ID)
}

// planFields compares the fields of two plans.
func (s *site) planFields(service *openbroker.Service, old *openbroker.Plan, next *openbroker.Service, plan *openbroker.Plan) {
	s.text("description", "description", old.Description, plan.Description)
	s.free(old, plan)
	s.ability("bindable", service.PlanBindable(old), next.PlanBindable(plan), ImpactBreaking, "instances can no longer be bound")
	s.ability("plan_updateable", service.PlanChangeAllowed(old), next.PlanChangeAllowed(plan), ImpactBreaking, "instances can no longer move to another plan")
	s.ability("binding_rotatable", old.BindingRotatable, plan.BindingRotatable, ImpactBreaking, "the credentials of bindings can no longer be rotated")
	s.pollingDuration(old.MaximumPollingDuration, plan.MaximumPollingDuration)
	s.maintenance(old.MaintenanceInfo, plan.MaintenanceInfo)
	s.schemas(old.Schemas, plan.Schemas)
	s.planMetadata(old.Metadata, plan.Metadata)
	s.extensions(old.Extensions, plan.Extensions, "the plan")
}

// ability compares an ability of a service or plan.
func (s *site) ability(field string, before, after bool, impact Impact, consequence string) {
	switch {
	case before && !after:
		s.record(ChangeWithdrawn, impact, field, "%s is withdrawn: %s", field, consequence)
	case after && !before:
		s.record(ChangeGranted, ImpactCompatible, field, "%s is granted", field)
	}
}

func (s *site) free(old, plan *openbroker.Plan) {
	switch before, after := old.IsFree(), plan.IsFree(); {
	case before && !after:
		s.record(ChangeModified, ImpactAttention, "free", "the plan was free, and now has costs: existing instances start to incur costs")
	case after && !before:
		s.record(ChangeModified, ImpactCompatible, "free", "the plan is now free")
	}
}

func (s *site) pollingDuration(old, next *int) {
	const field = "maximum_polling_duration"
	switch {
	case old == nil && next == nil:
	case old == nil:
		s.record(ChangeModified, ImpactAttention, field, "platforms give up on an operation after %d s, instead of their own limit", *next)
	case next == nil:
		s.record(ChangeModified, ImpactAttention, field, "platforms gave up on an operation after %d s, and now use their own limit", *old)
	case *next < *old:
		s.record(ChangeLowered, ImpactAttention, field, "platforms give up on an operation after %d s instead of %d s: slow operations may fail", *next, *old)
	case *next > *old:
		s.record(ChangeRaised, ImpactCompatible, field, "platforms give up on an operation after %d s instead of %d s", *next, *old)
	}
}

// maintenance compares maintenance_info (spec.md, "Maintenance Info Object").
func (s *site) maintenance(old, next *openbroker.MaintenanceInfo) {
	const field = "maintenance_info"
	switch {
	case old == nil && next == nil:
	case old == nil:
		s.record(ChangeRaised, ImpactAttention, field, "maintenance_info is new, %s: existing instances have none, and need an upgrade", withVersion(next))
	case next == nil:
		s.record(ChangeWithdrawn, ImpactAttention, field, "maintenance_info was removed, %s: requests that still have it are refused with MaintenanceInfoConflict until platforms have read the catalog; is that intended?", withVersion(old))
	default:
		order, both := semver.Compare(old.Version, next.Version)
		switch {
		case old.Version == next.Version:
		case both && order < 0:
			s.record(ChangeRaised, ImpactAttention, field+"/version", "the version is raised from %s to %s: users should upgrade their instances, and requests with the old version are refused with MaintenanceInfoConflict", old.Version, next.Version)
		case both && order > 0:
			s.record(ChangeLowered, ImpactAttention, field+"/version", "the version is lowered from %s to %s: upgraded instances are ahead of their plan; is that intended?", old.Version, next.Version)
		default:
			s.record(ChangeModified, ImpactAttention, field+"/version", "the version has changed from %q to %q, in an unknown order; requests with the old version are refused with MaintenanceInfoConflict", old.Version, next.Version)
		}
		s.text(field+"/description", "description of the maintenance", old.Description, next.Description)
		s.extensions(old.Extensions, next.Extensions, field)
	}
}

// withVersion names the version. It may be empty, because a catalog may be invalid.
func withVersion(info *openbroker.MaintenanceInfo) string {
	if info.Version == "" {
		return "without a version"
	}
	return "with the version " + info.Version
}

func (s *site) planMetadata(old, next *openbroker.PlanMetadata) {
	if old == nil {
		old = &openbroker.PlanMetadata{}
	}
	if next == nil {
		next = &openbroker.PlanMetadata{}
	}
	s.text("metadata/displayName", "display name", old.DisplayName, next.DisplayName)
	if !slices.Equal(old.Bullets, next.Bullets) {
		s.record(ChangeModified, ImpactCompatible, "metadata/bullets", "the bullets have changed")
	}
	if !sameCosts(old.Costs, next.Costs) {
		s.record(ChangeModified, ImpactAttention, "metadata/costs", "the costs have changed from %s to %s, also for existing instances", formatCosts(old.Costs), formatCosts(next.Costs))
	}
	s.extensions(old.Extensions, next.Extensions, "metadata")
}

func sameCosts(old, next []openbroker.Cost) bool {
	return slices.EqualFunc(old, next, func(a, b openbroker.Cost) bool {
		return a.Unit == b.Unit && maps.Equal(a.Amount, b.Amount) && len(changedExtensions(a.Extensions, b.Extensions)) == 0
	})
}
