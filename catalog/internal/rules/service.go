package rules

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// permissions are the permissions that a service may require.
var permissions = []string{openbroker.PermissionSyslogDrain, openbroker.PermissionRouteForwarding, openbroker.PermissionVolumeMount}

// serviceRules are about services.
var serviceRules = []Rule{
	{
		ID: "cloudfoundry-tags-long", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "The tags of a service have at most 2048 characters together.",
		Fix:     "Keep the tags that applications look for.",
		check: eachService(func(s *source.Service, report report) {
			length := 0
			for tag := range s.Member("tags").Elements() {
				text, _ := tag.Text()
				length += utf8.RuneCountInString(text)
			}
			if length > 2048 {
				report(s.Member("tags"), "the tags of %s have %d characters, more than 2048", title(s.Place, "service"), length)
			}
		}),
	},
	{
		ID: "tag-empty", Severity: SeverityWarning, Clause: goodSense,
		Summary: "Tags are not empty.",
		Fix:     "Remove the tag.",
		check: eachService(func(s *source.Service, report report) {
			for tag := range s.Member("tags").Elements() {
				if text, ok := tag.Text(); ok && strings.TrimSpace(text) == "" {
					report(tag, "a tag of %s is empty", title(s.Place, "service"))
				}
			}
		}),
	},
	{
		ID: "tag-duplicate", Severity: SeverityWarning, Clause: goodSense,
		Summary: "A service does not repeat a tag.",
		Fix:     "Remove the tag.",
		check:   eachService(func(s *source.Service, report report) { repeated(s.Member("tags"), "tag", report) }),
	},
	{
		ID: "requires-unknown", Severity: SeverityError, Clause: offeringClause,
		Summary: "The only permissions are syslog_drain, route_forwarding and volume_mount.",
		Fix:     "Use one of " + strings.Join(permissions, ", ") + ".",
		check: eachService(func(s *source.Service, report report) {
			for permission := range s.Member("requires").Elements() {
				if text, ok := permission.Text(); ok && !slices.Contains(permissions, text) {
					report(permission, "the permission %q does not exist%s", excerpt.Brief(text), suggestion(text, permissions))
				}
			}
		}),
	},
	{
		ID: "requires-duplicate", Severity: SeverityWarning, Clause: goodSense,
		Summary: "A service does not repeat a permission.",
		Fix:     "Remove the second permission.",
		check:   eachService(func(s *source.Service, report report) { repeated(s.Member("requires"), "permission", report) }),
	},
	{
		ID: "requires-missing", Severity: SeverityWarning, Clause: offeringClause,
		Summary: "A bindable service with a tag for a drain, a route service or a volume requires the permission for it.",
		Fix:     "Add the permission to requires: without it, platforms refuse bindings with syslog_drain_url, route_service_url or volume_mounts.",
		check:   eachService(checkRequiresMissing),
	},
	{
		ID: "requires-unbindable", Severity: SeverityWarning, Clause: offeringClause,
		Summary: "A service that requires permissions for bindings has a bindable plan.",
		Fix:     "Make a plan bindable, or remove requires.",
		check: eachService(func(s *source.Service, report report) {
			if requires := s.Member("requires"); requires.Is(tree.Array) && len(requires.Node.Elements) > 0 && neverBindable(s) {
				report(requires, "%s requires permissions for bindings, but cannot be bound", title(s.Place, "service"))
			}
		}),
	},
	{
		ID: "bindings-retrievable-unbindable", Severity: SeverityWarning, Clause: offeringClause,
		Summary: "A service whose bindings can be fetched has a bindable plan.",
		Fix:     "Make a plan bindable, or remove bindings_retrievable.",
		check: eachService(func(s *source.Service, report report) {
			if s.Member("bindings_retrievable").IsTrue() && neverBindable(s) {
				report(s.Member("bindings_retrievable"), "bindings of %s can be fetched, but no plan is bindable", title(s.Place, "service"))
			}
		}),
	},
}

// repeated reports repeated texts in a list.
func repeated(list *source.Place, what string, report report) {
	seen := map[string]bool{}
	for element := range list.Elements() {
		text, ok := element.Text()
		if ok && seen[text] {
			report(element, "the %s %q is repeated", what, excerpt.Brief(text))
		}
		seen[text] = true
	}
}

// neverBindable reports whether the service has plans, none of which is bindable.
func neverBindable(s *source.Service) bool {
	return len(s.Plans) > 0 && !slices.ContainsFunc(s.Plans, bindable)
}

// bindable reports whether a plan is bindable. The default is that of its service.
func bindable(p *source.Plan) bool {
	if own := p.Member("bindable"); own.Given() {
		return own.IsTrue()
	}
	return p.Service.Member("bindable").IsTrue()
}

// permissionOfTag maps tags to the permissions that they suggest for the bindings of a
// service.
var permissionOfTag = map[string]string{
	"syslog-drain": openbroker.PermissionSyslogDrain, "syslogdrain": openbroker.PermissionSyslogDrain, "log-drain": openbroker.PermissionSyslogDrain,
	"route-service": openbroker.PermissionRouteForwarding, "route-forwarding": openbroker.PermissionRouteForwarding, "routeservice": openbroker.PermissionRouteForwarding,
	"volume-mount": openbroker.PermissionVolumeMount, "volume-service": openbroker.PermissionVolumeMount, "volume": openbroker.PermissionVolumeMount,
	"nfs": openbroker.PermissionVolumeMount, "smb": openbroker.PermissionVolumeMount,
}

func checkRequiresMissing(s *source.Service, report report) {
	if neverBindable(s) {
		return
	}
	given := map[string]bool{}
	for permission := range s.Member("requires").Elements() {
		text, _ := permission.Text()
		given[text] = true
	}
	for tag := range s.Member("tags").Elements() {
		text, _ := tag.Text()
		permission := permissionOfTag[strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(text))]
		if permission != "" && !given[permission] {
			given[permission] = true
			report(tag, "the tag %q suggests bindings that require %s", excerpt.Brief(text), permission)
		}
	}
}
