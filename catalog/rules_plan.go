package catalog

import (
	"strconv"
	"unicode/utf8"

	"github.com/openbroker/openbroker/internal/semver"
	"github.com/openbroker/openbroker/internal/tree"
)

// planRules are about plans.
var planRules = []rule{
	{
		Rule: Rule{
			ID: "plan-free-missing", Platforms: misreadBy(Korifi, Kubernetes), Clause: planClause,
			Summary: "A plan says whether it is free.",
			Fix:     "Add free: true, which the specification reads out of its absence; these platforms read false.",
		},
		check: eachPlan(func(p *plan, report report) {
			if !p.member("free").given() {
				report(p.place, "%s does not say whether it is free", title(p.place, "plan"))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "plan-bindable-missing", Platforms: misreadBy(Korifi), Clause: planClause,
			Summary: "A plan of a bindable service says whether it is bindable.",
			Fix:     "Add bindable: true, which the specification takes from the service; Korifi reads false.",
		},
		check: eachPlan(func(p *plan, report report) {
			if !p.member("bindable").given() && p.service.member("bindable").isTrue() {
				report(p.place, "%s does not say whether it is bindable", title(p.place, "plan"))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "rotatable-unbindable", Severity: SeverityWarning, Clause: planClause,
			Summary: "A plan whose bindings can be rotated is bindable.",
			Fix:     "Make the plan bindable, or remove binding_rotatable.",
		},
		check: eachPlan(func(p *plan, report report) {
			if p.member("binding_rotatable").isTrue() && !p.bindable() {
				report(p.member("binding_rotatable"), "bindings of %s can be rotated, but there are none: it is not bindable", title(p.place, "plan"))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "binding-schema-unbindable", Severity: SeverityWarning, Clause: schemasClause,
			Summary: "A plan with a schema for bindings is bindable.",
			Fix:     "Make the plan bindable, or remove schemas.service_binding.",
		},
		check: eachPlan(func(p *plan, report report) {
			if at := p.path("schemas", "service_binding"); at.given() && !p.bindable() {
				report(at, "%s has a schema for bindings, but is not bindable", title(p.place, "plan"))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "polling-duration-negative", Severity: SeverityError, Clause: planClause,
			Summary: "maximum_polling_duration is not negative.",
			Fix:     "Give the seconds after which an operation has failed, such as 3600, or remove the field.",
		},
		check: eachPlan(func(p *plan, report report) {
			if seconds, ok := p.pollingDuration(); ok && seconds < 0 {
				report(p.member("maximum_polling_duration"), "maximum_polling_duration is negative")
			}
		}),
	},
	{
		Rule: Rule{
			ID: "polling-duration-zero", Severity: SeverityWarning, Clause: planClause,
			Summary: "maximum_polling_duration is not 0.",
			Fix:     "Give the seconds after which an operation has failed, such as 3600, or remove the field: 0 does not mean that there is no limit.",
		},
		check: eachPlan(func(p *plan, report report) {
			if seconds, ok := p.pollingDuration(); ok && seconds == 0 {
				report(p.member("maximum_polling_duration"), "maximum_polling_duration is 0: operations fail at the first poll")
			}
		}),
	},
	{
		Rule: Rule{
			ID: "polling-duration-long", Severity: SeverityWarning, Clause: cloudController,
			Summary: "maximum_polling_duration is at most a week (604800).",
			Fix:     "Give seconds, not milliseconds. Cloud Foundry takes no more than its own limit, a week by default.",
		},
		check: eachPlan(func(p *plan, report report) {
			if seconds, ok := p.pollingDuration(); ok && seconds > 7*24*3600 {
				report(p.member("maximum_polling_duration"), "maximum_polling_duration is %d seconds, more than a week", seconds)
			}
		}),
	},
}

func (p *plan) pollingDuration() (seconds int, ok bool) {
	at := p.member("maximum_polling_duration")
	if !at.is(tree.Number) || !isInteger(at.node.Text) {
		return 0, false
	}
	seconds, err := strconv.Atoi(at.node.Text)
	return seconds, err == nil
}

// maintenanceRules are about maintenance_info.
var maintenanceRules = []rule{
	{
		Rule: Rule{
			ID: "maintenance-version-missing", Severity: SeverityError, Clause: maintenanceClause,
			Summary: "maintenance_info has a version.",
			Fix:     "Add version: 1.0.0, or remove maintenance_info.",
		},
		check: eachMaintenance(func(info *place, report report) {
			if !info.member("version").given() {
				report(info, "maintenance_info has no version")
			}
		}),
	},
	{
		Rule: Rule{
			ID: "maintenance-version-invalid", Severity: SeverityError, Clause: maintenanceClause,
			Summary: "maintenance_info.version is a semantic version 2.0.",
			Fix:     "Write three numbers without leading zeros, such as 2.1.0, if need be with -pre and +build behind them; no v in front.",
		},
		check: eachMaintenance(func(info *place, report report) {
			if version, ok := info.member("version").text(); ok && !semver.Valid(version) {
				report(info.member("version"), "%q is no semantic version", printable(version))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "cf-maintenance-field", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
			Summary: "maintenance_info has no fields but version and description.",
			Fix:     "Move the field into the metadata of the plan.",
		},
		check: eachMaintenance(func(info *place, report report) {
			for member := range info.members() {
				if maintenanceShape.field(member.token) == nil {
					report(member, "maintenance_info cannot have the field %s", printable(member.token))
				}
			}
		}),
	},
	{
		Rule: Rule{
			ID: "cf-maintenance-long", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
			Summary: "maintenance_info has at most 2000 characters as JSON.",
			Fix:     "Shorten the description.",
		},
		check: eachMaintenance(func(info *place, report report) {
			if length := utf8.RuneCount(info.node.JSON()); length > 2000 {
				report(info, "maintenance_info has %d characters as JSON, more than 2000", length)
			}
		}),
	},
}

func eachMaintenance(check func(info *place, report report)) check {
	return eachPlan(func(p *plan, report report) {
		if info := p.member("maintenance_info"); info.is(tree.Object) {
			check(info, report)
		}
	})
}
