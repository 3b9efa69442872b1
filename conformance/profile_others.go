package conformance

import (
	"net/http"
	"time"
)

func korifiScenario() Scenario {
	as := func(request Request) Request {
		return request.noHead(identityHeader).head("Content-Type", "application/json")
	}
	provision := as(to(Provision).without("context", "organization_guid", "space_guid").set("parameters", "{parameters or null}"))
	bind := as(to(Bind).set("app_guid", "").without("bind_resource", "context").set("parameters", "{bind parameters or null}"))
	return Scenario{
		Name: "korifi", Title: "Live through an instance as Korifi does.", Profile: Korifi,
		Steps: []Step{
			{Name: "provision", Essential: []int{200, 201, 202}, Request: provision},
			{Name: "provision again before the poll", If: answered("provision", 202), Request: provision},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "provision again", Request: provision},
			{Name: "bind", Needs: []Feature{Bindable}, Request: bind},
			{Name: "bind finished", WaitFor: "bind"},
			{Name: "bind again", If: answered("bind", 200, 201, 202), Request: bind},
			{Name: "unbind", If: answered("bind", 200, 201, 202), Request: as(to(Unbind))},
			{Name: "unbind again before the poll", If: answered("unbind", 202), Request: as(to(Unbind))},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "deprovision", Request: as(to(Deprovision))},
			{Name: "deprovision again before the poll", If: answered("deprovision", 202), Request: as(to(Deprovision))},
			{Name: "deprovision finished", WaitFor: "deprovision"},
		},
	}
}

func korifiChecks() []Check {
	const scenario = "korifi"
	kf := func(says string) Clause { return platform(Korifi, "requests", says) }
	const again = "It sends the request again before each poll."
	return []Check{
		processed("korifi-provision", "A provision without context, organization and space is processed.", scenario, "provision",
			kf("It sends no context, organization or space, and parameters: null."), 200, 201, 202),
		processed("korifi-provision-again", "A provision that is sent again before the poll is processed.", scenario,
			"provision again before the poll", kf(again), 200, 201, 202),
		processed("korifi-provision-afterwards", "A provision that is sent again after the end is answered with 200.", scenario,
			"provision again", kf(again), 200),
		{
			ID: "korifi-bind", Title: "A bind with an empty app_guid is processed, or refused with RequiresApp.", Level: Must,
			Clause:   kf("It sends app_guid: \"\" for service keys."),
			Scenario: scenario, Steps: steps("bind"), Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		{
			ID: "korifi-bind-again", Title: "A bind that is sent again after its end tells the credentials.", Level: Must,
			Clause:   kf("After an asynchronous bind a PUT must give 200 with credentials."),
			Scenario: scenario, Steps: steps("bind again"), Expect: expect(status(200), tellsSomething()),
		},
		processed("korifi-unbind", "An unbind with a content type is processed.", scenario, "unbind",
			kf("It sends Content-Type with GET and DELETE."), 200, 202),
		processed("korifi-unbind-again", "An unbind that is sent again before the poll is processed.", scenario,
			"unbind again before the poll", kf(again), 200, 202, 410),
		processed("korifi-deprovision", "A deprovision with a content type is processed.", scenario, "deprovision",
			kf("It sends Content-Type with GET and DELETE."), 200, 202),
		processed("korifi-deprovision-again", "A deprovision that is sent again before the poll is processed.", scenario,
			"deprovision again before the poll", kf(again), 200, 202, 410),
		{
			ID: "korifi-documentation-url", Title: "metadata.documentationUrl is a string.", Level: Must,
			Clause:   platform(Korifi, "catalog", "A documentationUrl that is no string crashes it."),
			Scenario: "catalog", Steps: steps("catalog"), If: declares(services, "metadata.documentationUrl"),
			Expect: expect(optional(services, aString, "metadata.documentationUrl")),
		},
	}
}

func tellsSomething() Expectation {
	return each("something to connect with", func(a *answer) string {
		for _, name := range []string{"credentials", "syslog_drain_url", "route_service_url", "volume_mounts"} {
			if tells(a, name) {
				return ""
			}
		}
		return "nothing to connect with"
	})
}

func kubernetesScenario() Scenario {
	place := map[string]any{
		"platform": "kubernetes", "namespace": "05bc4ec0", "clusterid": "05bc4ec0-cluster", "instance_name": "05bc4ec0",
	}
	as := func(request Request) Request {
		return request.head(versionHeader, "2.14").head(identityHeader, "kubernetes {base64 kubernetes}")
	}
	provision := as(to(Provision).without("context").set("context", place).
		set("organization_guid", "05bc4ec0-namespace").set("space_guid", "05bc4ec0-namespace"))
	return Scenario{
		Name: "kubernetes", Title: "Live through an instance as the service catalog of Kubernetes does.", Profile: Kubernetes,
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
			{Name: "unbind", If: answered("bind", 200, 201, 202), Request: as(to(Unbind))},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "deprovision", Request: as(to(Deprovision)), Essential: []int{200, 202}},
			{Name: "deprovision finished", WaitFor: "deprovision"},
			{Name: "provision anew", Request: provision},
			{Name: "provision anew finished", WaitFor: "provision anew"},
			{Name: "deprovision anew", Request: as(to(Deprovision))},
		},
	}
}

