package conformance

import "net/http"

func pollChecks() []Check {
	const instances = "Polling Last Operation for Service Instances"
	const bindings = "Polling Last Operation for Service Bindings"
	both2 := []Endpoint{LastOperation, LastBindingOperation}
	ok := withStatus(200)
	return []Check{
		{
			ID: "last-operation-state", Title: "A poll of an instance tells one of three states.", Level: Must,
			Clause:    spec(instances, "state is required: in progress, succeeded or failed."),
			Endpoints: []Endpoint{LastOperation}, If: ok,
			Expect: expect(has("state", oneOf("in progress", "succeeded", "failed"))),
		},
		{
			ID: "last-binding-operation-state", Title: "A poll of a binding tells one of three states.", Level: Must,
			Clause:    spec(bindings, "state is required: in progress, succeeded or failed."),
			Endpoints: []Endpoint{LastBindingOperation}, If: ok,
			Expect: expect(has("state", oneOf("in progress", "succeeded", "failed"))),
		},
		{
			ID: "last-operation-description", Title: "The description of a poll is a non-empty string.", Level: Must,
			Clause:    spec(instances, "description, if present, is a non-empty string."),
			Endpoints: both2, If: both(ok, with("description")), Expect: expect(maybe("description", text)),
		},
		{
			ID: "last-operation-instance-usable", Level: Must,
			Title:     "instance_usable is a boolean, and only in polls of an update or deprovision.",
			Clause:    spec(instances, "instance_usable must not be present for other operations."),
			Endpoints: both2, If: both(ok, with("instance_usable")),
			Expect: expect(maybe("instance_usable", aBoolean), pollOf("instance_usable", Update, Deprovision)),
		},
		{
			ID: "last-operation-update-repeatable", Level: Must,
			Title:     "update_repeatable is a boolean, and only in polls of an update.",
			Clause:    spec(instances, "update_repeatable must not be present for other operations."),
			Endpoints: both2, If: both(ok, with("update_repeatable")),
			Expect: expect(maybe("update_repeatable", aBoolean), pollOf("update_repeatable", Update)),
		},
		{
			ID: "last-operation-after-202", Title: "An accepted provision can be polled at once.", Level: Must,
			Clause:   spec(instances, "After a 202 the platform begins polling; 200 is returned upon success."),
			Scenario: "instance", Steps: steps("poll while creating"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-without-hints", Title: "An instance can be polled without service_id and plan_id.", Level: Must,
			Clause:   spec(instances, "service_id and plan_id are not mandatory."),
			Scenario: "instance", Steps: steps("poll without hints"), Expect: expect(status(200)),
		},
		{
			ID: "last-binding-operation-without-hints", Title: "A binding can be polled without service_id and plan_id.", Level: Must,
			Clause:   spec(bindings, "service_id and plan_id are not mandatory."),
			Scenario: "binding", Steps: steps("poll without hints"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-of-update-after-202", Title: "An accepted update can be polled at once.", Level: Must,
			Clause:   spec(instances, "After a 202 the platform begins polling; 200 is returned upon success."),
			Scenario: "instance", Steps: steps("poll while updating parameters"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-of-plan-update-after-202", Title: "An accepted change of the plan can be polled at once.",
			Level: Must, Clause: spec(instances, "While a plan changes, platforms poll with the plan prior to the update."),
			Scenario: "instance", Steps: steps("poll while updating the plan"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-of-deprovision-after-202", Title: "An accepted deprovision can be polled at once.", Level: Must,
			Clause:   spec(instances, "200 is returned upon success; 410 is appropriate for deletes."),
			Scenario: "instance", Steps: steps("poll while deleting"), Expect: expect(status(200, 410)),
		},
		{
			ID: "last-operation-provision-succeeds", Title: "A provision that was accepted ends, and succeeds.", Level: Must,
			Clause:   spec("Provisioning", "The broker takes whatever action is necessary to create the resource."),
			Scenario: "instance", Steps: steps("provision finished"), If: answered("provision", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "last-operation-deprovision-succeeds", Title: "A deprovision that was accepted ends, and succeeds.", Level: Must,
			Clause:   spec("Deprovisioning", "The broker deletes all resources that it created."),
			Scenario: "instance", Steps: steps("deprovision finished"), If: answered("deprovision", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "last-binding-operation-bind-succeeds", Title: "A bind that was accepted ends, and succeeds.", Level: Must,
			Clause:   spec(bindings, "Platforms poll until the operation has succeeded or failed."),
			Scenario: "binding", Steps: steps("bind finished"), If: answered("bind", 202), Expect: expect(succeeds()),
		},
		{
			ID: "last-binding-operation-unbind-succeeds", Title: "An unbind that was accepted ends, and succeeds.", Level: Must,
			Clause:   spec("Unbinding", "The broker deletes all resources of the binding."),
			Scenario: "binding", Steps: steps("unbind finished"), If: answered("unbind", 202), Expect: expect(succeeds()),
		},
		{
			ID: "last-operation-remembered", Title: "The state of a finished provision is not forgotten at once.", Level: Should,
			Clause:   spec(instances, "The state is not forgotten immediately after it was final."),
			Scenario: "instance", Steps: steps("poll after creating"), Expect: expect(status(200), has("state", oneOf("succeeded"))),
		},
		{
			ID: "last-operation-remembered-after-deprovision", Level: Should,
			Title:    "The state of a finished deprovision is not forgotten at once.",
			Clause:   spec(instances, "The state is not forgotten immediately after it was final; 410 says the same."),
			Scenario: "instance", Steps: steps("poll after deleting"), Expect: expect(gone()),
		},
		{
			ID: "last-binding-operation-after-202", Title: "An accepted bind can be polled at once.", Level: Must,
			Clause:   spec(bindings, "After a 202 the platform begins polling; 200 is returned upon success."),
			Scenario: "binding", Steps: steps("poll while binding"), Expect: expect(status(200)),
		},
		{
			ID: "last-binding-operation-of-unbind-after-202", Title: "An accepted unbind can be polled at once.", Level: Must,
			Clause:   spec(bindings, "200 is returned upon success; 410 is appropriate for deletes."),
			Scenario: "binding", Steps: steps("poll while unbinding"), Expect: expect(status(200, 410)),
		},
		{
			ID: "last-binding-operation-remembered", Title: "The state of a finished bind is not forgotten at once.", Level: Should,
			Clause:   spec(bindings, "The state is not forgotten immediately after it was final."),
			Scenario: "binding", Steps: steps("poll after binding"), Expect: expect(status(200), has("state", oneOf("succeeded"))),
		},
		{
			ID: "last-binding-operation-remembered-after-unbind", Level: Should,
			Title:    "The state of a finished unbind is not forgotten at once.",
			Clause:   spec(bindings, "The state is not forgotten immediately after it was final; 410 says the same."),
			Scenario: "binding", Steps: steps("poll after unbinding"), Expect: expect(gone()),
		},
		{
			ID: "last-operation-unknown", Title: "An unknown instance cannot be polled.", Level: Must,
			// A broker that does everything at once need not be able to be polled.
			Clause:   spec(instances, "404 if the instance does not exist."),
			Scenario: "unknown", Steps: steps("poll unknown instance"), Expect: expect(status(404, 501)),
		},
		{
			ID: "last-binding-operation-unknown", Title: "An unknown binding cannot be polled.", Level: Must,
			Clause:   spec(bindings, "404 if the binding does not exist."),
			Scenario: "unknown", Steps: steps("poll unknown binding"), Expect: expect(status(404, 501)),
		},
	}
}

// succeeds expects the last poll of a step that waits to tell success. Of a
// deletion 410 tells it as well, and so does 404, as what is deleted does not
// exist.
func succeeds() Expectation {
	return together(`the last poll says "succeeded", or of a deletion 410 or 404`, func(answers []*answer) string {
		last := answers[len(answers)-1]
		if last.state() == "succeeded" || last.of.isDelete() && last.is(http.StatusGone, http.StatusNotFound) {
			return ""
		}
		if got := last.state(); got != "" {
			return "the last poll says " + show(got)
		}
		return last.describe()
	})
}

// gone expects that a deletion has succeeded.
func gone() Expectation {
	return each(`status 200 with state "succeeded", or 410`, func(a *answer) string {
		if a.state() == "succeeded" || a.status == http.StatusGone {
			return ""
		}
		if got := a.state(); got != "" {
			return "state " + show(got)
		}
		return a.describe()
	})
}

// pollOf expects a member in polls of operations of these endpoints only.
func pollOf(name string, endpoints ...Endpoint) Expectation {
	return each(name+" only in polls of "+joined(endpoints), func(a *answer) string {
		for _, endpoint := range endpoints {
			if a.of == endpoint || a.of == "" {
				return ""
			}
		}
		return name + " in a poll of " + string(a.of)
	})
}

// haltedCreation expects of a poll that a creation that was halted by a deletion has
// not succeeded. Without an operation of its own the deletion is polled, and what is
// deleted need not be known.
func haltedCreation(creation, deletion string) Expectation {
	return Expectation{
		Words: `the state "failed", or 404 or 410; after a 202 also that of the deletion, unless the operations differ`,
		each: func(j *judgement) string {
			a, first, second := j.answer, j.record.last(creation), j.record.last(deletion)
			alone := second == nil || !second.accepted() || first.operation() != second.operation()
			switch state := a.state(); {
			case a.is(http.StatusNotFound, http.StatusGone), state == "failed", state != "" && !alone:
				return ""
			case state != "":
				return "the state " + show(state)
			default:
				return a.describe()
			}
		},
	}.against(creation, deletion)
}
