package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
)

// entry is a service or plan of a catalog, as served.
type entry struct {
	where  string // "service db" or "plan db/small"
	object map[string]any
	parent map[string]any // the service of a plan, or nil
}

// services returns the services of a catalog that are objects.
func services(value any) []entry {
	array, _ := lookup(value, "services")
	list, _ := array.([]any)
	return entries(list, nil, "service ")
}

// plans returns the plans of all services that are objects.
func plans(value any) []entry {
	var all []entry
	for _, service := range services(value) {
		list, _ := service.object["plans"].([]any)
		all = append(all, entries(list, service.object, "plan "+label(service.object, 0)+"/")...)
	}
	return all
}

func entries(list []any, parent map[string]any, prefix string) []entry {
	var found []entry
	for i, element := range list {
		if object, ok := element.(map[string]any); ok {
			found = append(found, entry{where: prefix + label(object, i), object: object, parent: parent})
		}
	}
	return found
}

// label names a service or plan in messages.
func label(object map[string]any, index int) string {
	name, _ := object["name"].(string)
	id, _ := object["id"].(string)
	return clip(cmp.Or(name, id, fmt.Sprintf("#%d", index+1)), 60)
}

// catalogRule makes an expectation on all services or all plans of the catalog.
func catalogRule(words string, of func(any) []entry, fault func(entry) string) Expectation {
	return each(words, func(a *answer) string {
		for _, e := range of(a.json.value) {
			if what := fault(e); what != "" {
				return e.where + ": " + what
			}
		}
		return ""
	})
}

// member expects a member of each service or plan.
func member(of func(any) []entry, path string, k kind) Expectation {
	return catalogRule(fmt.Sprintf("%s is present and is %s", path, k.words), of, func(e entry) string {
		value, found := lookup(e.object, path)
		if !found {
			return path + " is missing"
		}
		return unless(k, path, value)
	})
}

// optional expects that members, if present, are of a kind.
func optional(of func(any) []entry, k kind, paths ...string) Expectation {
	return catalogRule(fmt.Sprintf("%s, if present: %s", quoted(paths), k.words), of, func(e entry) string {
		for _, path := range paths {
			if value, found := lookup(e.object, path); found && !k.is(value) {
				return unless(k, path, value)
			}
		}
		return ""
	})
}

// unique expects that a member differs among all services or plans.
func unique(of func(any) []entry, name string) Expectation {
	return uniqueAmong(name+" is unique", of, name, func(entry) string { return "" })
}

// uniqueWithinService expects that a member differs among the plans of each
// service.
func uniqueWithinService(name string) Expectation {
	return uniqueAmong(name+" is unique within the service", plans, name, func(e entry) string { return fmt.Sprintf("%p ", e.parent) })
}

// uniqueAmong expects that a member differs among the entries of each group.
func uniqueAmong(words string, of func(any) []entry, name string, group func(entry) string) Expectation {
	return each(words, func(a *answer) string {
		seen := map[string]string{}
		for _, e := range of(a.json.value) {
			value, ok := e.object[name].(string)
			if !ok {
				continue
			}
			key := group(e) + value
			if other, found := seen[key]; found {
				return fmt.Sprintf("%s and %s both have %s %s", other, e.where, name, show(value))
			}
			seen[key] = e.where
		}
		return ""
	})
}

// declares holds if a service or plan of the catalog has the member.
func declares(of func(any) []entry, path string) Condition {
	return when("the catalog has "+path, func(a *answer) bool {
		return slices.ContainsFunc(of(a.json.value), func(e entry) bool {
			_, found := lookup(e.object, path)
			return found
		})
	})
}

// inCatalog sets the scenario and step of checks of the catalog's content.
func inCatalog(checks []Check) []Check {
	for i := range checks {
		checks[i].Scenario, checks[i].Steps = "catalog", steps("catalog")
	}
	return checks
}

