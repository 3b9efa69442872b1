package conformance

import "net/http"

func korifiScenario() Scenario {
	as := func(request Request) Request {
		return request.noHead(identityHeader).noHead(requestHeader).noHead("Accept").head("Content-Type", "application/json")
	}
	place := func(request Request) Request { return as(request.without("context")) }
	provision := place(to(Provision).set("parameters", "{parameters or null}"))
	bind := func(binding, app string) Request {
		return place(to(Bind).as(binding).set("app_guid", app).set("bind_resource.app_guid", app).set("parameters", "{bind parameters or null}"))
	}
	failing := place(to(Provision).on("failing").set("parameters", "{failing parameters}"))
	stubborn := place(to(Provision).on("stubborn").set("parameters", "{parameters of a failing deletion}"))
	return Scenario{
		Name: "korifi", Title: "Create and delete an instance with the requests of Korifi.", Profile: Korifi,
		Steps: []Step{
			{Name: "provision", Essential: []int{200, 201, 202}, Request: provision},
			{Name: "provision finished", WaitFor: "provision", Resend: true},
			{Name: "provision again", Request: provision},
			{Name: "bind key", Needs: []Feature{Bindable}, Request: bind("key", "")},
			{Name: "bind key finished", WaitFor: "bind key", Resend: true},
			{Name: "unbind key", If: answered("bind key", 200, 201, 202), Request: as(to(Unbind).as("key"))},
			{Name: "unbind key finished", WaitFor: "unbind key", Resend: true},
			{Name: "bind", Needs: []Feature{Bindable}, Request: bind("binding", "{app}")},
			{Name: "bind finished", WaitFor: "bind", Resend: true},
			{Name: "bind again", If: answered("bind", 200, 201, 202), Request: bind("binding", "{app}")},
			{
				Name: "fetch binding", Needs: []Feature{BindingsRetrievable}, If: answered("bind", 200, 201, 202),
				Request: as(to(FetchBinding)),
			},
			{Name: "unbind", If: answered("bind", 200, 201, 202), Request: as(to(Unbind))},
			{Name: "unbind finished", WaitFor: "unbind", Resend: true},
			{Name: "deprovision", Request: as(to(Deprovision))},
			{Name: "deprovision finished", WaitFor: "deprovision", Resend: true},

			{Name: "failing provision", Needs: []Feature{FailingProvision}, Request: failing},
			{Name: "failing provision finished", WaitFor: "failing provision", Resend: true},
			{Name: "provision for a failing deprovision", Needs: []Feature{FailingDeprovision}, Request: stubborn},
			{Name: "provision for a failing deprovision finished", WaitFor: "provision for a failing deprovision", Resend: true},
			{Name: "failing deprovision", If: answered("provision for a failing deprovision", 200, 201, 202), Request: as(to(Deprovision).on("stubborn"))},
			{Name: "failing deprovision finished", WaitFor: "failing deprovision", Resend: true},
		},
	}
}

func korifiChecks() []Check {
	const scenario = "korifi"
	kf := func(says string) Clause { return platform(Korifi, "requests", says) }
	const again = "It repeats the request before each poll."
	return []Check{
		processed("korifi-provision", "A provision without a context is processed.", scenario, "provision",
			kf("It sends organization_guid, space_guid and parameters: null, and no context."), 200, 201, 202),
		{
			ID: "korifi-provision-again", Title: "A provision that is repeated before each poll ends and succeeds.", Level: Must, Clause: kf(again),
			Scenario: scenario, Steps: steps("provision finished"), Expect: expect(succeedsOrRepeats("provision")),
		},
		processed("korifi-provision-afterwards", "A provision that is repeated after its end is answered with 200.", scenario,
			"provision again", kf(again), 200),
		processed("korifi-poll", "A poll with a content type is processed.", scenario, "provision finished",
			kf("GET and DELETE requests have a Content-Type."), 200),
		{
			ID: "korifi-bind-key", Title: "A bind with an empty app_guid is processed, or refused with RequiresApp.", Level: Must,
			Clause:   kf("For service keys, app_guid and bind_resource.app_guid are empty."),
			Scenario: scenario, Steps: steps("bind key"), Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		processed("korifi-bind", "A bind of an application without a context is processed.", scenario, "bind",
			kf("It sends app_guid, bind_resource.app_guid and parameters: null, and no context."), 200, 201, 202),
		{
			ID: "korifi-bind-again", Title: "A bind that is repeated after its end returns the credentials.", Level: Must,
			Clause:   kf("After an asynchronous bind, it expects 200 with credentials from another PUT."),
			Scenario: scenario, Steps: steps("bind again"), Expect: expect(status(200), returnsAccess()),
		},
		processed("korifi-fetch-binding", "A fetch of a binding with a content type is processed.", scenario, "fetch binding",
			kf("GET and DELETE requests have a Content-Type."), 200),
		processed("korifi-unbind", "An unbind with a content type that is repeated before each poll is processed.", scenario, "unbind",
			kf("DELETE requests have a Content-Type. It repeats the request before each poll."), 200, 202, 410),
		processed("korifi-deprovision", "A deprovision with a content type that is repeated before each poll is processed.", scenario, "deprovision",
			kf("DELETE requests have a Content-Type. It repeats the request before each poll."), 200, 202, 410),
		{
			ID: "korifi-failed-provision", Title: "Polls report a failed provision as failed, although it is repeated before each poll.", Level: Must,
			Clause: kf(again), Scenario: scenario, Steps: steps("failing provision finished"), Expect: expect(failsAtLast("failing provision")),
		},
		{
			ID: "korifi-failed-deprovision", Title: "Polls report a failed deprovision as failed, although it is repeated before each poll.", Level: Must,
			Clause: kf(again), Scenario: scenario, Steps: steps("failing deprovision finished"), Expect: expect(failsAtLast("failing deprovision")),
		},
		{
			ID: "korifi-documentation-url", Title: "metadata.documentationUrl is a string.", Level: Must,
			Clause:   platform(Korifi, "catalog", "It crashes if documentationUrl is not a string."),
			Scenario: "catalog", Steps: steps("catalog"), If: declares(services, "metadata.documentationUrl"),
			Expect: expect(optional(services, aString, "metadata.documentationUrl")),
		},
	}
}

// succeedsOrRepeats expects that the last poll reports success, or that the
// repeated request is answered with 200 or 201.
func succeedsOrRepeats(step string) Expectation {
	polls := succeeds()
	return Expectation{
		Words: polls.Words + ", or the repeated request is answered with 200 or 201",
		together: func(j *judgement) string {
			if j.record.last(step).is(http.StatusOK, http.StatusCreated) {
				return ""
			}
			return polls.together(j)
		},
	}.against(step)
}

// failsAtLast expects that the last poll reports a failure.
func failsAtLast(step string) Expectation {
	return together(`the last poll has state "failed"`, func(answers []*answer) string {
		last := answers[len(answers)-1]
		switch state := last.state(); state {
		case "failed":
			return ""
		case "":
			return last.describe()
		default:
			return "the last poll has state " + show(state) + ", and the repeated request ended the wait"
		}
	}).against(step)
}

func returnsAccess() Expectation {
	return each("the response has credentials, syslog_drain_url, route_service_url or volume_mounts", func(a *answer) string {
		for _, name := range []string{"credentials", "syslog_drain_url", "route_service_url", "volume_mounts"} {
			if hasValue(a, name) {
				return ""
			}
		}
		return "all of them are missing"
	})
}
