package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// smallCatalog is the largest number of plans that are all used by default.
const smallCatalog = 12

// discovery is the choice of the plans to use.
type discovery struct {
	subjects []*subject
	leftOut  []string
	// none is the reason why there is no subject.
	none *absence
}

// discover chooses the plans that the run uses. An error means invalid options.
func discover(catalog any, options Options, login map[Feature]bool) (*discovery, error) {
	all := subjectsOf(catalog)
	if err := known(options, all); err != nil {
		return nil, err
	}
	var wanted []*subject
	for _, s := range all {
		if matches(options.Services, s.service) && matches(options.Plans, s.plan) {
			wanted = append(wanted, s)
		}
	}
	if len(all) > 0 && len(wanted) == 0 {
		return nil, fmt.Errorf("the services %s have none of the plans %s: choose other services or plans",
			quoted(options.Services), quoted(options.Plans))
	}
	everything := options.AllPlans || len(options.Plans) > 0 || len(wanted) <= smallCatalog
	found := &discovery{}
	shapes := map[string]bool{}
	for _, s := range all {
		s.prepare(options, login)
		shape := s.shape()
		if !slices.Contains(wanted, s) || !everything && shapes[shape] {
			found.leftOut = append(found.leftOut, s.name())
			continue
		}
		shapes[shape] = true
		found.subjects = append(found.subjects, s)
	}
	if list, ok := lookup(catalog, "services"); ok && anArray.is(list) && len(services(catalog)) == 0 {
		found.none = &absence{NotApplicable, "the catalog has no services"}
	} else if len(found.subjects) == 0 {
		found.none = &absence{NotEvaluated, "the catalog has no plan with an id"}
	}
	return found, nil
}

// subjectsOf makes a subject of each plan of the catalog that has an id.
func subjectsOf(catalog any) []*subject {
	var all []*subject
	entries := plans(catalog)
	for _, e := range entries {
		if stringOf(e.object, "id") == "" || stringOf(e.parent, "id") == "" {
			continue
		}
		s := &subject{service: e.parent, plan: e.object}
		for _, candidate := range entries {
			same := stringOf(candidate.parent, "id") == s.serviceID()
			switch {
			case same && s.other == nil && stringOf(candidate.object, "id") != s.planID():
				s.other = candidate.object
			case !same && s.foreign == nil:
				s.foreign = candidate.object
			}
		}
		all = append(all, s)
	}
	return all
}

// known returns an error if the options name a service or plan that the catalog
// does not have.
func known(options Options, all []*subject) error {
	find := func(kind, name string, of func(*subject) map[string]any) error {
		var names []string
		for _, s := range all {
			if matches([]string{name}, of(s)) {
				return nil
			}
			names = append(names, stringOf(of(s), "name"))
		}
		return fmt.Errorf("the catalog has no %s %q; it has %s", kind, name, strings.Join(slices.Compact(names), ", "))
	}
	for _, name := range options.Services {
		if err := find("service", name, func(s *subject) map[string]any { return s.service }); err != nil {
			return err
		}
	}
	plans := append(slices.Clone(options.Plans), slices.Sorted(maps.Keys(options.Parameters))...)
	for _, name := range plans {
		if err := find("plan", name, func(s *subject) map[string]any { return s.plan }); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether the names have the id or name of a service or plan.
// Without names it reports true.
func matches(names []string, object map[string]any) bool {
	return len(names) == 0 || slices.Contains(names, stringOf(object, "id")) || slices.Contains(names, stringOf(object, "name"))
}

// shape returns a text that is equal for plans that a run treats alike.
func (s *subject) shape() string {
	var features []string
	for feature, offered := range s.features {
		if offered {
			features = append(features, string(feature))
		}
	}
	slices.Sort(features)
	return s.serviceID() + strings.Join(features, ";") + fmt.Sprint(s.maximumPolling())
}

// prepare sets the parameters of the subject and its features.
func (s *subject) prepare(options Options, login map[Feature]bool) {
	s.parameters = generateFor(s.plan)
	if s.other != nil {
		s.otherPlan = generateFor(s.other)
		if given, found := given(options, s.other); found {
			s.otherPlan.provision, s.otherPlan.update = given.Provision, given.Update
		}
	}
	if given, found := given(options, s.plan); found {
		s.fromFile = true
		s.parameters.failProvision, s.parameters.failDeprovision = given.FailProvision, given.FailDeprovision
		s.parameters.provision, s.parameters.update, s.parameters.bind = given.Provision, given.Update, given.Bind
		if canonical(s.parameters.otherProvision) == canonical(given.Provision) {
			s.parameters.otherProvision = nil
		}
		if canonical(s.parameters.otherBind) == canonical(given.Bind) {
			s.parameters.otherBind = nil
		}
	}
	s.features = planFeatures(s)
	maps.Copy(s.features, login)
}

// given returns the parameters in the options for a plan.
func given(options Options, plan map[string]any) (Parameters, bool) {
	if parameters, found := options.Parameters[stringOf(plan, "id")]; found {
		return parameters, true
	}
	parameters, found := options.Parameters[stringOf(plan, "name")]
	return parameters, found
}
