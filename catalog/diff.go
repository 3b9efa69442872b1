package catalog

import (
	"fmt"
	"strconv"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/narrow"
)

// An Impact is what a change means for existing instances and bindings.
type Impact string

// The impacts.
const (
	// ImpactBreaking means that requests for existing instances or bindings that
	// succeeded before fail, or may fail.
	ImpactBreaking Impact = "breaking"
	// ImpactAttention means that existing instances and bindings continue to work, but
	// that operators or users should know of the change: costs, upgrades, requirements
	// of new instances.
	ImpactAttention Impact = "attention"
	// ImpactCompatible means that existing instances and bindings are not affected.
	ImpactCompatible Impact = "compatible"
)

// A ChangeKind is the kind of a [Change].
type ChangeKind string

// The kinds of changes.
const (
	// ChangeAdded means that a service or plan is new.
	ChangeAdded ChangeKind = "added"
	// ChangeRemoved means that a service or plan was removed. Each plan of a removed
	// service has its own change.
	ChangeRemoved ChangeKind = "removed"
	// ChangeReidentified means that a service or plan kept its name, and has another id.
	// Platforms treat it as another service or plan (spec.md, "Catalog Management").
	ChangeReidentified ChangeKind = "re-identified"
	// ChangeRenamed means that a service or plan kept its id, and has another name.
	ChangeRenamed ChangeKind = "renamed"
	// ChangeMoved means that a plan belongs to another service.
	ChangeMoved ChangeKind = "moved"
	// ChangeNarrowed means that a schema refuses, or may refuse, parameters that it
	// accepted. Each narrower place in the schema is one change.
	ChangeNarrowed ChangeKind = "narrowed"
	// ChangeWidened means that a schema accepts all parameters that it accepted, and
	// more.
	ChangeWidened ChangeKind = "widened"
	// ChangeWithdrawn means that an ability was removed.
	ChangeWithdrawn ChangeKind = "withdrawn"
	// ChangeGranted means that an ability is new.
	ChangeGranted ChangeKind = "granted"
	// ChangeRaised means that a version or a duration has grown.
	ChangeRaised ChangeKind = "raised"
	// ChangeLowered means that a version or a duration has shrunk.
	ChangeLowered ChangeKind = "lowered"
	// ChangeModified means that a value differs.
	ChangeModified ChangeKind = "modified"
)

// A Change is one difference between two catalogs. It holds no secrets.
type Change struct {
	Kind   ChangeKind `json:"kind"`
	Impact Impact     `json:"impact"`
	// ServiceID, ServiceName, PlanID and PlanName come from the old catalog, or from the
	// new one if the service or plan is new. PlanID and PlanName are empty for a change of
	// the service itself.
	ServiceID   string `json:"service_id,omitempty"`
	ServiceName string `json:"service_name,omitempty"`
	PlanID      string `json:"plan_id,omitempty"`
	PlanName    string `json:"plan_name,omitempty"`
	// Pointer is a JSON pointer (RFC 6901) into the new catalog, or into the old one for
	// what was removed.
	Pointer string `json:"pointer"`
	// Message describes the change and its consequence.
	Message string `json:"message"`
}

// Breaking reports whether the change breaks existing instances or bindings.
func (c Change) Breaking() bool { return c.Impact == ImpactBreaking }

// Diff returns the differences between two versions of a catalog: first the changes of
// the old services and plans, in their order, then the new ones. It matches services and
// plans by id (spec.md, "Catalog Management"), and ignores the order of services, plans,
// tags and members, and different spellings of the same JSON.
//
// A nil catalog has no services. The catalogs need not be valid.
func Diff(before, after *openbroker.Catalog) []Change {
	if before == nil {
		before = &openbroker.Catalog{}
	}
	if after == nil {
		after = &openbroker.Catalog{}
	}
	d := &differ{before: before, after: after}
	d.index()
	for i := range before.Services {
		d.service(i)
	}
	for i := range after.Services {
		if !d.matched[&after.Services[i]] {
			d.newService(i)
		}
	}
	d.at("", nil, nil).extensions(before.Extensions, after.Extensions, "the catalog")
	return d.changes
}