func kubernetesChecks() []Check {
	const scenario = "kubernetes"
	sc := func(section, says string) Clause { return platform(Kubernetes, section, says) }
	said := func(id, code, words string) Check {
		return Check{
			ID: "kubernetes-description-" + id, Level: Should, Title: "The description of " + code + " is what clients compare.",
			Clause: sc("answers", "The client compares three descriptions to the letter, which the specification only gives as examples."),
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
			sc("requests", "It sends 2.14, and namespace and clusterid in the context."), 200, 201, 202),
		processed("kubernetes-update", "An update without plan and parameters is processed.", scenario, "update",
			sc("requests", "It omits plan and parameters that do not change."), 200, 202),
		{
			ID: "kubernetes-bind", Title: "A bind with the context of Kubernetes is processed, or refused with RequiresApp.", Level: Must,
			Clause:   sc("requests", "app_guid stands for the namespace."),
			Scenario: scenario, Steps: steps("bind"), Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		processed("kubernetes-unbind", "An unbind of Kubernetes is processed.", scenario, "unbind",
			sc("requests", "It sends 2.14."), 200, 202),
		processed("kubernetes-provision-anew", "An instance can be provisioned anew with the id of one that was deleted.", scenario,
			"provision anew", sc("requests", "It retries a provision with the same id after orphan mitigation."), 201, 202),
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
	provision := as(to(Provision).set("organization_guid", "-").set("space_guid", "-").without("context").
		set("context", map[string]any{"platform": "service-manager", "instance_name": "05bc4ec0"}))
	return Scenario{
		Name: "service manager", Title: "Live through an instance as the Service Manager does.", Profile: ServiceManager,
		Steps: []Step{
			{Name: "catalog", Request: read(to(GetCatalog))},
			{Name: "provision", Essential: []int{200, 201, 202}, Request: provision},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "fetch", Needs: []Feature{InstancesRetrievable}, Request: read(to(FetchInstance))},
			{Name: "bind", Needs: []Feature{Bindable}, Request: as(to(Bind))},
			{Name: "bind finished", WaitFor: "bind"},
			{Name: "unbind", If: answered("bind", 200, 201, 202), Request: as(to(Unbind))},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "deprovision", Request: as(to(Deprovision))},
			{Name: "deprovision finished", WaitFor: "deprovision"},
		},
	}
}

func serviceManagerChecks() []Check {
	const scenario = "service manager"
	sm := func(section, says string) Clause { return platform(ServiceManager, section, says) }
	const requests = "It sends 2.13 with operations and its own name as platform."
	return []Check{
		processed("sm-catalog", "A platform of version 2.14 can read the catalog.", scenario, "catalog",
			sm("requests", "It sends 2.14 with GET."), 200),
		processed("sm-provision", "A provision whose organization and space are - is processed.", scenario, "provision",
			sm("requests", "organization_guid and space_guid are \"-\"."), 200, 201, 202),
		processed("sm-fetch", "A fetch of the Service Manager is processed.", scenario, "fetch", sm("requests", "It sends 2.14 with GET."), 200),
		processed("sm-bind", "A bind of the Service Manager is processed.", scenario, "bind", sm("requests", requests), 200, 201, 202),
		processed("sm-unbind", "An unbind of the Service Manager is processed.", scenario, "unbind", sm("requests", requests), 200, 202),
		processed("sm-deprovision", "A deprovision of the Service Manager is processed.", scenario, "deprovision",
			sm("requests", requests), 200, 202),
		{
			ID: "sm-within-10s", Title: "Every answer comes within 10 s.", Level: Must,
			Clause: sm("timeouts", "It waits for 10 s for the headers."), Expect: expect(within(10 * time.Second)),
		},
		{
			ID: "sm-names-255", Title: "Names have at most 255 characters.", Level: Must,
			Clause:   sm("catalog", "Names have at most 255 characters."),
			Scenario: "catalog", Steps: steps("catalog"),
			Expect: expect(optional(services, atMost(255), "name"), optional(plans, atMost(255), "name")),
		},
	}
}
