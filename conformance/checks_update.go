package conformance

import (
	"fmt"
	"net/http"
)

func updateChecks() []Check {
	const section = "Updating a Service Instance"
	const mandatory = "The answer is 400 if the request is malformed or mandatory data is missing."
	const again = "The answer is 202 with the same operation while the update is in progress, not 200; it is 422 if the state does not allow an update."
	malformed := func(id, title, says string, expectation Expectation, names ...string) Check {
		return Check{
			ID: "update-" + id, Title: title, Level: Must, Clause: spec(section, says),
			Scenario: "refused", Steps: names, If: updates(), Expect: expect(expectation),
		}
	}
	// The specification lets the broker decide whether it refuses invalid data.
	invalid := func(id, title, step string) Check {
		check := malformed(id, title, "The answer may be 400 if the request has invalid data.", refusal(), step)
		check.Level = May
		return check
	}
	return []Check{
		{
			ID: "update-of-context", Title: "An update of the context is answered with 200, or with 202 if it is asynchronous.", Level: Must,
			Clause:   spec(section, "With allow_context_updates, the broker supports updates of only the context."),
			Scenario: "instance", Steps: steps("update of the context"), Expect: expect(status(200, 202)),
		},
		{
			ID: "update-of-context-keeps-the-rest", Title: "An update of the context changes neither plan nor parameters.", Level: Must,
			Clause:   spec(section, "An update without plan_id does not change the plan. An update without parameters does not change the parameters."),
			Scenario: "instance", Steps: steps("fetch after the update of the context"), If: withStatus(200),
			Expect: expect(sameAs("fetch", "plan_id"), sameAs("fetch", "parameters")),
		},
		{
			ID: "update-of-parameters", Title: "An update of the parameters is answered with 200, 202, 400 or 422.", Level: Must,
			Clause:   spec(section, "The answer is 200 if the update is applied, 202 if it is in progress, 400 if it is invalid, 422 if it is not supported."),
			Scenario: "instance", Steps: steps("update of the parameters"), If: updates(),
			Expect: expect(status(200, 202, 400, 422)),
		},
		{
			ID: "update-of-parameters-with-schema", Title: "An update with parameters that satisfy the plan's schema is processed.", Level: Should,
			Clause:   spec(section, "The schema for updates describes the parameters that users can change."),
			Scenario: "instance", Steps: steps("update of the parameters"), Needs: []Feature{UpdateSchema},
			Expect: expect(status(200, 202)),
		},
		{
			ID: "update-of-parameters-takes-effect", Title: "After an update of the parameters, a fetch returns the new values.",
			Level: Should, Clause: spec(section, "The answer is 200 if the changes are applied."),
			Scenario: "instance", Steps: steps("fetch after the update of the parameters"),
			If:     both(succeededAt("update of the parameters finished"), both(withStatus(200), withValue("parameters"))),
			Expect: expect(sentWith("update of the parameters", createSchema)),
		},
		{
			ID: "update-without-previous-values", Title: "An update without previous_values is processed.", Level: Must,
			Clause:   spec(section, "previous_values is optional."),
			Scenario: "instance", Steps: steps("update without previous values"), Expect: expect(status(200, 202)),
		},
		{
			ID: "update-parameters-validated", Title: "An update with parameters that violate the plan's schema is refused.", Level: Should,
			Clause:   spec(section, "Brokers should ensure that the parameters are valid for the operation."),
			Scenario: "instance", Steps: steps("update with invalid parameters"), Expect: expect(refusal()),
		},
		{
			ID: "update-of-plan-async-required", Level: Must,
			Title:    "Without accepts_incomplete, a plan update that can only be asynchronous is refused with 422.",
			Clause:   spec(section, "The answer is 422 AsyncRequired if only asynchronous updates are supported, and 422 if the update is not supported."),
			Scenario: "synchronous", Steps: steps("update of the plan without accepts_incomplete"), Expect: expect(status(200, 422)),
		},
		{
			ID: "update-async-required-no-effect", Title: "A plan update refused with AsyncRequired has no effect.", Level: Must,
			Clause:   spec(section, "If the answer is 4xx or 5xx, no change is applied."),
			Scenario: "synchronous", Steps: steps("fetch after the refused update"),
			Expect: expect(status(200), equals("plan_id", "the id of the plan", (*subject).planID)),
		},
		{
			ID: "update-of-parameters-keeps-the-plan", Title: "An update without plan_id does not change the plan.", Level: Must,
			Clause:   spec(section, "If plan_id is missing, the broker must not change the plan."),
			Scenario: "instance", Steps: steps("fetch after the update of the parameters"), If: withStatus(200),
			Expect: expect(equals("plan_id", "the id of the plan", (*subject).planID)),
		},
		{
			ID: "update-body", Title: "The members of the response to an update have the specified types.", Level: Must,
			Clause:    spec(section, "dashboard_url is a string, metadata an object."),
			Endpoints: []Endpoint{Update}, If: withStatus(200, 202),
			Expect: expect(
				maybe("dashboard_url", aString.or(null)), maybe("metadata", anObject.or(null)),
				maybe("metadata.labels", anObject), maybe("metadata.attributes", anObject),
			),
		},
		{
			ID: "update-repeated-while-updating", Level: Must,
			Title:    "An update repeated while it is in progress is answered with 202, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("update of the parameters again"), If: inProgress("poll while updating parameters"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("update of the parameters")),
		},
		{
			ID: "update-of-plan", Title: "A plan update is processed, or refused with 422.", Level: Must,
			Clause:   spec(section, "The answer is 200 if the update is applied, 202 if it is in progress, 422 if the plan update is not supported."),
			Scenario: "instance", Steps: steps("update of the plan"), Expect: expect(status(200, 202, 422)),
		},
		{
			ID: "update-of-plan-refusal-explained", Title: "The refusal of a plan update has a description.", Level: Should,
			Clause:   spec(section, "The refusal of an unsupported plan update should have a meaningful error message."),
			Scenario: "instance", Steps: steps("update of the plan"), If: failure(), Expect: expect(has("description", text)),
		},
		{
			ID: "update-of-plan-repeated-while-updating", Level: Must,
			Title:    "A plan update repeated while it is in progress is answered with 202, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("update of the plan again"), If: inProgress("poll while updating the plan"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("update of the plan")),
		},
		{
			ID: "update-of-plan-takes-effect", Title: "After a plan update, the instance has the new plan.", Level: Must,
			Clause:   spec(section, "The answer is 200 if the changes are applied."),
			Scenario: "instance", Steps: steps("fetch after the update of the plan"),
			If:     both(succeededAt("update of the plan finished"), withStatus(200)),
			Expect: expect(equals("plan_id", "the id of the new plan", (*subject).otherPlanID)),
		},
		{
			ID: "update-of-plan-keeps-parameters", Title: "A plan update without parameters does not change the parameters.", Level: Must,
			Clause:   spec(section, "If parameters are missing, the broker must not change the parameters of the instance."),
			Scenario: "instance", Steps: steps("fetch after the update of the plan"),
			If: both(
				both(succeededAt("update of the plan finished"), sentWithout("update of the plan", "parameters")),
				both(withStatus(200), with("parameters")),
			),
			Expect: expect(sameIfPresent("fetch after the update of the parameters", "parameters")),
		},
		{
			ID: "update-dashboard-url", Title: "A fetched instance has the dashboard_url of the last response that returned one.", Level: Must,
			Clause:   spec(section, "The initial response has the dashboard_url, even if it is asynchronous."),
			Scenario: "instance", Steps: steps("fetch after the update of the parameters", "fetch after the update of the plan"),
			If:     both(withStatus(200), withValue("dashboard_url")),
			Expect: expect(lastDashboard()),
		},
		{
			ID: "update-of-plan-not-updateable", Title: "An update of a plan that is not updateable is refused with 422.", Level: Must,
			Clause:   spec(section, "The answer is 422 if the requested change is not supported, as the catalog declares."),
			Scenario: "instance", Steps: steps("update of a plan that is not updateable"), If: updates(),
			Expect: expect(status(422)),
		},
		{
			ID: "update-refused-keeps-the-plan", Title: "After a refused plan update, the instance has the old plan.", Level: Must,
			Clause:   spec(section, "If the answer is 4xx or 5xx, no change is applied."),
			Scenario: "instance", Steps: steps("fetch after the refused plan update"), If: withStatus(200),
			Expect: expect(equals("plan_id", "the id of the plan", (*subject).planID)),
		},
		{
			ID: "update-maintenance-conflict", Level: Must,
			Title:    "An update with another maintenance version is refused with 422 MaintenanceInfoConflict.",
			Clause:   spec(section, "The answer is 422 MaintenanceInfoConflict if the version differs from the catalog."),
			Scenario: "instance", Steps: steps("update with another maintenance version"),
			Expect: expect(status(422), errorCode("MaintenanceInfoConflict")),
		},
		{
			ID: "update-maintenance", Title: "An update with the maintenance version of the catalog is processed.", Level: Must,
			Clause:   spec(section, "A platform may send the maintenance_info of the catalog to trigger maintenance."),
			Scenario: "instance", Steps: steps("update with the maintenance version of the catalog"), Expect: expect(status(200, 202)),
		},
		{
			ID: "update-async-required", Level: Must,
			Title:    "Without accepts_incomplete, an update that can only be asynchronous is refused with 422 AsyncRequired.",
			Clause:   spec(section, "The answer is 422 AsyncRequired if only asynchronous updates are supported."),
			Scenario: "synchronous", Steps: steps("update without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "update-async-required-false", Title: "An update with accepts_incomplete=false is treated as one without it.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is missing or set to false."),
			Scenario: "synchronous", Steps: steps("update with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "update-while-creating", Level: Must,
			Title:    "An update during the provision is processed, or refused with 404 or 422.",
			Clause:   spec(section, "The answer is 422 if the state of the instance does not allow the update. The id is the id of a provisioned instance."),
			Scenario: "early update", Steps: steps("update while creating"), If: both(inProgress("poll while creating"), updates()),
			Expect: expect(status(200, 202, 404, 422)),
		},
		{
			ID: "update-while-creating-takes-effect", Level: Must,
			Title:    "An update that is accepted during the provision is applied.",
			Clause:   spec(section, "The answer is 200 if the changes are applied."),
			Scenario: "early update", Steps: steps("fetch after the early update"),
			If:     both(succeededAt("update while creating finished"), withStatus(200)),
			Expect: expect(sentTo("update while creating")),
		},
		{
			ID: "update-while-deleting", Level: Must,
			Title:    "An update during the deprovision is processed, or refused with 404, 410 or 422.",
			Clause:   spec(section, "The answer is 422 if the state of the instance does not allow the update."),
			Scenario: "early update", Steps: steps("update while deleting"), If: both(inProgress("poll while deleting"), updates()),
			Expect: expect(status(200, 202, 404, 410, 422)),
		},
		{
			ID: "update-while-deleting-takes-effect", Level: Must,
			Title:    "An update that is answered with 200 during the deprovision is applied.",
			Clause:   spec(section, "The answer is 200 if the changes are applied."),
			Scenario: "early update", Steps: steps("fetch after the late update"), If: both(inProgress("poll while deleting"), withStatus(200)),
			Expect: expect(sentTo("update while deleting")),
		},
		malformed("broken-json", "An update with broken JSON is refused with 400.", mandatory, status(400),
			"update with broken JSON", "update with an array"),
		malformed("no-service-id", "An update without service_id is refused with 400.", mandatory, status(400),
			"update without service_id"),
		malformed("service-id-not-a-string", "An update whose service_id is not a string is refused with 400.", mandatory,
			status(400), "update with service_id as a number"),
		malformed("parameters-not-an-object", "An update whose parameters are not an object is refused with 400.", mandatory,
			status(400), "update with parameters as a string"),
		invalid("unknown-service", "An update of an unknown service is refused.", "update of an unknown service"),
		invalid("unknown-plan", "An update to an unknown plan is refused.", "update to an unknown plan"),
		invalid("plan-of-another-service", "An update to a plan of another service is refused.", "update to a plan of another service"),
		{
			ID: "update-unknown-instance", Title: "An update of an unknown instance is refused.", Level: Must,
			Clause:   spec(section, "The instance id is the id of a provisioned instance."),
			Scenario: "unknown", Steps: steps("update unknown instance"), If: updates(), Expect: expect(refusal()),
		},
		{
			ID: "update-after-deprovision", Title: "An update of a deprovisioned instance is refused.", Level: Must,
			Clause:   spec(section, "The instance id is the id of a provisioned instance."),
			Scenario: "instance", Steps: steps("update after deleting"), If: updates(), Expect: expect(refusal()),
		},
	}
}

// sentTo expects that the returned plan and parameters are those of an update.
func sentTo(step string) Expectation {
	return Expectation{Words: fmt.Sprintf("the returned plan and parameters are those of step %q", step), each: func(j *judgement) string {
		a := j.record.last(step)
		plan, returned := j.answer.object()["plan_id"]
		if want, given := a.sent["plan_id"]; given && returned && plan != want {
			return fmt.Sprintf("plan_id is %s instead of %s", show(plan), show(want))
		}
		sent, _ := a.sent["parameters"].(map[string]any)
		now, _ := j.answer.object()["parameters"].(map[string]any)
		for _, name := range sorted(sent) {
			if value, found := now[name]; found && canonical(value) != canonical(sent[name]) {
				return fmt.Sprintf("the parameter %q differs from what was sent", clip(name, 60))
			}
		}
		return ""
	}}.against(step)
}

// lastDashboard expects the dashboard_url of the last response to the provision
// or an update that has one. A platform keeps it until another response
// replaces it.
func lastDashboard() Expectation {
	// source returns the last answer with a dashboard_url before the judged one.
	source := func(j *judgement) *answer {
		var last *answer
		for _, a := range j.record.answers {
			if a == j.answer {
				break
			}
			if (a.endpoint == Provision || a.endpoint == Update) && a.succeeded() && a.instanceID == j.answer.instanceID && hasValue(a, "dashboard_url") {
				last = a
			}
		}
		return last
	}
	return Expectation{
		Words: "dashboard_url is the one that the provision or the last update returned",
		each: func(j *judgement) string {
			var last any
			if a := source(j); a != nil {
				last = a.object()["dashboard_url"]
			}
			if now := j.answer.object()["dashboard_url"]; canonical(now) != canonical(last) {
				return fmt.Sprintf("dashboard_url is %s instead of %s", show(now), show(last))
			}
			return ""
		},
		beside: func(j *judgement) []*answer {
			if a := source(j); a != nil {
				return []*answer{a}
			}
			return nil
		},
	}
}

// succeededAt holds if the operation that a step waits for was synchronous or
// has succeeded.
func succeededAt(step string) Condition {
	return Condition{Words: fmt.Sprintf("%q reports success", step), holds: func(j *judgement) bool {
		a := j.record.last(step)
		return a == nil || a.state() == "succeeded"
	}}
}

// updates holds if the broker implements updates. They are optional if the catalog
// declares none.
func updates() Condition {
	return when("the broker implements updates", func(a *answer) bool {
		s := a.subject
		declared := s.has(PlanUpdateable) || s.has(ContextUpdates) || s.has(UpdateSchema)
		return declared || !a.is(http.StatusMethodNotAllowed, http.StatusNotImplemented) &&
			(a.status != http.StatusNotFound || a.json.fault == "")
	})
}