// A differ compares two catalogs.
type differ struct {
	before, after *openbroker.Catalog
	changes       []Change
	// services has the indexes of the new services by id; for a repeated id, the first.
	// servicesByID has the ids of the old services.
	services     map[string]int
	servicesByID map[string]bool
	// home has the indexes of the service and of the plan for each id of a new plan.
	home map[string][2]int
	// oldPlans has the id of the service for each id of an old plan.
	oldPlans map[string]string
	matched  map[*openbroker.Service]bool
	comparer narrow.Comparer
}

func (d *differ) index() {
	d.services, d.home = map[string]int{}, map[string][2]int{}
	d.servicesByID, d.oldPlans, d.matched = map[string]bool{}, map[string]string{}, map[*openbroker.Service]bool{}
	for i := range d.after.Services {
		service := &d.after.Services[i]
		if _, taken := d.services[service.ID]; !taken {
			d.services[service.ID] = i
		}
		for j := range service.Plans {
			if _, taken := d.home[service.Plans[j].ID]; !taken {
				d.home[service.Plans[j].ID] = [2]int{i, j}
			}
		}
	}
	for i := range d.before.Services {
		service := &d.before.Services[i]
		d.servicesByID[service.ID] = true
		for j := range service.Plans {
			d.oldPlans[service.Plans[j].ID] = service.ID
		}
	}
}

// A site is a catalog, a service or a plan whose changes are recorded.
type site struct {
	*differ
	change Change
}

func (d *differ) at(pointer string, service *openbroker.Service, plan *openbroker.Plan) *site {
	s := &site{differ: d, change: Change{Pointer: pointer}}
	if service != nil {
		s.change.ServiceID, s.change.ServiceName = service.ID, service.Name
	}
	if plan != nil {
		s.change.PlanID, s.change.PlanName = plan.ID, plan.Name
	}
	return s
}

// record records a change of a field. An empty field means the service or plan itself.
func (s *site) record(kind ChangeKind, impact Impact, field, format string, args ...any) {
	change := s.change
	change.Kind, change.Impact, change.Message = kind, impact, fmt.Sprintf(format, args...)
	if field != "" {
		change.Pointer += "/" + field
	}
	s.changes = append(s.changes, change)
}

// gone describes the consequences for the instances of a service or plan whose id was
// removed. Cloud Foundry deactivates the plan, and expects the broker to serve its
// instances.
const gone = "platforms no longer offer it, but still send its id for existing instances; openbroker refuses to update and bind these, but still fetches, unbinds and deletes them"

func servicePointer(i int) string { return "/services/" + strconv.Itoa(i) }

func planPointer(i, j int) string { return servicePointer(i) + "/plans/" + strconv.Itoa(j) }

// successor returns the service with the same id or, without one, the new service with
// the same name.
func (d *differ) successor(old *openbroker.Service) (i int, reidentified, ok bool) {
	if i, ok := d.services[old.ID]; ok {
		return i, false, true
	}
	for i := range d.after.Services {
		if service := &d.after.Services[i]; service.Name == old.Name && old.Name != "" && !d.servicesByID[service.ID] {
			return i, true, true
		}
	}
	return 0, false, false
}

func (d *differ) service(i int) {
	old := &d.before.Services[i]
	k, reidentified, ok := d.successor(old)
	if !ok {
		d.at(servicePointer(i), old, nil).record(ChangeRemoved, ImpactBreaking, "", "the service %q (%s) is removed: "+gone, old.Name, old.ID)
		for j := range old.Plans {
			d.lostPlan(i, j)
		}
		return
	}
	next := &d.after.Services[k]
	if d.matched[next] {
		return // The old catalog repeats the id.
	}
	d.matched[next] = true
	s := d.at(servicePointer(k), old, nil)
	switch {
	case reidentified:
		s.record(ChangeReidentified, ImpactBreaking, "id", "the id of the service %q changed from %s to %s: platforms treat it as another service; "+gone, old.Name, old.ID, next.ID)
	case old.Name != next.Name:
		s.record(ChangeRenamed, ImpactAttention, "name", "the service %q is renamed to %q: scripts and users must use the new name", old.Name, next.Name)
	}
	s.serviceFields(old, next)
	for j := range old.Plans {
		d.plan(i, j, k)
	}
	for j := range next.Plans {
		d.newPlan(k, j, old)
	}
}

func (d *differ) newService(i int) {
	service := &d.after.Services[i]
	d.at(servicePointer(i), service, nil).record(ChangeAdded, ImpactCompatible, "", "the service %q (%s) is new, with %d plans", service.Name, service.ID, len(service.Plans))
}
