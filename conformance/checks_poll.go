package conformance

import "net/http"

func pollChecks() []Check {
	const instances = "Polling Last Operation for Service Instances"
	const bindings = "Polling Last Operation for Service Bindings"
	both2 := []Endpoint{LastOperation, LastBindingOperation}
	ok := withStatus(200)
	return []Check{
		{
			ID: "last-operation-state", Title: "A poll of an instance returns one of three states.", Level: Must,
			Clause:    spec(instances, "state is required: in progress, succeeded or failed."),
			Endpoints: []Endpoint{LastOperation}, If: ok,
			Expect: expect(has("state", oneOf("in progress", "succeeded", "failed"))),
		},
		{
			ID: "last-binding-operation-state", Title: "A poll of a binding returns one of three states.", Level: Must,
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
			Title:     "instance_usable is a boolean, and is only in polls of an update or deprovision.",
			Clause:    spec(instances, "instance_usable must not be present for other operations."),
			Endpoints: both2, If: both(ok, with("instance_usable")),
			Expect: expect(maybe("instance_usable", aBoolean), pollOf("instance_usable", Update, Deprovision)),
		},
		{
			ID: "last-operation-update-repeatable", Level: Must,
			Title:     "update_repeatable is a boolean, and is only in polls of an update.",
			Clause:    spec(instances, "update_repeatable must not be present for other operations."),
			Endpoints: both2, If: both(ok, with("update_repeatable")),
			Expect: expect(maybe("update_repeatable", aBoolean), pollOf("update_repeatable", Update)),
		},
		{
			ID: "last-operation-after-202", Title: "An accepted provision can be polled immediately.", Level: Must,
			Clause:   spec(instances, "After a 202 the platform polls; a successful poll is answered with 200."),
			Scenario: "instance", Steps: steps("poll while creating"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-without-hints", Title: "An instance can be polled without service_id and plan_id.", Level: Must,
			Clause:   spec(instances, "service_id and plan_id are optional."),
			Scenario: "instance", Steps: steps("poll without hints"), Expect: expect(status(200)),
		},
		{
			ID: "last-binding-operation-without-hints", Title: "A binding can be polled without service_id and plan_id.", Level: Must,
			Clause:   spec(bindings, "service_id and plan_id are optional."),
			Scenario: "binding", Steps: steps("poll without hints"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-of-update-after-202", Title: "An accepted update can be polled immediately.", Level: Must,
			Clause:   spec(instances, "After a 202 the platform polls; a successful poll is answered with 200."),
			Scenario: "instance", Steps: steps("poll while updating parameters"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-of-plan-update-after-202", Title: "An accepted plan update can be polled immediately.",
			Level: Must, Clause: spec(instances, "During a plan update, platforms poll with the plan before the update."),
			Scenario: "instance", Steps: steps("poll while updating the plan"), Expect: expect(status(200)),
		},
		{
			ID: "last-operation-of-deprovision-after-202", Title: "An accepted deprovision can be polled immediately.", Level: Must,
			Clause:   spec(instances, "A successful poll is answered with 200, or with 410 after a deletion."),
			Scenario: "instance", Steps: steps("poll while deleting"), Expect: expect(status(200, 410)),
		},
		{
			ID: "last-operation-provision-succeeds", Title: "An accepted provision ends and succeeds.", Level: Must,
			Clause:   spec("Provisioning", "The broker takes the actions that are necessary to create the instance."),
			Scenario: "instance", Steps: steps("provision finished"), If: answered("provision", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "last-operation-deprovision-succeeds", Title: "An accepted deprovision ends and succeeds.", Level: Must,
			Clause:   spec("Deprovisioning", "The broker deletes all resources that it created for the instance."),
			Scenario: "instance", Steps: steps("deprovision finished"), If: answered("deprovision", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "last-binding-operation-bind-succeeds", Title: "An accepted bind ends and succeeds.", Level: Must,
			Clause:   spec(bindings, "Platforms poll until the operation has succeeded or failed."),
			Scenario: "binding", Steps: steps("bind finished"), If: answered("bind", 202), Expect: expect(succeeds()),
		},
		{
			ID: "last-binding-operation-unbind-succeeds", Title: "An accepted unbind ends and succeeds.", Level: Must,
			Clause:   spec("Unbinding", "The broker deletes all resources of the binding."),
			Scenario: "binding", Steps: steps("unbind finished"), If: answered("unbind", 202), Expect: expect(succeeds()),
		},
		{
			ID: "last-operation-remembered", Title: "A finished provision can still be polled.", Level: Should,
			Clause:   spec(instances, "The broker should not forget the state immediately after the end of the operation."),
			Scenario: "instance", Steps: steps("poll after creating"), Expect: expect(status(200), has("state", oneOf("succeeded"))),
		},
		{
			ID: "last-operation-remembered-after-deprovision", Level: Should,
			Title:    "A finished deprovision can still be polled.",
			Clause:   spec(instances, "The broker should not forget the state immediately after the end of the operation; 410 also reports success."),
			Scenario: "instance", Steps: steps("poll after deleting"), Expect: expect(gone()),
		},
		{
			ID: "last-binding-operation-after-202", Title: "An accepted bind can be polled immediately.", Level: Must,
			Clause:   spec(bindings, "After a 202 the platform polls; a successful poll is answered with 200."),
			Scenario: "binding", Steps: steps("poll while binding"), Expect: expect(status(200)),
		},
		{
			ID: "last-binding-operation-of-unbind-after-202", Title: "An accepted unbind can be polled immediately.", Level: Must,
			Clause:   spec(bindings, "A successful poll is answered with 200, or with 410 after a deletion."),
			Scenario: "binding", Steps: steps("poll while unbinding"), Expect: expect(status(200, 410)),
		},
		{
			ID: "last-binding-operation-remembered", Title: "A finished bind can still be polled.", Level: Should,
			Clause:   spec(bindings, "The broker should not forget the state immediately after the end of the operation."),
			Scenario: "binding", Steps: steps("poll after binding"), Expect: expect(status(200), has("state", oneOf("succeeded"))),
		},
		{
			ID: "last-binding-operation-remembered-after-unbind", Level: Should,
			Title:    "A finished unbind can still be polled.",
			Clause:   spec(bindings, "The broker should not forget the state immediately after the end of the operation; 410 also reports success."),
			Scenario: "binding", Steps: steps("poll after unbinding"), Expect: expect(gone()),
		},
		{
			ID: "last-operation-unknown", Title: "A poll of an unknown instance is answered with 404.", Level: Must,
			// A synchronous broker need not implement polls: 501.
			Clause:   spec(instances, "The answer is 404 if the instance does not exist."),
			Scenario: "unknown", Steps: steps("poll unknown instance"), Expect: expect(status(404, 501)),
		},
		{
			ID: "last-binding-operation-unknown", Title: "A poll of an unknown binding is answered with 404.", Level: Must,
			Clause:   spec(bindings, "The answer is 404 if the binding does not exist."),
			Scenario: "unknown", Steps: steps("poll unknown binding"), Expect: expect(status(404, 501)),
		},
	}
}

// succeeds expects that the last poll of a waiting step reports success. For a
// deletion, 410 and 404 also report success because the resource does not
// exist.
func succeeds() Expectation {
	return together(`the last poll has state "succeeded", or 410 or 404 after a deletion`, func(answers []*answer) string {
		last := answers[len(answers)-1]
		if last.state() == "succeeded" || last.of.isDelete() && last.is(http.StatusGone, http.StatusNotFound) {
			return ""
		}
		if got := last.state(); got != "" {
			return "the last poll has state " + show(got)
		}
		return last.describe()
	})
}

// gone expects a poll that reports a successful deletion.
func gone() Expectation {
	return each(`status 200 with state "succeeded", or 410`, func(a *answer) string {
		if a.state() == "succeeded" || a.status == http.StatusGone {
			return ""
		}
		if got := a.state(); got != "" {
			return "state is " + show(got)
		}
		return a.describe()
	})
}

// pollOf expects that only polls of operations of these endpoints have a
// member.
func pollOf(name string, endpoints ...Endpoint) Expectation {
	return each("only polls of "+joined(endpoints)+" have "+name, func(a *answer) string {
		for _, endpoint := range endpoints {
			if a.of == endpoint || a.of == "" {
				return ""
			}
		}
		return "a poll of " + string(a.of) + " has " + name
	})
}

// haltedCreation expects that a poll of a creation that a deletion halted does
// not report success. If both have the same operation, the poll may report the
// deletion. A deleted resource may be unknown.
func haltedCreation(creation, deletion string) Expectation {
	return Expectation{
		Words: `state "failed", or 404 or 410; also the state of the deletion if it was answered with 202 and the same operation`,
		each: func(j *judgement) string {
			a, first, second := j.answer, j.record.last(creation), j.record.last(deletion)
			alone := second == nil || !second.accepted() || first.operation() != second.operation()
			switch state := a.state(); {
			case a.is(http.StatusNotFound, http.StatusGone), state == "failed", state != "" && !alone:
				return ""
			case state != "":
				return "state is " + show(state)
			default:
				return a.describe()
			}
		},
	}.against(creation, deletion)
}
