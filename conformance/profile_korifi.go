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
		Name: "korifi", Title: "Live through an instance as Korifi does.", Profile: Korifi,
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
			{Name: "stubborn provision", Needs: []Feature{FailingDeprovision}, Request: stubborn},
			{Name: "stubborn provision finished", WaitFor: "stubborn provision", Resend: true},
			{Name: "failing deprovision", If: answered("stubborn provision", 200, 201, 202), Request: as(to(Deprovision).on("stubborn"))},
			{Name: "failing deprovision finished", WaitFor: "failing deprovision", Resend: true},
		},
	}
}

func korifiChecks() []Check {
	const scenario = "korifi"
	kf := func(says string) Clause { return platform(Korifi, "requests", says) }
	const again = "It sends the request again before each poll."
	return []Check{
		processed("korifi-provision", "A provision without context is processed.", scenario, "provision",
			kf("It sends organization_guid and space_guid, no context, and parameters: null."), 200, 201, 202),
		{
			ID: "korifi-provision-again", Title: "A provision that is sent again before each poll ends.", Level: Must, Clause: kf(again),
			Scenario: scenario, Steps: steps("provision finished"), Expect: expect(succeedsOrRepeats("provision")),
		},
		processed("korifi-provision-afterwards", "A provision that is sent again after the end is answered with 200.", scenario,
			"provision again", kf(again), 200),
		processed("korifi-poll", "A poll with a content type is answered.", scenario, "provision finished",
			kf("It sends Content-Type with GET and DELETE."), 200),
		{
			ID: "korifi-bind-key", Title: "A bind with an empty app_guid is processed, or refused with RequiresApp.", Level: Must,
			Clause:   kf("For service keys app_guid and bind_resource.app_guid are empty."),
			Scenario: scenario, Steps: steps("bind key"), Expect: expect(statusOrCode("RequiresApp", 200, 201, 202)),
		},
		processed("korifi-bind", "A bind of an application without context is processed.", scenario, "bind",
			kf("It sends app_guid and bind_resource.app_guid, no context, and parameters: null."), 200, 201, 202),
		{
			ID: "korifi-bind-again", Title: "A bind that is sent again after its end tells the credentials.", Level: Must,
			Clause:   kf("After an asynchronous bind a PUT must give 200 with credentials."),
			Scenario: scenario, Steps: steps("bind again"), Expect: expect(status(200), returnsAccess()),
		},
		processed("korifi-fetch-binding", "A fetch of a binding with a content type is processed.", scenario, "fetch binding",
			kf("It sends Content-Type with GET and DELETE."), 200),
		processed("korifi-unbind", "An unbind with a content type, sent again before each poll, is processed.", scenario, "unbind",
			kf("It sends Content-Type with GET and DELETE, and the request again before each poll."), 200, 202, 410),
		processed("korifi-deprovision", "A deprovision with a content type, sent again before each poll, is processed.", scenario, "deprovision",
			kf("It sends Content-Type with GET and DELETE, and the request again before each poll."), 200, 202, 410),
		{
			ID: "korifi-failed-provision", Title: "A provision that fails is reported as failed, although it is sent again before each poll.", Level: Must,
			Clause: kf(again), Scenario: scenario, Steps: steps("failing provision finished"), Expect: expect(failsAtLast("failing provision")),
		},
		{
			ID: "korifi-failed-deprovision", Title: "A deprovision that fails is reported as failed, although it is sent again before each poll.", Level: Must,
			Clause: kf(again), Scenario: scenario, Steps: steps("failing deprovision finished"), Expect: expect(failsAtLast("failing deprovision")),
		},
		{
			ID: "korifi-documentation-url", Title: "metadata.documentationUrl is a string.", Level: Must,
			Clause:   platform(Korifi, "catalog", "A documentationUrl that is no string crashes it."),
			Scenario: "catalog", Steps: steps("catalog"), If: declares(services, "metadata.documentationUrl"),
			Expect: expect(optional(services, aString, "metadata.documentationUrl")),
		},
	}
}

// succeedsOrRepeats expects success, which the last poll tells, or 200 or 201 to the
// request that was sent again.
func succeedsOrRepeats(step string) Expectation {
	polls := succeeds()
	return Expectation{
		Words: polls.Words + ", or the request that is sent again is answered with 200 or 201",
		together: func(j *judgement) string {
			if j.record.last(step).is(http.StatusOK, http.StatusCreated) {
				return ""
			}
			return polls.together(j)
		},
	}.against(step)
}

// failsAtLast expects the last poll to say that the operation failed.
func failsAtLast(step string) Expectation {
	return together(`the last poll says "failed"`, func(answers []*answer) string {
		last := answers[len(answers)-1]
		switch state := last.state(); state {
		case "failed":
			return ""
		case "":
			return last.describe()
		default:
			return "the last poll says " + show(state) + ", and then the request was answered otherwise"
		}
	}).against(step)
}

func returnsAccess() Expectation {
	return each("something to connect with", func(a *answer) string {
		for _, name := range []string{"credentials", "syslog_drain_url", "route_service_url", "volume_mounts"} {
			if hasValue(a, name) {
				return ""
			}
		}
		return "nothing to connect with"
	})
}
