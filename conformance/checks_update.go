package conformance

import (
	"fmt"
	"net/http"
)

func updateChecks() []Check {
	const section = "Updating a Service Instance"
	const mandatory = "400 if the request is malformed or misses mandatory data."
	const again = "202 with the same operation while the update is in progress, not 200; but 422 if the state does not allow an update."
	malformed := func(id, title, says string, expectation Expectation, names ...string) Check {
		return Check{
			ID: "update-" + id, Title: title, Level: Must, Clause: spec(section, says),
			Scenario: "refused", Steps: names, If: updates(), Expect: expect(expectation),
		}
	}
	// The specification leaves to the broker whether it refuses invalid data.
	invalid := func(id, title, step string) Check {
		check := malformed(id, title, "400 may be returned if the request contains invalid data.", refusal(), step)
		check.Level = May
		return check
	}
	return []Check{
		{
			ID: "update-of-context", Title: "An update of the context is answered with 200, or 202 if it goes on.", Level: Must,
			Clause:   spec(section, "With allow_context_updates, requests with nothing but the context are supported."),
			Scenario: "instance", Steps: steps("update of the context"), Expect: expect(status(200, 202)),
		},
		{
			ID: "update-of-context-keeps-the-rest", Title: "An update of the context changes nothing else.", Level: Must,
			Clause:   spec(section, "Without plan_id the plan, without parameters the parameters do not change."),
			Scenario: "instance", Steps: steps("fetch after the update of the context"), If: withStatus(200),
			Expect: expect(sameAs("fetch", "plan_id"), sameAs("fetch", "parameters")),
		},
		{
			ID: "update-of-parameters", Title: "An update of the parameters has a status that is defined.", Level: Must,
			Clause:   spec(section, "200 if applied, 202 if in progress, 400 if invalid, 422 if not supported."),
			Scenario: "instance", Steps: steps("update of the parameters"), If: updates(),
			Expect: expect(status(200, 202, 400, 422)),
		},
		{
			ID: "update-of-parameters-with-schema", Title: "An update that follows the plan's schema is processed.", Level: Should,
			Clause:   spec(section, "Users can change the parameters that the schema for updates describes."),
			Scenario: "instance", Steps: steps("update of the parameters"), Needs: []Feature{UpdateSchema},
			Expect: expect(status(200, 202)),
		},
		{
			ID: "update-of-parameters-takes-effect", Title: "After an update of the parameters they have the new values.",
			Level: Should, Clause: spec(section, "200 if the changes have been applied."),
			Scenario: "instance", Steps: steps("fetch after the update of the parameters"),
			If:     both(succeededAt("update of the parameters finished"), both(withStatus(200), withValue("parameters"))),
			Expect: expect(sentWith("update of the parameters", createSchema)),
		},
		{
			ID: "update-without-previous-values", Title: "An update needs no previous values.", Level: Must,
			Clause:   spec(section, "previous_values is not required."),
			Scenario: "instance", Steps: steps("update without previous values"), Expect: expect(status(200, 202)),
		},
		{
			ID: "update-parameters-validated", Title: "An update against the plan's schema is refused.", Level: Should,
			Clause:   spec(section, "Brokers ensure that the parameters are valid for the operation."),
			Scenario: "instance", Steps: steps("update against the schema"), Expect: expect(refusal()),
		},
		{
			ID: "update-of-plan-async-required", Level: Must,
			Title:    "A change of the plan that can only be asynchronous is refused with 422 AsyncRequired.",
			Clause:   spec(section, "422 AsyncRequired if only asynchronous updates are supported; 422 if not supported at all."),
			Scenario: "synchronous", Steps: steps("update of the plan without accepts_incomplete"), Expect: expect(status(200, 422)),
		},
		{
			ID: "update-async-required-no-effect", Title: "A refused change of the plan has no effect.", Level: Must,
			Clause:   spec(section, "With a 4xx or 5xx none of the changes is applied."),
			Scenario: "synchronous", Steps: steps("fetch after the refused update"),
			Expect: expect(status(200), equals("plan_id", "the plan's", (*subject).planID)),
		},
		{
			ID: "update-of-parameters-keeps-the-plan", Title: "An update without plan_id does not change the plan.", Level: Must,
			Clause:   spec(section, "Without plan_id the broker must not change the plan."),
			Scenario: "instance", Steps: steps("fetch after the update of the parameters"), If: withStatus(200),
			Expect: expect(equals("plan_id", "the plan's", (*subject).planID)),
		},
		{
			ID: "update-body", Title: "The answer to an update has the members that the specification defines.", Level: Must,
			Clause:    spec(section, "dashboard_url is a string, metadata an object."),
			Endpoints: []Endpoint{Update}, If: withStatus(200, 202),
			Expect: expect(
				maybe("dashboard_url", aString.or(null)), maybe("metadata", anObject.or(null)),
				maybe("metadata.labels", anObject), maybe("metadata.attributes", anObject),
			),
		},
		{
			ID: "update-repeated-while-updating", Level: Must,
			Title:    "An update that is repeated while it is in progress is answered with 202, or 422 ConcurrencyError.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("update of the parameters again"), If: inProgress("poll while updating parameters"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("update of the parameters")),
		},
		{
			ID: "update-of-plan", Title: "A change of the plan is processed, or refused with 422.", Level: Must,
			Clause:   spec(section, "200 if applied, 202 if in progress, 422 if the change is not supported."),
			Scenario: "instance", Steps: steps("update of the plan"), Expect: expect(status(200, 202, 422)),
		},
		{
			ID: "update-of-plan-refusal-explained", Title: "A change of the plan that is refused says why.", Level: Should,
			Clause:   spec(section, "If a change of the plan is not supported, there is a meaningful error message."),
			Scenario: "instance", Steps: steps("update of the plan"), If: failure(), Expect: expect(has("description", text)),
		},
		{
			ID: "update-of-plan-repeated-while-updating", Level: Must,
			Title:    "A change of the plan that is repeated while it is in progress is answered with 202, or 422 ConcurrencyError.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("update of the plan again"), If: inProgress("poll while updating the plan"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("update of the plan")),
		},
		{
			ID: "update-of-plan-takes-effect", Title: "After a change of the plan the instance has the other plan.", Level: Must,
			Clause:   spec(section, "200 if the changes have been applied."),
			Scenario: "instance", Steps: steps("fetch after the update of the plan"),
			If:     both(succeededAt("update of the plan finished"), withStatus(200)),
			Expect: expect(equals("plan_id", "that of the other plan", (*subject).otherPlanID)),
		},
		{
			ID: "update-of-plan-keeps-parameters", Title: "A change of the plan without parameters does not change them.", Level: Must,
			Clause:   spec(section, "Without parameters in the request the broker must not change those of the instance."),
			Scenario: "instance", Steps: steps("fetch after the update of the plan"),
			If: both(
				both(succeededAt("update of the plan finished"), sentWithout("update of the plan", "parameters")),
				both(withStatus(200), with("parameters")),
			),
			Expect: expect(sameIfPresent("fetch after the update of the parameters", "parameters")),
		},
		{
			ID: "update-dashboard-url", Title: "The dashboard of an updated instance was told when it was updated.", Level: Must,
			Clause:   spec(section, "A dashboard_url is returned with the initial response, also if that is asynchronous."),
			Scenario: "instance", Steps: steps("fetch after the update of the parameters", "fetch after the update of the plan"),
			If:     both(withStatus(200), withValue("dashboard_url")),
			Expect: expect(lastDashboard()),
		},
		{
			ID: "update-of-plan-not-updateable", Title: "A change of a plan that is not updateable is refused with 422.", Level: Must,
			Clause:   spec(section, "422 if the requested change is not supported; the catalog says that it is not."),
			Scenario: "instance", Steps: steps("update of the plan that is not allowed"), If: updates(),
			Expect: expect(status(422)),
		},
		{
			ID: "update-refused-keeps-the-plan", Title: "After a refused change of the plan the instance has the old plan.", Level: Must,
			Clause:   spec(section, "With a 4xx or 5xx none of the changes is applied."),
			Scenario: "instance", Steps: steps("fetch after the plan was not changed"), If: withStatus(200),
			Expect: expect(equals("plan_id", "the plan's", (*subject).planID)),
		},
		{
			ID: "update-maintenance-conflict", Level: Must,
			Title:    "An update with another maintenance version is refused with 422 MaintenanceInfoConflict.",
			Clause:   spec(section, "422 MaintenanceInfoConflict if the version is not that of the catalog."),
			Scenario: "instance", Steps: steps("update with another maintenance version"),
			Expect: expect(status(422), errorCode("MaintenanceInfoConflict")),
		},
		{
			ID: "update-maintenance", Title: "An update with the maintenance version of the catalog is processed.", Level: Must,
			Clause:   spec(section, "A platform may provide the maintenance information of the catalog to perform maintenance."),
			Scenario: "instance", Steps: steps("update with the maintenance version of the catalog"), Expect: expect(status(200, 202)),
		},
		{
			ID: "update-async-required", Level: Must,
			Title:    "An update that can only be asynchronous is refused with 422 AsyncRequired without accepts_incomplete.",
			Clause:   spec(section, "422 AsyncRequired if only asynchronous updates are supported."),
			Scenario: "synchronous", Steps: steps("update without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "update-async-required-false", Title: "To an update, accepts_incomplete=false is the same as none.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is not included or is set to false."),
			Scenario: "synchronous", Steps: steps("update with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "update-while-creating", Level: Must,
			Title:    "An update of what is being provisioned is refused, or processed.",
			Clause:   spec(section, "422 if the request cannot be fulfilled due to the state; the id is that of a provisioned instance."),
			Scenario: "early update", Steps: steps("update while creating"), If: both(inProgress("poll while creating"), updates()),
			Expect: expect(status(200, 202, 404, 422)),
		},
		{
			ID: "update-while-creating-takes-effect", Level: Must,
			Title:    "An update that is accepted while the instance is provisioned is applied.",
			Clause:   spec(section, "200 if the changes have been applied."),
			Scenario: "early update", Steps: steps("fetch after the early update"),
			If:     both(succeededAt("update while creating finished"), withStatus(200)),
			Expect: expect(sentTo("update while creating")),
		},
		{
			ID: "update-while-deleting", Level: Must,
			Title:    "An update of what is being deprovisioned is refused, or processed.",
			Clause:   spec(section, "422 if the request cannot be fulfilled due to the state of the instance."),
			Scenario: "early update", Steps: steps("update while deleting"), If: both(inProgress("poll while deleting"), updates()),
			Expect: expect(status(200, 202, 404, 410, 422)),
		},
		{
			ID: "update-while-deleting-takes-effect", Level: Must,
			Title:    "An update that is done while the instance is deprovisioned is applied.",
			Clause:   spec(section, "200 if the changes have been applied."),
			Scenario: "early update", Steps: steps("fetch after the late update"), If: both(inProgress("poll while deleting"), withStatus(200)),
			Expect: expect(sentTo("update while deleting")),
		},
		malformed("broken-json", "An update with broken JSON is refused with 400.", mandatory, status(400),
			"update with broken JSON", "update with an array"),
		malformed("no-service-id", "An update without service_id is refused with 400.", mandatory, status(400),
			"update without service_id"),
		malformed("service-id-not-a-string", "An update whose service_id is no string is refused with 400.", mandatory,
			status(400), "update with service_id as a number"),
		malformed("parameters-not-an-object", "An update whose parameters are no object is refused with 400.", mandatory,
			status(400), "update with parameters as a string"),
		invalid("unknown-service", "An update of an unknown service is refused.", "update of an unknown service"),
		invalid("unknown-plan", "An update to an unknown plan is refused.", "update to an unknown plan"),
		invalid("plan-of-another-service", "An update to a plan of another service is refused.", "update to a plan of another service"),
		{
			ID: "update-unknown-instance", Title: "An update of an unknown instance is refused.", Level: Must,
			Clause:   spec(section, "The instance id is that of an instance that was provisioned."),
			Scenario: "unknown", Steps: steps("update unknown instance"), If: updates(), Expect: expect(refusal()),
		},
		{
			ID: "update-after-deprovision", Title: "An update of an instance that was deprovisioned is refused.", Level: Must,
			Clause:   spec(section, "The instance id is that of an instance that was provisioned."),
			Scenario: "instance", Steps: steps("update after deleting"), If: updates(), Expect: expect(refusal()),
		},
	}
}

// sentTo expects what an update asked for, as far as it is told.
func sentTo(step string) Expectation {
	return Expectation{Words: fmt.Sprintf("the plan and the parameters of the step %q, as far as they are told", step), each: func(j *judgement) string {
		a := j.record.last(step)
		plan, told := j.answer.object()["plan_id"]
		if want, given := a.sent["plan_id"]; given && told && plan != want {
			return fmt.Sprintf("plan_id is %s and not %s", show(plan), show(want))
		}
		sent, _ := a.sent["parameters"].(map[string]any)
		now, _ := j.answer.object()["parameters"].(map[string]any)
		for _, name := range sorted(sent) {
			if value, found := now[name]; found && canonical(value) != canonical(sent[name]) {
				return fmt.Sprintf("the parameter %q is not what was sent", clip(name, 60))
			}
		}
		return ""
	}}.against(step)
}

// lastDashboard expects the dashboard that the answers to the provision and to
// updates told last: a platform keeps it until it is told another one.
func lastDashboard() Expectation {
	// told is the answer that told a dashboard last, before the judged one.
	told := func(j *judgement) *answer {
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
		Words: "the dashboard_url that the provision or an update told last",
		each: func(j *judgement) string {
			var last any
			if a := told(j); a != nil {
				last = a.object()["dashboard_url"]
			}
			if now := j.answer.object()["dashboard_url"]; canonical(now) != canonical(last) {
				return fmt.Sprintf("dashboard_url is %s, and %s was told", show(now), show(last))
			}
			return ""
		},
		beside: func(j *judgement) []*answer {
			if a := told(j); a != nil {
				return []*answer{a}
			}
			return nil
		},
	}
}

// succeededAt holds if the operation that a step waited for was synchronous, or
// has succeeded.
func succeededAt(step string) Condition {
	return Condition{Words: "the operation of " + step + " succeeded", holds: func(j *judgement) bool {
		a := j.record.last(step)
		return a == nil || a.state() == "succeeded"
	}}
}

// updates holds if the broker implements updates at all: it need not, if the
// catalog does not declare any.
func updates() Condition {
	return when("the broker implements updates", func(a *answer) bool {
		s := a.subject
		declared := s.has(PlanUpdateable) || s.has(ContextUpdates) || s.has(UpdateSchema)
		return declared || !a.is(http.StatusMethodNotAllowed, http.StatusNotImplemented) &&
			(a.status != http.StatusNotFound || a.json.fault == "")
	})
}
