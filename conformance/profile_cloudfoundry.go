package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

func cloudFoundryScenario() Scenario {
	// as makes a request with the version of the Cloud Controller.
	as := func(request Request) Request { return request.head(versionHeader, "2.15") }
	bindable := []Feature{Bindable}
	return Scenario{
		Name: "cloud foundry", Title: "Create, update and delete an instance with the requests of the Cloud Controller.", Profile: CloudFoundry,
		Steps: []Step{
			{Name: "catalog at a double slash", Request: as(to(GetCatalog).at("//v2/catalog"))},
			{
				Name: "provision", Essential: []int{200, 201, 202},
				Request: as(to(Provision).set("maintenance_info", "{maintenance_info}")),
			},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "fetch", Needs: []Feature{InstancesRetrievable}, Request: as(to(FetchInstance).noQuery("service_id", "plan_id"))},
			{
				Name: "update", Needs: []Feature{ContextUpdates},
				Request: as(to(Update).set("previous_values.maintenance_info", nil).set("context.instance_name", "renamed")),
			},
			{Name: "update finished", WaitFor: "update"},
			{
				Name: "bind app", Needs: bindable,
				Request: as(to(Bind).set("app_guid", "{app}").set("bind_resource.space_guid", "{space}")),
			},
			{Name: "bind app finished", WaitFor: "bind app"},
			{
				Name: "bind key", Needs: bindable,
				Request: as(to(Bind).as("binding2").without("bind_resource").
					set("bind_resource", map[string]any{"credential_client_id": "{app}"})),
			},
			{Name: "bind key finished", WaitFor: "bind key"},
			{
				Name: "fetch binding", If: answered("bind app", 200, 201, 202), Needs: []Feature{BindingsRetrievable},
				Request: as(to(FetchBinding).noQuery("service_id", "plan_id")),
			},
			{Name: "unbind", If: answered("bind app", 200, 201, 202), Request: as(to(Unbind).noHead(identityHeader))},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "unbind key", If: answered("bind key", 200, 201, 202), Request: as(to(Unbind).as("binding2"))},
			{Name: "unbind key finished", WaitFor: "unbind key"},
			{Name: "deprovision", Request: as(to(Deprovision).noHead(identityHeader))},
			{Name: "deprovision finished", WaitFor: "deprovision"},
			{Name: "deprovision again", Request: as(to(Deprovision))},
		},
	}
}

