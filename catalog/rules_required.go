package catalog

import (
	"fmt"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// catalogRules are about the catalog itself.
var catalogRules = []rule{
	{
		Rule: Rule{
			ID: "services-missing", Severity: SeverityError, Clause: bodyClause,
			Summary: "A catalog has services.",
			Fix:     "Add services: with the list of services.",
		},
		check: func(c *checked, report report) {
			if c.is(tree.Object) && !c.member("services").given() && len(c.elsewhere()) == 0 {
				report(c.place, "the catalog has no services")
			}
		},
		decoding: true,
	},
	{
		Rule: Rule{
			ID: "services-elsewhere", Severity: SeverityError, Clause: "docs/catalog.md, Parts of files",
			Summary: "The services of a catalog are at the top of the file, or at the place that is named.",
			Fix:     "Name the place with --at, as in openbroker lint --at /broker/catalog FILE (catalog.LoadAt in Go).",
		},
		check:    checkElsewhere,
		decoding: true,
	},
	{
		Rule: Rule{
			ID: "cf-services-empty", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
			Summary: "A catalog has at least one service.",
			Fix:     "Add a service, or do not register the broker yet.",
		},
		check: func(c *checked, report report) {
			if services := c.member("services"); services.is(tree.Array) && len(services.node.Elements) == 0 {
				report(services, "services is empty")
			}
		},
	},
}

// requiredRules are about fields that must be there, and not be empty.
var requiredRules = []rule{
	missing("service", "id", offeringClause, "Add an id, best a new GUID, and never change it."),
	empty("service", "id", offeringClause, "Give it an id, best a new GUID, and never change it."),
	missing("service", "name", offeringClause, "Add a name that users can type."),
	empty("service", "name", offeringClause, "Give it a name that users can type."),
	missing("service", "description", offeringClause, "Add a short description."),
	empty("service", "description", offeringClause, "Give it a short description."),
	missing("service", "bindable", offeringClause, "Add bindable: true, or false if there is nothing to bind to."),
	missing("service", "plans", offeringClause, "Add plans: with at least one plan."),
	{
		Rule: Rule{
			ID: "service-plans-empty", Severity: SeverityError, Clause: offeringClause,
			Summary: "A service has at least one plan.",
			Fix:     "Add a plan, or remove the service.",
		},
		check: eachService(func(s *service, report report) {
			if plans := s.member("plans"); plans.is(tree.Array) && len(plans.node.Elements) == 0 {
				report(plans, "plans of %s is empty", title(s.place, "service"))
			}
		}),
	},
	missing("plan", "id", planClause, "Add an id, best a new GUID, and never change it."),
	empty("plan", "id", planClause, "Give it an id, best a new GUID, and never change it."),
	missing("plan", "name", planClause, "Add a name that users can type."),
	empty("plan", "name", planClause, "Give it a name that users can type."),
	missing("plan", "description", planClause, "Add a short description."),
	empty("plan", "description", planClause, "Give it a short description."),
	{
		Rule: Rule{
			ID: "cf-blank", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
			Summary: "Ids, names and descriptions consist of more than white space.",
			Fix:     "Give it a value that people can see.",
		},
		check: eachEntity(func(at *place, what string, report report) {
			for _, field := range []string{"id", "name", "description"} {
				if text, ok := at.member(field).text(); ok && text != "" && strings.TrimSpace(text) == "" {
					report(at.member(field), "the %s of %s is blank", field, title(at, what))
				}
			}
		}),
	},
}

func missing(what, field, clause, fix string) rule {
	return rule{
		Rule: Rule{
			ID: what + "-" + field + "-missing", Severity: SeverityError, Clause: clause,
			Summary: fmt.Sprintf("A %s has the field %s.", what, field),
			Fix:     fix,
		},
		check: eachEntity(func(at *place, kind string, report report) {
			if kind == what && !at.member(field).given() {
				report(at, "%s has no field %s", title(at, what), field)
			}
		}),
	}
}

func empty(what, field, clause, fix string) rule {
	return rule{
		Rule: Rule{
			ID: what + "-" + field + "-empty", Severity: SeverityError, Clause: clause,
			Summary: fmt.Sprintf("The %s of a %s is not empty.", field, what),
			Fix:     fix,
		},
		check: eachEntity(func(at *place, kind string, report report) {
			if text, ok := at.member(field).text(); ok && text == "" && kind == what {
				report(at.member(field), "the %s of %s is empty", field, title(at, what))
			}
		}),
	}
}

// title is what messages call a service or a plan: by its name, if it has one.
func title(at *place, what string) string {
	for _, field := range []string{"name", "id"} {
		if text, ok := at.member(field).text(); ok && strings.TrimSpace(text) != "" {
			return fmt.Sprintf("%s %q", what, printable(text))
		}
	}
	return fmt.Sprintf("%s %s", what, at.token)
}

// uniqueRules are about ids and names that stand for one thing.
var uniqueRules = []rule{
	{
		Rule: Rule{
			ID: "service-id-duplicate", Severity: SeverityError, Clause: offeringClause,
			Summary: "No two services have the same id.",
			Fix:     "Give the new one of the two an id of its own; never change the id of a service that has instances.",
		},
		check: func(c *checked, report report) {
			seen := uses{}
			for _, s := range c.services {
				seen.add(s.member("id"), "service id", report)
			}
		},
	},
	{
		Rule: Rule{
			ID: "service-name-duplicate", Severity: SeverityError, Clause: offeringClause,
			Summary: "No two services have the same name.",
			Fix:     "Rename one of the two.",
		},
		check: func(c *checked, report report) {
			seen := uses{}
			for _, s := range c.services {
				seen.add(s.member("name"), "service name", report)
			}
		},
	},
	{
		Rule: Rule{
			ID: "plan-id-duplicate", Severity: SeverityError, Clause: planClause,
			Summary: "No two plans of the catalog have the same id.",
			Fix:     "Give the new one of the two an id of its own; never change the id of a plan that has instances.",
		},
		check: func(c *checked, report report) {
			seen := uses{}
			for p := range c.plans() {
				seen.add(p.member("id"), "plan id", report)
			}
		},
	},
	{
		Rule: Rule{
			ID: "plan-name-duplicate", Severity: SeverityError, Clause: planClause,
			Summary: "No two plans of a service have the same name.",
			Fix:     "Rename one of the two.",
		},
		check: eachService(func(s *service, report report) {
			seen := uses{}
			for _, p := range s.plans {
				seen.add(p.member("name"), "plan name", report)
			}
		}),
	},
	{
		Rule: Rule{
			ID: "id-shared", Severity: SeverityWarning, Clause: offeringClause,
			Summary: "A plan does not have the id of a service.",
			Fix:     "Give the plan an id of its own while it has no instances.",
		},
		check: func(c *checked, report report) {
			services := uses{}
			for _, s := range c.services {
				services.add(s.member("id"), "", func(*place, string, ...any) {})
			}
			for p := range c.plans() {
				services.find(p.member("id"), "plan id", "by a service ", report)
			}
		},
	},
	{
		Rule: Rule{
			ID: "name-case", Severity: SeverityWarning, Clause: bodyClause,
			Summary: "Names do not differ in upper and lower case only.",
			Fix:     "Choose a name that people do not take for the other one.",
		},
		check: func(c *checked, report report) {
			services := uses{}
			for _, s := range c.services {
				services.fold(s.member("name"), "service name", report)
				plans := uses{}
				for _, p := range s.plans {
					plans.fold(p.member("name"), "plan name", report)
				}
			}
		},
	},
}

// uses are the places where values were seen first.
type uses map[string]*place

// add reports a value that was seen before.
func (u uses) add(at *place, what string, report report) {
	text, ok := at.text()
	if !ok || text == "" {
		return
	}
	if _, seen := u[text]; seen {
		u.find(at, what, "", report)
		return
	}
	u[text] = at
}

// find reports a value that was seen before, by something else.
func (u uses) find(at *place, what, whose string, report report) {
	if text, ok := at.text(); ok && u[text] != nil {
		report(at, "%s %q is already used %s%s", what, printable(text), whose, u[text].seenFrom(at))
	}
}

// fold reports a value that was seen before in another case.
func (u uses) fold(at *place, what string, report report) {
	text, ok := at.text()
	if !ok {
		return
	}
	folded := strings.ToLower(text)
	first := u[folded]
	if first == nil {
		u[folded] = at
	} else if first.node.Text != text {
		report(at, "%s %q is nearly %q %s", what, printable(text), printable(first.node.Text), first.seenFrom(at))
	}
}

// seenFrom says where a place is, as seen from another one.
func (p *place) seenFrom(other *place) string {
	switch {
	case p.at.File.Name == "":
		return "at " + p.pointer()
	case p.at.File == other.at.File:
		return fmt.Sprintf("on line %d", p.at.Line)
	default:
		return fmt.Sprintf("on line %d of %s", p.at.Line, p.at.File.Name)
	}
}
