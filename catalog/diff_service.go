package catalog

import (
	"maps"
	"slices"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/narrow"
)

// serviceFields compares the fields of two services.
func (s *site) serviceFields(old, next *openbroker.Service) {
	s.text("description", "description", old.Description, next.Description)
	if !sameSet(old.Tags, next.Tags) {
		s.record(ChangeModified, ImpactCompatible, "tags", "the tags have changed from %q to %q", old.Tags, next.Tags)
	}
	s.requires(old.Requires, next.Requires)
	s.defaults(old, next)
	s.ability("instances_retrievable", old.InstancesRetrievable, next.InstancesRetrievable, ImpactBreaking, "instances can no longer be fetched")
	s.ability("bindings_retrievable", old.BindingsRetrievable, next.BindingsRetrievable, ImpactBreaking, "bindings can no longer be fetched, and platforms refuse asynchronous bindings")
	s.ability("allow_context_updates", old.AllowContextUpdates, next.AllowContextUpdates, ImpactAttention, "platforms no longer send changes of the context of an instance")
	s.dashboardClient(old.DashboardClient, next.DashboardClient)
	s.serviceMetadata(old.Metadata, next.Metadata)
	s.extensions(old.Extensions, next.Extensions, "the service")
}

// defaults reports a changed default of the service unless it changes an ability of a
// plan, which planFields reports.
func (s *site) defaults(old, next *openbroker.Service) {
	for _, c := range []struct {
		field         string
		before, after bool
		of            func(*openbroker.Service, *openbroker.Plan) bool
	}{
		{"bindable", old.Bindable, next.Bindable, (*openbroker.Service).PlanBindable},
		{"plan_updateable", old.PlanUpdateable, next.PlanUpdateable, (*openbroker.Service).PlanChangeAllowed},
	} {
		if c.before == c.after || slices.ContainsFunc(old.Plans, func(p openbroker.Plan) bool {
			plan := next.Plan(p.ID)
			return plan != nil && c.of(old, &p) != c.of(next, plan)
		}) {
			continue
		}
		s.record(ChangeModified, ImpactCompatible, c.field, "the default of %s is now %t, which affects no existing plan", c.field, c.after)
	}
}

// requires compares permissions (spec.md, "Service Offering Object").
func (s *site) requires(old, next []string) {
	for _, permission := range next {
		if !slices.Contains(old, permission) {
			s.record(ChangeGranted, ImpactAttention, "requires", "the permission %q is now required: users must grant it to the service", permission)
		}
	}
	for _, permission := range old {
		if !slices.Contains(next, permission) {
			s.record(ChangeWithdrawn, ImpactAttention, "requires", "the permission %q is no longer required: platforms refuse bindings that need it", permission)
		}
	}
}

// dashboardClient never shows a secret.
func (s *site) dashboardClient(old, next *openbroker.DashboardClient) {
	const field = "dashboard_client"
	switch {
	case old == nil && next == nil:
	case old == nil:
		s.record(ChangeModified, ImpactCompatible, field, "the service now has a dashboard client: %q", next.ID)
	case next == nil:
		s.record(ChangeWithdrawn, ImpactAttention, field, "the dashboard client %q was removed: users can no longer log in to the dashboards of their instances", old.ID)
	default:
		if old.ID != next.ID {
			s.record(ChangeModified, ImpactAttention, field+"/id", "the dashboard client has changed from %q to %q: configure it in the dashboard", old.ID, next.ID)
		}
		if old.Secret != next.Secret {
			s.record(ChangeModified, ImpactAttention, field+"/secret", "the secret of the dashboard client has changed: configure it in the dashboard")
		}
		if old.RedirectURI != next.RedirectURI {
			s.record(ChangeModified, ImpactAttention, field+"/redirect_uri", "the redirect URI of the dashboard client has changed: the dashboard must be reachable there")
		}
		// The message leaves the values out, because they may be secret.
		if len(changedExtensions(old.Extensions, next.Extensions)) > 0 {
			s.record(ChangeModified, ImpactAttention, field, "extension fields of the dashboard client have changed")
		}
	}
}

func (s *site) serviceMetadata(old, next *openbroker.ServiceMetadata) {
	if old == nil {
		old = &openbroker.ServiceMetadata{}
	}
	if next == nil {
		next = &openbroker.ServiceMetadata{}
	}
	s.text("metadata/displayName", "display name", old.DisplayName, next.DisplayName)
	s.text("metadata/imageUrl", "image", old.ImageURL, next.ImageURL)
	s.text("metadata/longDescription", "long description", old.LongDescription, next.LongDescription)
	s.text("metadata/providerDisplayName", "name of the provider", old.ProviderDisplayName, next.ProviderDisplayName)
	s.text("metadata/documentationUrl", "URL of the documentation", old.DocumentationURL, next.DocumentationURL)
	s.text("metadata/supportUrl", "URL of the support", old.SupportURL, next.SupportURL)
	shareable := func(m *openbroker.ServiceMetadata) bool { return m.Shareable != nil && *m.Shareable }
	s.ability("metadata/shareable", shareable(old), shareable(next), ImpactAttention, "instances can no longer be shared with other spaces")
	s.extensions(old.Extensions, next.Extensions, "metadata")
}

// text compares a text for people. The message leaves the text out, because it may be
// long.
func (s *site) text(field, what, old, next string) {
	if old != next {
		s.record(ChangeModified, ImpactCompatible, field, "the %s has changed", what)
	}
}

// extensions compares fields that the specification does not define.
func (s *site) extensions(old, next openbroker.Extensions, of string) {
	within := map[string]string{"metadata": "metadata/", "maintenance_info": "maintenance_info/"}[of]
	for _, name := range changedExtensions(old, next) {
		field := within + jsonpointer.Escape(name)
		_, had := old[name]
		_, has := next[name]
		switch {
		case !had:
			s.record(ChangeAdded, ImpactCompatible, field, "%s now has the extension field %q", of, name)
		case !has:
			s.record(ChangeRemoved, ImpactCompatible, field, "%s no longer has the extension field %q", of, name)
		default:
			s.record(ChangeModified, ImpactCompatible, field, "the extension field %q of %s has changed", name, of)
		}
	}
}

func changedExtensions(old, next openbroker.Extensions) []string {
	names := map[string]bool{}
	for name, value := range old {
		other, there := next[name]
		names[name] = !there || !narrow.Same(value, other)
	}
	for name := range next {
		if _, there := old[name]; !there {
			names[name] = true
		}
	}
	maps.DeleteFunc(names, func(_ string, changed bool) bool { return !changed })
	return slices.Sorted(maps.Keys(names))
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}
