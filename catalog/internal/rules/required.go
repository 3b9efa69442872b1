package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// catalogRules are about the catalog itself.
var catalogRules = []Rule{
	{
		ID: "services-missing", Severity: SeverityError, Clause: bodyClause,
		Summary: "A catalog has services.",
		Fix:     "Add services: with the list of services.",
		check: func(c *checked, report report) {
			if c.Is(tree.Object) && !c.Member("services").Given() && len(c.Elsewhere()) == 0 {
				report(c.Place, "the catalog has no services")
			}
		},
		decoding: true,
	},
	{
		ID: "services-elsewhere", Severity: SeverityError, Clause: "docs/catalog.md, Parts of files",
		Summary:  "The services of a catalog are at the top of the file, or at the place that --at names.",
		Fix:      "Name the place with --at, as in openbroker lint --at /broker/catalog FILE (catalog.LoadSourceAt in Go).",
		check:    checkElsewhere,
		decoding: true,
	},
	{
		ID: "cloudfoundry-services-empty", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "A catalog has at least one service.",
		Fix:     "Add a service, or do not register the broker yet.",
		check: func(c *checked, report report) {
			if services := c.Member("services"); services.Is(tree.Array) && len(services.Node.Elements) == 0 {
				report(services, "services is empty")
			}
		},
	},
}

// requiredRules are about required fields, which must not be empty.
var requiredRules = []Rule{
	missing("service", "id", offeringClause, "Add an id, preferably a new GUID, and never change it."),
	empty("service", "id", offeringClause, "Enter an id, preferably a new GUID, and never change it."),
	missing("service", "name", offeringClause, "Add a name that users can type."),
	empty("service", "name", offeringClause, "Enter a name that users can type."),
	missing("service", "description", offeringClause, "Add a short description."),
	empty("service", "description", offeringClause, "Enter a short description."),
	missing("service", "bindable", offeringClause, "Add bindable: true, or bindable: false if the service has no bindings."),
	missing("service", "plans", offeringClause, "Add plans: with at least one plan."),
	{
		ID: "service-plans-empty", Severity: SeverityError, Clause: offeringClause,
		Summary: "A service has at least one plan.",
		Fix:     "Add a plan, or remove the service.",
		check: eachService(func(s *source.Service, report report) {
			if plans := s.Member("plans"); plans.Is(tree.Array) && len(plans.Node.Elements) == 0 {
				report(plans, "plans of %s is empty", title(s.Place, "service"))
			}
		}),
	},
	missing("plan", "id", planClause, "Add an id, preferably a new GUID, and never change it."),
	empty("plan", "id", planClause, "Enter an id, preferably a new GUID, and never change it."),
	missing("plan", "name", planClause, "Add a name that users can type."),
	empty("plan", "name", planClause, "Enter a name that users can type."),
	missing("plan", "description", planClause, "Add a short description."),
	empty("plan", "description", planClause, "Enter a short description."),
	{
		ID: "cloudfoundry-blank", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "Ids, names and descriptions consist of more than white space.",
		Fix:     "Enter a visible value.",
		check: eachEntity(func(at *source.Place, what string, report report) {
			for _, field := range []string{"id", "name", "description"} {
				if text, ok := at.Member(field).Text(); ok && text != "" && strings.TrimSpace(text) == "" {
					report(at.Member(field), "the %s of %s is blank", field, title(at, what))
				}
			}
		}),
	},
}

func missing(what, field, clause, fix string) Rule {
	return Rule{
		ID: what + "-" + field + "-missing", Severity: SeverityError, Clause: clause,
		Summary: fmt.Sprintf("A %s has the field %s.", what, field),
		Fix:     fix,
		check: eachEntity(func(at *source.Place, kind string, report report) {
			if kind == what && !at.Member(field).Given() {
				report(at, "%s has no field %s", title(at, what), field)
			}
		}),
	}
}

func empty(what, field, clause, fix string) Rule {
	return Rule{
		ID: what + "-" + field + "-empty", Severity: SeverityError, Clause: clause,
		Summary: fmt.Sprintf("The %s of a %s is not empty.", field, what),
		Fix:     fix,
		check: eachEntity(func(at *source.Place, kind string, report report) {
			if text, ok := at.Member(field).Text(); ok && text == "" && kind == what {
				report(at.Member(field), "the %s of %s is empty", field, title(at, what))
			}
		}),
	}
}

