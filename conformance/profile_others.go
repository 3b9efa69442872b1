package conformance

import (
	"net/http"
	"time"
)

func kubernetesScenario() Scenario {
	place := map[string]any{
		"platform": "kubernetes", "namespace": "05bc4ec0", "clusterid": "05bc4ec0-cluster", "instance_name": "05bc4ec0",
	}
	as := func(request Request) Request {
		return request.head(versionHeader, "2.14").head(identityHeader, "kubernetes {base64 kubernetes}")
	}
	bare := func(request Request) Request { return as(request).noHead("Accept").noHead("Content-Type") }
	provision := as(to(Provision).without("context").set("context", place).
		set("organization_guid", "05bc4ec0-namespace").set("space_guid", "05bc4ec0-namespace"))
	return Scenario{
		Name: "kubernetes", Title: "Create, update and delete an instance with the requests of the Kubernetes service catalog.", Profile: Kubernetes,
		Steps: []Step{
			{Name: "provision", Essential: []int{200, 201, 202}, Request: provision},
			{Name: "provision finished", WaitFor: "provision"},
			{
				Name: "update", Needs: []Feature{ContextUpdates},
				Request: as(to(Update).without("context").set("context", place).without("previous_values")),
			},
			{Name: "update finished", WaitFor: "update"},
			{
				Name: "bind", Needs: []Feature{Bindable},
				Request: as(to(Bind).without("context").set("context", place).without("bind_resource").
					set("bind_resource", map[string]any{"app_guid": "05bc4ec0-namespace"})),
			},
			{Name: "bind finished", WaitFor: "bind"},
			{Name: "unbind", If: answered("bind", 200, 201, 202), Request: bare(to(Unbind))},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "deprovision", Request: bare(to(Deprovision)), Essential: []int{200, 202}},
			{Name: "deprovision finished", WaitFor: "deprovision"},
			{Name: "provision again", Request: provision},
			{Name: "provision again finished", WaitFor: "provision again"},
			{Name: "deprovision again", Request: as(to(Deprovision))},
		},
	}
}

func kubernetesChecks() []Check {
	const scenario = "kubernetes"
	sc := func(section, says string) Clause { return platform(Kubernetes, section, says) }
	said := func(id, code, words string) Check {
		return Check{
			ID: "kubernetes-description-" + id, Level: Should, Title: "The description of " + code + " is the text that clients compare.",
			Clause: sc("answers", "The client compares three descriptions literally. The specification gives them only as examples."),
			If: when("the error is "+code, func(a *answer) bool {
				return a.status == http.StatusUnprocessableEntity && a.errorCode() == code
			}),
			Expect: expect(has("description", oneOf(words))),
		}
	}
	limit := func(id, title string, of func(any) []entry) Check {
		return Check{
			ID: "kubernetes-" + id, Title: title, Level: Must,
			Clause:   sc("catalog", "Ids and names have at most 63 characters."),
			Scenario: "catalog", Steps: steps("catalog"), Expect: expect(optional(of, atMost(63), "id", "name")),
		}
	}
	return []Check{
		processed("kubernetes-provision", "A provision with the context of Kubernetes is processed.", scenario, "provision",
			sc("requests", "It sends version 2.14, and namespace and clusterid in the context."), 200, 201, 202),
		processed("kubernetes-update", "An update without plan_id and parameters is processed.", scenario, "update",
			sc("requests", "It omits plan_id and parameters if they do not change."), 200, 202),
		{
			ID: "kubernetes-bind", Title: "A bind with the context of Kubernetes is processed, or refused with RequiresApp.", Level: Must,
			Clause:   sc("requests", "app_guid is the id of the namespace."),
			Scenario: scenario, Steps: steps("bind"), Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		processed("kubernetes-unbind", "An unbind without Accept and Content-Type is processed.", scenario, "unbind",
			sc("requests", "It sends version 2.14. DELETE requests have no Accept and no Content-Type."), 200, 202),
		processed("kubernetes-deprovision", "A deprovision without Accept and Content-Type is processed.", scenario, "deprovision",
			sc("requests", "It sends version 2.14. DELETE requests have no Accept and no Content-Type."), 200, 202),
		processed("kubernetes-provision-anew", "An instance can be provisioned with the id of a deleted one.", scenario,
			"provision again", sc("requests", "It retries a provision with the same id after orphan mitigation."), 201, 202),
		said("async-required", "AsyncRequired",
			"This service plan requires client support for asynchronous service operations."),
		said("requires-app", "RequiresApp",
			"This service supports generation of credentials through binding an application only."),
		said("concurrency-error", "ConcurrencyError",
			"The Service Broker does not support concurrent requests that mutate the same resource."),
		limit("services-63", "The ids and names of services have at most 63 characters.", services),
		limit("plans-63", "The ids and names of plans have at most 63 characters.", plans),
	}
}

func serviceManagerScenario() Scenario {
	as := func(request Request) Request {
		return request.head(versionHeader, "2.13").head(identityHeader, "service-manager {base64 other}")
	}
	read := func(request Request) Request {
		return as(request).head(versionHeader, "2.14")
	}
	place := map[string]any{"platform": "service-manager", "instance_name": "05bc4ec0"}
	provision := as(to(Provision).set("organization_guid", "-").set("space_guid", "-").without("context").
		set("context", place))
	// The Service Manager binds without an application.
	bind := as(to(Bind).without("context", "bind_resource").set("context", place))
	return Scenario{
		Name: "service manager", Title: "Create, update and delete an instance with the requests of the Service Manager.", Profile: ServiceManager,
		Steps: []Step{
			{Name: "catalog", Request: read(to(GetCatalog))},
			{Name: "provision", Essential: []int{200, 201, 202}, Request: provision},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "fetch", Needs: []Feature{InstancesRetrievable}, Request: read(to(FetchInstance))},
			{
				Name: "update", Needs: []Feature{ContextUpdates},
				Request: as(to(Update).without("context").set("plan_id", "{plan}").set("context", place)),
			},
			{Name: "update finished", WaitFor: "update"},
			{Name: "two concurrent binds", Needs: []Feature{Bindable}, Request: bind.as("of two"), Times: 2, SeparateBindings: true},
			{Name: "bind", Needs: []Feature{Bindable}, Request: bind},
			{Name: "bind finished", WaitFor: "bind"},
			{Name: "unbind", If: answered("bind", 200, 201, 202), Request: as(to(Unbind))},
			{Name: "unbind finished", WaitFor: "unbind"},
			{
				Name: "two concurrent unbinds", If: answeredAny("two concurrent binds", 201, 202), Request: as(to(Unbind)).as("of two"),
				Times: 2, SeparateBindings: true,
			},
			{Name: "deprovision", Request: as(to(Deprovision))},
			{Name: "deprovision finished", WaitFor: "deprovision"},
		},
	}
}