func catalogChecks() []Check {
	const section = "Catalog Management"
	const caching = "Brokers may support ETag and If-Modified-Since for the catalog."
	return []Check{
		{
			ID: "catalog-200", Title: "The catalog is served with status 200.", Level: Must,
			Clause:   spec(section, "A successful request is answered with 200."),
			Scenario: "catalog", Steps: steps("catalog"), Expect: expect(status(200)),
		},
		{
			ID: "catalog-services", Title: "The catalog has an array of services that are objects.", Level: Must,
			Clause:   spec(section, "services is required. It is an array of service offerings, which may be empty."),
			Scenario: "catalog", Steps: steps("catalog"),
			Expect: expect(has("services", kind{"an array of objects", func(v any) bool {
				list, ok := v.([]any)
				return ok && !slices.ContainsFunc(list, func(e any) bool { return !anObject.is(e) })
			}})),
		},
		{
			ID: "catalog-ids-stable", Title: "The ids of services and plans do not change between two reads.", Level: Must,
			Clause:   spec(section, "The id of a service or plan must not change across queries."),
			Scenario: "catalog", Steps: steps("catalog again"), Expect: expect(sameIDs("catalog")),
		},
		{
			ID: "catalog-etag-304", Title: "A conditional request for an unchanged catalog (If-None-Match) is answered with 304.", Level: May,
			Clause:   spec(section, caching),
			Scenario: "catalog", Steps: steps("catalog with its ETag"), Expect: expect(status(304)),
		},
		{
			ID: "catalog-conditional", Title: "A conditional request for the catalog is answered with 304 or the catalog.", Level: Must,
			Clause:   rfc("9110", "13.1.2", "A GET whose condition is false is answered with 304, or with 200 if the server ignores the condition."),
			Scenario: "catalog", Steps: steps("catalog with its ETag", "catalog since its Last-Modified"),
			Expect: expect(status(200, 304)),
		},
		{
			ID: "catalog-etag-stable", Title: "The same catalog has the same ETag.", Level: Should,
			Clause:   rfc("9110", "8.8.3", "An ETag identifies a representation: another ETag means another catalog."),
			Scenario: "catalog", Steps: steps("catalog again"), If: catalogHas("ETag"),
			Expect: []Expectation{Expectation{Words: "the ETag of the first read if the catalog is the same", each: func(j *judgement) string {
				first := j.record.last("catalog")
				one, two := first.header.Get("ETag"), j.answer.header.Get("ETag")
				if one == two || !bytes.Equal(first.body, j.answer.body) {
					return ""
				}
				return "ETag is " + show(two) + " instead of " + show(one)
			}}.against("catalog")},
		},
		{
			ID: "catalog-etag-other", Title: "A conditional request with another ETag is answered with the catalog.", Level: Must,
			Clause:   rfc("9110", "13.1.2", "If-None-Match is true for another ETag: the request is processed."),
			Scenario: "catalog", Steps: steps("catalog with another ETag"), Expect: expect(status(200), has("services", anArray)),
		},
		{
			ID: "catalog-last-modified-304", Title: "A conditional request for an unchanged catalog (If-Modified-Since) is answered with 304.", Level: May,
			Clause:   spec(section, caching),
			Scenario: "catalog", Steps: steps("catalog since its Last-Modified"), Expect: expect(status(304)),
		},
		{
			ID: "catalog-304-etag", Title: "A 304 has the ETag.", Level: Should,
			Clause:   rfc("9110", "15.4.5", "A 304 has the ETag that a 200 to the same request would have."),
			Scenario: "catalog", Steps: steps("catalog with its ETag"), If: withStatus(304), Expect: expect(headerSet("ETag")),
		},
		{
			ID: "catalog-modified-since", Title: "A conditional request with an old date is answered with the catalog.", Level: Must,
			Clause:   rfc("9110", "13.1.3", "The answer is 304 only if the catalog was not modified since the date."),
			Scenario: "catalog", Steps: steps("catalog since 1970"), Expect: expect(status(200)),
		},
		{
			ID: "catalog-last-modified", Title: "Last-Modified is a date, and not in the future.", Level: Must,
			Clause:   rfc("9110", "8.8.2.1", "Last-Modified must not be later than the time of the response."),
			Scenario: "catalog", Steps: steps("catalog"), If: catalogHas("Last-Modified"),
			Expect: expect(each("an HTTP date not later than Date", func(a *answer) string {
				modified, err := http.ParseTime(a.header.Get("Last-Modified"))
				if err != nil {
					return "Last-Modified is " + show(a.header.Get("Last-Modified"))
				}
				if now, err := http.ParseTime(a.header.Get("Date")); err == nil && modified.After(now) {
					return "Last-Modified is after Date: " + a.header.Get("Last-Modified")
				}
				return ""
			})),
		},
		{
			ID: "catalog-no-null", Title: "Objects without a value are left out of the catalog rather than null.", Level: May,
			Clause:   spec("Service Offering Object", "These members are objects; platforms treat null as absent."),
			Scenario: "catalog", Steps: steps("catalog"),
			Expect: expect(
				optional(services, notNull, "metadata", "dashboard_client"),
				optional(plans, notNull, optionalObjects()...),
			),
		},
		{
			ID: "catalog-unknown-query", Title: "Unknown query parameters are ignored.", Level: Should,
			Clause:   spec("Change Policy for Minor Versions", "A server ignores what it does not understand."),
			Scenario: "catalog", Steps: steps("catalog with an unknown query"), Expect: expect(status(200)),
		},
	}
}

// optionalObjects returns the members of a plan that are objects, by their paths.
func optionalObjects() []string {
	return []string{
		"metadata", "maintenance_info", "schemas", "schemas.service_instance", "schemas.service_instance.create",
		"schemas.service_instance.update", "schemas.service_binding", "schemas.service_binding.create",
		"schemas.service_instance.create.parameters", "schemas.service_instance.update.parameters",
		"schemas.service_binding.create.parameters",
	}
}

// sameIDs expects the ids of the catalog of an earlier step.
func sameIDs(step string) Expectation {
	ids := func(a *answer) []string {
		var found []string
		for _, e := range append(services(a.json.value), plans(a.json.value)...) {
			id, _ := e.object["id"].(string)
			found = append(found, id)
		}
		slices.Sort(found)
		return found
	}
	return Expectation{Words: "the ids of the first read", each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil || slices.Equal(ids(first), ids(j.answer)) {
			return ""
		}
		return "the ids of services or plans differ"
	}}.against(step)
}