// title returns the service or plan for a message, by its name, id or index.
func title(at *source.Place, what string) string {
	for _, field := range []string{"name", "id"} {
		if text, ok := at.Member(field).Text(); ok && strings.TrimSpace(text) != "" {
			return fmt.Sprintf("%s %q", what, excerpt.Brief(text))
		}
	}
	return fmt.Sprintf("%s %s", what, at.Token)
}

// uniqueRules are about ids and names that must be unique.
var uniqueRules = []Rule{
	{
		ID: "service-id-duplicate", Severity: SeverityError, Clause: offeringClause,
		Summary: "No two services have the same id.",
		Fix:     "Give the newer service another id. Never change the id of a service that has instances.",
		check: func(c *checked, report report) {
			seen := uses{}
			for _, s := range c.Services {
				seen.add(s.Member("id"), "service id", report)
			}
		},
	},
	{
		ID: "service-name-duplicate", Severity: SeverityError, Clause: offeringClause,
		Summary: "No two services have the same name.",
		Fix:     "Rename one of them.",
		check: func(c *checked, report report) {
			seen := uses{}
			for _, s := range c.Services {
				seen.add(s.Member("name"), "service name", report)
			}
		},
	},
	{
		ID: "plan-id-duplicate", Severity: SeverityError, Clause: planClause,
		Summary: "No two plans of the catalog have the same id.",
		Fix:     "Give the newer plan another id. Never change the id of a plan that has instances.",
		check: func(c *checked, report report) {
			seen := uses{}
			for p := range c.Plans() {
				seen.add(p.Member("id"), "plan id", report)
			}
		},
	},
	{
		ID: "plan-name-duplicate", Severity: SeverityError, Clause: planClause,
		Summary: "No two plans of a service have the same name.",
		Fix:     "Rename one of them.",
		check: eachService(func(s *source.Service, report report) {
			seen := uses{}
			for _, p := range s.Plans {
				seen.add(p.Member("name"), "plan name", report)
			}
		}),
	},
	{
		ID: "id-shared", Severity: SeverityWarning, Clause: offeringClause,
		Summary: "A plan does not have the id of a service.",
		Fix:     "Give the plan another id while it has no instances.",
		check: func(c *checked, report report) {
			services := uses{}
			for _, s := range c.Services {
				services.add(s.Member("id"), "", func(*source.Place, string, ...any) {})
			}
			for p := range c.Plans() {
				services.find(p.Member("id"), "plan id", "by a service ", report)
			}
		},
	},
	{
		ID: "name-case", Severity: SeverityWarning, Clause: bodyClause,
		Summary: "Names differ in more than upper and lower case.",
		Fix:     "Choose a name that users cannot confuse with the other one.",
		check: func(c *checked, report report) {
			services := uses{}
			for _, s := range c.Services {
				services.fold(s.Member("name"), "service name", report)
				plans := uses{}
				for _, p := range s.Plans {
					plans.fold(p.Member("name"), "plan name", report)
				}
			}
		},
	},
}

// uses has the first place of each value.
type uses map[string]*source.Place

// add reports a repeated value.
func (u uses) add(at *source.Place, what string, report report) {
	text, ok := at.Text()
	if !ok || text == "" {
		return
	}
	if _, seen := u[text]; seen {
		u.find(at, what, "", report)
		return
	}
	u[text] = at
}

// find reports a value that another object uses.
func (u uses) find(at *source.Place, what, whose string, report report) {
	if text, ok := at.Text(); ok && u[text] != nil {
		report(at, "%s %q is already used %s%s", what, excerpt.Brief(text), whose, u[text].SeenFrom(at))
	}
}

// fold reports a value that differs from an earlier one in case only.
func (u uses) fold(at *source.Place, what string, report report) {
	text, ok := at.Text()
	if !ok {
		return
	}
	folded := strings.ToLower(text)
	first := u[folded]
	if first == nil {
		u[folded] = at
	} else if first.Node.Text != text {
		report(at, "%s %q differs from %q %s in case only", what, excerpt.Brief(text), excerpt.Brief(first.Node.Text), first.SeenFrom(at))
	}
}

// checkElsewhere reports services that are not at the top of the file.
func checkElsewhere(c *checked, report report) {
	found := c.Elsewhere()
	if len(found) == 0 {
		return
	}
	others := ""
	if len(found) > 1 {
		pointers := make([]string, len(found)-1)
		for i, at := range found[1:] {
			pointers[i] = at.Pointer() + " (line " + strconv.Itoa(at.At.Line) + ")"
		}
		others = "; more are at " + strings.Join(pointers, ", ")
	}
	report(found[0], "the services are here, at %s, instead of at the top of the file%s", found[0].Pointer(), others)
}