func serviceManagerChecks() []Check {
	const scenario = "service manager"
	sm := func(section, says string) Clause { return platform(ServiceManager, section, says) }
	const requests = "It sends version 2.13 with operations, and its own name as platform."
	return []Check{
		processed("sm-catalog", "A platform of version 2.14 can read the catalog.", scenario, "catalog",
			sm("requests", "It sends version 2.14 with GET requests."), 200),
		processed("sm-provision", `A provision with the organization and space "-" is processed.`, scenario, "provision",
			sm("requests", "organization_guid and space_guid are \"-\"."), 200, 201, 202),
		processed("sm-fetch", "A fetch of the Service Manager is processed.", scenario, "fetch", sm("requests", "It sends version 2.14 with GET requests."), 200),
		processed("sm-update", "An update of the Service Manager is processed.", scenario, "update",
			sm("requests", "Every update has plan_id and previous_values."), 200, 202),
		{
			ID: "sm-bind", Title: "A bind without an application is processed, or refused with RequiresApp.", Level: Must,
			Clause: sm("requests", "A bind has no app_guid and no bind_resource."), Scenario: scenario, Steps: steps("bind"),
			Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		{
			ID: "sm-two-binds", Title: "Concurrent binds are processed, or refused with ConcurrencyError or RequiresApp.", Level: Must,
			Clause: sm("requests", "It creates two bindings of an instance at the same time."), Scenario: scenario, Steps: steps("two concurrent binds"),
			Expect: expect(each(`status 201 or 202, or 422 with error "ConcurrencyError" or "RequiresApp"`, func(a *answer) string {
				if a.is(201, 202) || a.status == http.StatusUnprocessableEntity && oneOf("ConcurrencyError", "RequiresApp").is(a.errorCode()) {
					return ""
				}
				return a.describe()
			})),
		},
		{
			ID: "sm-two-unbinds", Title: "Concurrent unbinds are processed, or refused with ConcurrencyError.", Level: Must,
			Clause: sm("requests", "It deletes two bindings of an instance at the same time."), Scenario: scenario, Steps: steps("two concurrent unbinds"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202, 410)),
		},
		{
			ID: "sm-polls", Title: "A poll is answered with 200, 404 or 503, or with 410 after a deletion.", Level: Must,
			Clause:   sm("polls", "It gives up after any other status."),
			Scenario: scenario, Steps: steps("provision finished", "update finished", "bind finished", "unbind finished", "deprovision finished"),
			Expect: expect(each("status 200, 404 or 503, or 410 after a deletion", func(a *answer) string {
				if a.is(200, 404, 503) || a.of.isDelete() && a.status == http.StatusGone {
					return ""
				}
				return a.describe()
			})),
		},
		processed("sm-unbind", "An unbind of the Service Manager is processed.", scenario, "unbind", sm("requests", requests), 200, 202),
		processed("sm-deprovision", "A deprovision of the Service Manager is processed.", scenario, "deprovision",
			sm("requests", requests), 200, 202),
		{
			ID: "sm-within-10s", Title: "Every response comes within 10 s.", Level: Must,
			Clause: sm("timeouts", "It waits 10 s for the headers, and 15 s in all for an operation."), Expect: expect(within(10 * time.Second)),
		},
		{
			ID: "sm-names-255", Title: "Names have at most 255 characters.", Level: Must,
			Clause:   sm("catalog", "Names have at most 255 characters."),
			Scenario: "catalog", Steps: steps("catalog"),
			Expect: expect(optional(services, atMost(255), "name"), optional(plans, atMost(255), "name")),
		},
	}
}