func serviceChecks() []Check {
	const section = "Service Offering Object"
	return inCatalog([]Check{
		{
			ID: "service-name", Title: "Each service has a name.", Level: Must,
			Clause: spec(section, "name is required. It is a non-empty string."), Expect: expect(member(services, "name", text)),
		},
		{
			ID: "service-name-unique", Title: "No two services have the same name.", Level: Must,
			Clause: spec(section, "name is unique across all services."), Expect: expect(unique(services, "name")),
		},
		{
			ID: "service-name-cli-friendly", Title: "The names of services are CLI-friendly.", Level: Should,
			Clause: spec(section, "name should be CLI-friendly: letters, digits, periods and hyphens."),
			Expect: expect(optional(services, cliName, "name")),
		},
		{
			ID: "service-id", Title: "Each service has an id.", Level: Must,
			Clause: spec(section, "id is required. It is a non-empty string."), Expect: expect(member(services, "id", text)),
		},
		{
			ID: "service-id-unique", Title: "No two services have the same id.", Level: Must,
			Clause: spec(section, "id is globally unique."), Expect: expect(unique(services, "id")),
		},
		{
			ID: "service-id-guid", Title: "The ids of services are GUIDs.", Level: Should,
			Clause: spec(section, "id should be a GUID."), Expect: expect(optional(services, guid, "id")),
		},
		{
			ID: "service-description", Title: "Each service has a description.", Level: Must,
			Clause: spec(section, "description is required. It is a non-empty string."),
			Expect: expect(member(services, "description", text)),
		},
		{
			ID: "service-bindable", Title: "Each service says whether it is bindable.", Level: Must,
			Clause: spec(section, "bindable is required. It is a boolean."), Expect: expect(member(services, "bindable", aBoolean)),
		},
		{
			ID: "service-plans", Title: "Each service has at least one plan.", Level: Must,
			Clause: spec(section, "plans is required. It has at least one plan."),
			Expect: expect(member(services, "plans", kind{"a non-empty array of objects", func(v any) bool {
				list, ok := v.([]any)
				return ok && len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { return !anObject.is(e) })
			}})),
		},
		{
			ID: "service-tags", Title: "The tags of a service are an array of strings.", Level: Must,
			Clause: spec(section, "tags is an array of strings."), If: declares(services, "tags"),
			Expect: expect(optional(services, texts, "tags")),
		},
		{
			ID: "service-requires", Title: "A service requires only permissions that the specification defines.", Level: Must,
			Clause: spec(section, "requires is an array of syslog_drain, route_forwarding and volume_mount."),
			If:     declares(services, "requires"),
			Expect: expect(optional(services, kind{"an array of syslog_drain, route_forwarding, volume_mount", func(v any) bool {
				known := oneOf("syslog_drain", "route_forwarding", "volume_mount")
				list, ok := v.([]any)
				return ok && !slices.ContainsFunc(list, func(e any) bool { return !known.is(e) })
			}}, "requires")),
		},
		{
			ID: "service-flags", Title: "The flags of a service are booleans.", Level: Must,
			Clause: spec(section, "These members are booleans."),
			Expect: expect(optional(
				services, aBoolean,
				"instances_retrievable", "bindings_retrievable", "allow_context_updates", "plan_updateable",
			)),
		},
		{
			ID: "service-metadata", Title: "The metadata of a service is an object.", Level: Must,
			Clause: spec(section, "metadata is an object."), If: declares(services, "metadata"),
			Expect: expect(optional(services, anObject.or(null), "metadata")),
		},
		{
			ID: "service-strings-255", Title: "The strings of services have at most 255 characters.", Level: Should,
			Clause: spec("Catalog Management", "Strings should not exceed 255 characters because some platforms have limits."),
			Expect: expect(optional(services, atMost(255), "name", "id", "description")),
		},
		{
			ID: "service-dashboard-client", Title: "A dashboard client has an id and a secret.", Level: Must,
			Clause: profileDoc("Dashboard Client Object", "id and secret are required, non-empty strings."),
			If:     declares(services, "dashboard_client"),
			Expect: expect(catalogRule("dashboard_client, if present, has id and secret", services, func(e entry) string {
				client := e.object["dashboard_client"]
				if client == nil {
					return ""
				}
				for _, name := range []string{"id", "secret"} {
					value, _ := lookup(client, name)
					if !text.is(value) {
						return "dashboard_client." + name + " is missing or empty"
					}
				}
				return ""
			})),
		},
		{
			ID: "service-metadata-conventions", Title: "The metadata of services has the conventional types.", Level: Should,
			Clause: profileDoc("Service Metadata", "Metadata should use these conventional names and types."),
			If:     declares(services, "metadata"),
			Expect: expect(
				optional(
					services, aString, "metadata.displayName", "metadata.imageUrl", "metadata.longDescription",
					"metadata.providerDisplayName", "metadata.documentationUrl", "metadata.supportUrl",
				),
				optional(services, aBoolean, "metadata.shareable"),
			),
		},
	})
}