func cloudFoundryChecks() []Check {
	const scenario = "cloud foundry"
	cc := func(section, says string) Clause { return platform(CloudFoundry, section, says) }
	return append([]Check{
		processed("cloudfoundry-double-slash", "A URL that ends in a slash works.", scenario, "catalog at a double slash",
			cc("requests", "A registered URL that ends in / makes the path begin with //v2/. After a redirect, PUT becomes GET."), 200),
		processed("cloudfoundry-provision", "A provision of the Cloud Controller is processed.", scenario, "provision",
			cc("requests", "It sends version 2.15, the context, and the maintenance_info of the catalog."), 200, 201, 202),
		processed("cloudfoundry-fetch", "A fetch of the Cloud Controller is processed.", scenario, "fetch",
			cc("requests", "GET requests have no query."), 200),
		processed("cloudfoundry-update", "An update of the Cloud Controller is processed.", scenario, "update",
			cc("requests", "previous_values.maintenance_info may be null."), 200, 202),
		{
			ID: "cloudfoundry-bind-app", Title: "A bind of an application is processed.", Level: Must, Scenario: scenario, Steps: steps("bind app"),
			Clause: cc("requests", "It sends app_guid, and bind_resource with app_guid and space_guid."),
			Expect: expect(status(200, 201, 202)),
		},
		{
			ID: "cloudfoundry-bind-key", Title: "A bind for a service key is processed, or refused with RequiresApp.", Level: Must,
			Clause:   cc("requests", "For service keys, bind_resource has credential_client_id and no app_guid."),
			Scenario: scenario, Steps: steps("bind key"), Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		processed("cloudfoundry-fetch-binding", "A fetch of a binding without a query is processed.", scenario, "fetch binding",
			cc("requests", "GET requests have no query."), 200),
		processed("cloudfoundry-unbind", "An unbind without a body and an originating identity is processed.", scenario, "unbind",
			cc("requests", "DELETE requests have no body. During orphan mitigation they have no originating identity."), 200, 202),
		processed("cloudfoundry-deprovision", "A deprovision without a body and an originating identity is processed.", scenario, "deprovision",
			cc("requests", "DELETE requests have no body. During orphan mitigation they have no originating identity."), 200, 202),
		{
			ID: "cloudfoundry-json-bodies", Title: "The body of a successful response or of a 410 is a JSON object.", Level: Must,
			Clause: cc("answers", "It decodes the body of every success and every 410."),
			If: when("the status is 200, 201, 202 or 410", func(a *answer) bool {
				return a.succeeded() || a.status == http.StatusGone
			}),
			Expect: expect(jsonObject()),
		},
		{
			ID: "cloudfoundry-known-422", Title: "A 422 to a provision or bind has an error code of the specification.", Level: Must,
			Clause: cc("answers", "A 422 with an unknown error code triggers orphan mitigation."),
			If:     withStatus(422), Endpoints: []Endpoint{Provision, Bind},
			Expect: expect(has("error", oneOf("AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict"))),
		},
		{
			ID: "cloudfoundry-within-60s", Title: "Every response comes within 60 s.", Level: Must,
			Clause: cc("timeouts", "It waits for 60 s."), Expect: expect(within(60 * time.Second)),
		},
		{
			ID: "cloudfoundry-dashboard-url", Title: "A dashboard_url has at most 16,000 characters.", Level: Must,
			Clause: cc("answers", "dashboard_url is a string of at most 16,000 characters."),
			If:     withValue("dashboard_url"), Expect: expect(maybe("dashboard_url", atMost(16_000))),
		},
		{
			ID: "cloudfoundry-operation-url-safe", Title: "An operation has only characters that need no escaping in a URL.", Level: Should,
			Clause: cc("answers", "Some clients do not escape the operation."), If: both(withStatus(202), withValue("operation")),
			Expect: expect(maybe("operation", kind{"a string of unreserved characters", func(v any) bool {
				s, ok := v.(string)
				return ok && unreserved.MatchString(s)
			}})),
		},
		{
			ID: "cloudfoundry-route-service-url", Title: "A route_service_url has the scheme https and a host.", Level: Must,
			Clause: cc("answers", "route_service_url must have the scheme https and a host."), If: withValue("route_service_url"),
			Expect: expect(maybe("route_service_url", kind{"an https URL with a host", func(v any) bool {
				s, _ := v.(string)
				u, err := url.Parse(s)
				return err == nil && u.Scheme == "https" && u.Host != ""
			}})),
		},
	}, inCatalog(cloudFoundryCatalogChecks())...)
}

var unreserved = regexp.MustCompile(`^[0-9A-Za-z._~-]*$`)

func within(limit time.Duration) Expectation {
	return each("a response within "+limit.String(), func(a *answer) string {
		if a.exchange.Duration > limit {
			return "the response took " + a.exchange.Duration.Round(time.Millisecond).String()
		}
		return ""
	})
}

func cloudFoundryCatalogChecks() []Check {
	rule := func(id, title, says string, condition Condition, expectations ...Expectation) Check {
		return Check{
			ID: "cloudfoundry-catalog-" + id, Title: title, Level: Must, Clause: platform(CloudFoundry, "catalog", says),
			If: condition, Expect: expectations,
		}
	}
	return []Check{
		rule("service", "The catalog has at least one service.", "It refuses a catalog without services.", Condition{},
			has("services", kind{"a non-empty array", func(v any) bool {
				list, ok := v.([]any)
				return ok && len(list) > 0
			}})),
		rule("blank", "Names, ids and descriptions are not blank.", "It refuses blank names, ids and descriptions.", Condition{},
			optional(services, notBlank, "name", "id", "description"), optional(plans, notBlank, "name", "id", "description")),
		rule("description", "Descriptions have at most 10,000 characters.", "description has at most 10,000 characters.", Condition{},
			optional(services, atMost(10_000), "description"), optional(plans, atMost(10_000), "description")),
		rule("tags", "The tags of a service have at most 2,048 characters in all.", "The joined tags have at most 2,048 characters.",
			declares(services, "tags"), optional(services, kind{"strings of at most 2,048 characters in all", func(v any) bool {
				list, _ := v.([]any)
				var all strings.Builder
				for _, tag := range list {
					s, _ := tag.(string)
					all.WriteString(s + ",")
				}
				return all.Len() <= 2049
			}}, "tags")),
		rule("dashboard-client", "A dashboard client has id, secret and redirect_uri, and a unique id.",
			"All three members are required. The ids of dashboard clients are unique.", declares(services, "dashboard_client"),
			dashboardClients()),
		rule("maintenance-info", "maintenance_info has only version and description.",
			"maintenance_info has at most 2,000 characters as JSON.", declares(plans, "maintenance_info"),
			optional(plans, kind{"an object with only version and description, of at most 2,000 characters", smallInfo}.or(null), "maintenance_info")),
		rule("schema-dialect", "Schemas have a draft from 1 to 4, or draft 6.", "It supports the drafts 1 to 4 and 6, and refuses others.",
			declares(plans, "schemas"), ofSchemas("draft-01 to draft-04, or draft-06", func(schema map[string]any) string {
				if dialect, _ := schema["$schema"].(string); !knownDraft.MatchString(dialect) {
					return "$schema is " + show(schema["$schema"])
				}
				return ""
			})),
		rule("shareable", "metadata.shareable is a boolean.", "shareable must be a boolean.", declares(services, "metadata.shareable"),
			optional(services, aBoolean, "metadata.shareable")),
	}
}

var (
	knownDraft = regexp.MustCompile(`^https?://json-schema\.org/draft-0[12346]/schema#?$`)
	notBlank   = kind{"not blank", func(v any) bool { s, ok := v.(string); return ok && strings.TrimSpace(s) != "" }}
)

func smallInfo(v any) bool {
	info, ok := v.(map[string]any)
	if !ok || len(info) == 0 {
		return false
	}
	encoded, err := json.Marshal(info)
	return err == nil && len(encoded) <= 2000 &&
		!slices.ContainsFunc(sorted(info), func(name string) bool { return name != "version" && name != "description" })
}

func dashboardClients() Expectation {
	return each("dashboard_client, if present, has id, secret and redirect_uri; no two have the same id", func(a *answer) string {
		seen := map[any]bool{}
		for _, e := range services(a.json.value) {
			client, found := e.object["dashboard_client"]
			if !found || client == nil {
				continue
			}
			for _, name := range []string{"id", "secret", "redirect_uri"} {
				if value, _ := lookup(client, name); !text.is(value) {
					return fmt.Sprintf("%s: dashboard_client.%s is missing or empty", e.where, name)
				}
			}
			id, _ := lookup(client, "id")
			if seen[id] {
				return e.where + ": another service has the same dashboard_client.id"
			}
			seen[id] = true
		}
		return ""
	})
}
