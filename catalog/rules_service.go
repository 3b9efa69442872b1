package catalog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/tree"
)

// permissions are what a service may require.
var permissions = []string{openbroker.PermissionSyslogDrain, openbroker.PermissionRouteForwarding, openbroker.PermissionVolumeMount}

// serviceRules are about services.
var serviceRules = []rule{
	{
		Rule: Rule{
			ID: "cf-tags-long", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
			Summary: "The tags of a service have at most 2048 characters together.",
			Fix:     "Keep the tags that applications look for.",
		},
		check: eachService(func(s *service, report report) {
			length := 0
			for tag := range s.member("tags").elements() {
				text, _ := tag.text()
				length += utf8.RuneCountInString(text)
			}
			if length > 2048 {
				report(s.member("tags"), "the tags of %s have %d characters, more than 2048", title(s.place, "service"), length)
			}
		}),
	},
	{
		Rule: Rule{
			ID: "tag-empty", Severity: SeverityWarning, Clause: goodSense,
			Summary: "Tags are not empty.",
			Fix:     "Remove the tag.",
		},
		check: eachService(func(s *service, report report) {
			for tag := range s.member("tags").elements() {
				if text, ok := tag.text(); ok && strings.TrimSpace(text) == "" {
					report(tag, "a tag of %s is empty", title(s.place, "service"))
				}
			}
		}),
	},
	{
		Rule: Rule{
			ID: "tag-duplicate", Severity: SeverityWarning, Clause: goodSense,
			Summary: "A service has each tag once.",
			Fix:     "Remove the tag.",
		},
		check: eachService(func(s *service, report report) { repeated(s.member("tags"), "tag", report) }),
	},
	{
		Rule: Rule{
			ID: "requires-unknown", Severity: SeverityError, Clause: offeringClause,
			Summary: "A service requires syslog_drain, route_forwarding or volume_mount, if anything.",
			Fix:     "Use one of " + strings.Join(permissions, ", ") + ".",
		},
		check: eachService(func(s *service, report report) {
			for permission := range s.member("requires").elements() {
				if text, ok := permission.text(); ok && !slices.Contains(permissions, text) {
					report(permission, "the permission %q does not exist%s", printable(text), suggestion(text, permissions))
				}
			}
		}),
	},
	{
		Rule: Rule{
			ID: "requires-duplicate", Severity: SeverityWarning, Clause: goodSense,
			Summary: "A service requires each permission once.",
			Fix:     "Remove the second one.",
		},
		check: eachService(func(s *service, report report) { repeated(s.member("requires"), "permission", report) }),
	},
	{
		Rule: Rule{
			ID: "requires-missing", Severity: SeverityWarning, Clause: offeringClause,
			Summary: "A bindable service that calls itself a drain, a route service or a volume requires the permission for it.",
			Fix:     "Add the permission to requires: without it platforms refuse the binding's syslog_drain_url, route_service_url or volume_mounts.",
		},
		check: eachService(checkRequiresMissing),
	},
	{
		Rule: Rule{
			ID: "requires-unbindable", Severity: SeverityWarning, Clause: offeringClause,
			Summary: "A service that requires permissions for bindings has a bindable plan.",
			Fix:     "Make a plan bindable, or remove requires.",
		},
		check: eachService(func(s *service, report report) {
			if requires := s.member("requires"); requires.is(tree.Array) && len(requires.node.Elements) > 0 && s.neverBindable() {
				report(requires, "%s requires permissions for bindings, but cannot be bound", title(s.place, "service"))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "bindings-retrievable-unbindable", Severity: SeverityWarning, Clause: offeringClause,
			Summary: "A service whose bindings can be fetched has a bindable plan.",
			Fix:     "Make a plan bindable, or remove bindings_retrievable.",
		},
		check: eachService(func(s *service, report report) {
			if s.member("bindings_retrievable").isTrue() && s.neverBindable() {
				report(s.member("bindings_retrievable"), "bindings of %s can be fetched, but there are none: no plan is bindable", title(s.place, "service"))
			}
		}),
	},
}

// repeated reports texts that are in a list twice.
func repeated(list *place, what string, report report) {
	seen := map[string]bool{}
	for element := range list.elements() {
		text, ok := element.text()
		if ok && seen[text] {
			report(element, "the %s %q is there twice", what, printable(text))
		}
		seen[text] = true
	}
}

// neverBindable reports whether the service has plans, and none of them is
// bindable.
func (s *service) neverBindable() bool {
	return len(s.plans) > 0 && !slices.ContainsFunc(s.plans, (*plan).bindable)
}

// bindable reports whether the plan, or else its service, says so.
func (p *plan) bindable() bool {
	if own := p.member("bindable"); own.given() {
		return own.isTrue()
	}
	return p.service.member("bindable").isTrue()
}

// telling are tags with which a service says what its bindings have.
var telling = map[string]string{
	"syslog-drain": openbroker.PermissionSyslogDrain, "syslogdrain": openbroker.PermissionSyslogDrain, "log-drain": openbroker.PermissionSyslogDrain,
	"route-service": openbroker.PermissionRouteForwarding, "route-forwarding": openbroker.PermissionRouteForwarding, "routeservice": openbroker.PermissionRouteForwarding,
	"volume-mount": openbroker.PermissionVolumeMount, "volume-service": openbroker.PermissionVolumeMount, "volume": openbroker.PermissionVolumeMount,
	"nfs": openbroker.PermissionVolumeMount, "smb": openbroker.PermissionVolumeMount,
}

func checkRequiresMissing(s *service, report report) {
	if s.neverBindable() {
		return
	}
	given := map[string]bool{}
	for permission := range s.member("requires").elements() {
		text, _ := permission.text()
		given[text] = true
	}
	for tag := range s.member("tags").elements() {
		text, _ := tag.text()
		permission := telling[strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(text))]
		if permission != "" && !given[permission] {
			given[permission] = true
			report(tag, "the tag %q speaks of a binding that requires %s", printable(text), permission)
		}
	}
}
