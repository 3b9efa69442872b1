package rules

import (
	"strconv"
	"unicode/utf8"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/semver"
	"github.com/openbroker/openbroker/internal/tree"
)

// planRules are about plans.
var planRules = []Rule{
	{
		ID: "plan-free-missing", Platforms: misreadBy(Korifi, Kubernetes), Clause: planClause,
		Summary: "A plan has the field free.",
		Fix:     "Add free: true, which is the default of the specification. These platforms assume false.",
		check: eachPlan(func(p *source.Plan, report report) {
			if !p.Member("free").Given() {
				report(p.Place, "%s has no field free", title(p.Place, "plan"))
			}
		}),
	},
	{
		ID: "plan-bindable-missing", Platforms: misreadBy(Korifi), Clause: planClause,
		Summary: "A plan of a bindable service has the field bindable.",
		Fix:     "Add bindable: true, which the specification inherits from the service. Korifi assumes false.",
		check: eachPlan(func(p *source.Plan, report report) {
			if !p.Member("bindable").Given() && p.Service.Member("bindable").IsTrue() {
				report(p.Place, "%s has no field bindable", title(p.Place, "plan"))
			}
		}),
	},
	{
		ID: "rotatable-unbindable", Severity: SeverityWarning, Clause: planClause,
		Summary: "A plan whose bindings can be rotated is bindable.",
		Fix:     "Make the plan bindable, or remove binding_rotatable.",
		check: eachPlan(func(p *source.Plan, report report) {
			if p.Member("binding_rotatable").IsTrue() && !bindable(p) {
				report(p.Member("binding_rotatable"), "bindings of %s can be rotated, but the plan is not bindable", title(p.Place, "plan"))
			}
		}),
	},
	{
		ID: "binding-schema-unbindable", Severity: SeverityWarning, Clause: schemasClause,
		Summary: "A plan with a schema for bindings is bindable.",
		Fix:     "Make the plan bindable, or remove schemas.service_binding.",
		check: eachPlan(func(p *source.Plan, report report) {
			if at := p.Path("schemas", "service_binding"); at.Given() && !bindable(p) {
				report(at, "%s has a schema for bindings, but is not bindable", title(p.Place, "plan"))
			}
		}),
	},
	{
		ID: "polling-duration-negative", Severity: SeverityError, Clause: planClause,
		Summary: "maximum_polling_duration is not negative.",
		Fix:     "Enter the seconds after which an operation counts as failed, such as 3600, or remove the field.",
		check: eachPlan(func(p *source.Plan, report report) {
			if seconds, ok := pollingDuration(p); ok && seconds < 0 {
				report(p.Member("maximum_polling_duration"), "maximum_polling_duration is negative")
			}
		}),
	},
	{
		ID: "polling-duration-zero", Severity: SeverityWarning, Clause: planClause,
		Summary: "maximum_polling_duration is not 0.",
		Fix:     "Enter the seconds after which an operation counts as failed, such as 3600, or remove the field: 0 does not mean unlimited.",
		check: eachPlan(func(p *source.Plan, report report) {
			if seconds, ok := pollingDuration(p); ok && seconds == 0 {
				report(p.Member("maximum_polling_duration"), "maximum_polling_duration is 0: operations fail at the first poll")
			}
		}),
	},
	{
		ID: "polling-duration-long", Severity: SeverityWarning, Clause: cloudController,
		Summary: "maximum_polling_duration is at most a week (604800).",
		Fix:     "Enter seconds, not milliseconds. Cloud Foundry applies its own limit, a week by default.",
		check: eachPlan(func(p *source.Plan, report report) {
			if seconds, ok := pollingDuration(p); ok && seconds > 7*24*3600 {
				report(p.Member("maximum_polling_duration"), "maximum_polling_duration is %d seconds, more than a week", seconds)
			}
		}),
	},
}

func pollingDuration(p *source.Plan) (seconds int, ok bool) {
	at := p.Member("maximum_polling_duration")
	if !at.Is(tree.Number) || !isInteger(at.Node.Text) {
		return 0, false
	}
	seconds, err := strconv.Atoi(at.Node.Text)
	return seconds, err == nil
}

// maintenanceRules are about maintenance_info.
var maintenanceRules = []Rule{
	{
		ID: "maintenance-version-missing", Severity: SeverityError, Clause: maintenanceClause,
		Summary: "maintenance_info has a version.",
		Fix:     "Add version: 1.0.0, or remove maintenance_info.",
		check: eachMaintenance(func(info *source.Place, report report) {
			if !info.Member("version").Given() {
				report(info, "maintenance_info has no version")
			}
		}),
	},
	{
		ID: "maintenance-version-invalid", Severity: SeverityError, Clause: maintenanceClause,
		Summary: "maintenance_info.version is a semantic version 2.0.",
		Fix:     "Write three numbers without leading zeros and without a v, such as 2.1.0 or 2.1.0-rc.1+build.5.",
		check: eachMaintenance(func(info *source.Place, report report) {
			if version, ok := info.Member("version").Text(); ok && !semver.Valid(version) {
				report(info.Member("version"), "%q is not a semantic version", excerpt.Brief(version))
			}
		}),
	},
	{
		ID: "cloudfoundry-maintenance-field", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "maintenance_info has only the fields version and description.",
		Fix:     "Move the field into the metadata of the plan.",
		check: eachMaintenance(func(info *source.Place, report report) {
			for member := range info.Members() {
				if source.MaintenanceShape.Field(member.Token) == nil {
					report(member, "maintenance_info cannot have the field %s", excerpt.Brief(member.Token))
				}
			}
		}),
	},
	{
		ID: "cloudfoundry-maintenance-long", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "maintenance_info has at most 2000 characters as JSON.",
		Fix:     "Shorten the description.",
		check: eachMaintenance(func(info *source.Place, report report) {
			if length := utf8.RuneCount(info.Node.JSON()); length > 2000 {
				report(info, "maintenance_info has %d characters as JSON, more than 2000", length)
			}
		}),
	},
}

func eachMaintenance(check func(info *source.Place, report report)) check {
	return eachPlan(func(p *source.Plan, report report) {
		if info := p.Member("maintenance_info"); info.Is(tree.Object) {
			check(info, report)
		}
	})
}
