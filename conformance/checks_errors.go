package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// slug makes a part of an id from words.
func slug(words string) string { return strings.ReplaceAll(words, " ", "-") }

// after returns the steps that test whether refused provisions had an effect.
func after(refused []string) []string {
	names := make([]string, len(refused))
	for i, step := range refused {
		names[i] = "deprovision after " + step
	}
	return names
}

var errorWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func errorChecks() []Check {
	const section = "Service Broker Errors"
	const unchanged = "A 4xx leaves the resources of the broker semantically unchanged."
	return []Check{
		{
			ID: "error-json-object", Title: "The body of an error is a JSON object.", Level: Should,
			Clause: spec(section, "The body of an error is a JSON object with the members error and description."),
			If: both(defined(), when("the status is 400 or above, and the response has a body", func(a *answer) bool {
				return a.status >= http.StatusBadRequest && len(a.body) > 0
			})),
			Expect: expect(jsonObject()),
		},
		{
			ID: "error-code-not-empty", Title: "The error code is a non-empty string.", Level: Must,
			Clause: spec(section, "error, if present, is a non-empty string."),
			If:     both(failure(), with("error")), Expect: expect(maybe("error", text)),
		},
		{
			ID: "error-code-one-word", Title: "The error code is a single word.", Level: Should,
			Clause: spec(section, "error is a single word in camel case."),
			If:     both(failure(), with("error")),
			Expect: expect(maybe("error", kind{"one word of letters and digits", func(v any) bool {
				s, ok := v.(string)
				return !ok || s == "" || errorWord.MatchString(s)
			}})),
		},
		{
			ID: "error-description-not-empty", Title: "The description of an error is a non-empty string.", Level: Must,
			Clause: spec(section, "description, if present, is a non-empty string."),
			If:     both(failure(), with("description")), Expect: expect(maybe("description", text)),
		},
		{
			ID: "error-description", Title: "A 400, 409 or 422 has a description.", Level: May,
			Clause: spec(section, "description is a user-facing message explaining why the request failed."),
			If:     withStatus(400, 409, 422), Expect: expect(has("description", text)),
		},
		{
			ID: "error-instance-usable", Level: Must,
			Title:  "instance_usable is a boolean, and is only in errors of an update or deprovision.",
			Clause: spec(section, "instance_usable must not be present for errors of other operations."),
			If:     both(failure(), with("instance_usable")),
			Expect: expect(onlyFor("instance_usable", Update, Deprovision), maybe("instance_usable", aBoolean)),
		},
		{
			ID: "error-update-repeatable", Level: Must,
			Title:  "update_repeatable is a boolean, and is only in errors of an update.",
			Clause: spec(section, "update_repeatable must not be present for errors of other operations."),
			If:     both(failure(), with("update_repeatable")),
			Expect: expect(onlyFor("update_repeatable", Update), maybe("update_repeatable", aBoolean)),
		},
		{
			ID: "error-refused-provision-creates-nothing", Title: "A refused provision creates nothing.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "malformed", Expect: expect(missing()),
			Steps: after(refusedProvisions()), If: reportsMissing(nothingDeprovisioned),
		},
		{
			ID: "error-refused-provision-leaves-no-trace", Title: "After a malformed provision, a valid one with the same id creates the instance.",
			Level: Must, Clause: spec(section, unchanged), Scenario: "malformed",
			Steps: steps("provision after no plan_id", "provision after parameters as a string"), Expect: expect(status(201, 202)),
		},
		{
			ID: "error-invalid-provision-leaves-no-trace", Title: "After a provision with invalid parameters, a valid one with the same id creates the instance.",
			Level: Must, Clause: spec(section, unchanged), Scenario: "instance", Steps: steps("provision after the refusal"), Expect: expect(status(201, 202)),
		},
		{
			ID: "error-refused-bind-leaves-no-trace", Title: "After a malformed bind, a valid one with the same id creates the binding.",
			Level: Must, Clause: spec(section, unchanged), Scenario: "refused", Steps: steps("bind after the refusal"), Expect: expect(status(201, 202)),
		},
		{
			ID: "error-conflict-changes-nothing", Title: "A conflict changes nothing.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "instance", Steps: steps("fetch after conflicts"),
			If:     withStatus(200),
			Expect: expect(sameAs("fetch", "plan_id"), sameAs("fetch", "parameters"), sameAs("fetch", "service_id")),
		},
		{
			ID: "error-conflict-keeps-attributes", Title: "After conflicts, the first request is still answered with 200.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "instance", Steps: steps("provision again after conflicts"),
			If: answered("provision again", 200), Expect: expect(status(200)),
		},
		{
			ID: "error-refused-update-changes-nothing", Title: "A refused update changes nothing.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "refused", Steps: steps("fetch after refused updates", "fetch after updates with unknown ids"),
			Expect: expect(status(200), equals("plan_id", "the id of the plan", (*subject).planID)),
		},
		{
			ID: "error-refused-bind-creates-nothing", Title: "A refused bind creates nothing.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "refused", Expect: expect(missing()),
			If: reportsMissing(nothingUnbound),
			Steps: steps(
				"unbind after bind without service_id", "unbind after bind without plan_id",
				"unbind after bind of an unknown service", "unbind after bind of an unknown plan",
				"unbind after bind with parameters as a string",
			),
		},
		{
			ID: "error-refused-unbind-deletes-nothing", Title: "A refused unbind deletes nothing.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "refused", Steps: steps("unbind after refused unbinds"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202)), Needs: []Feature{Bindable},
		},
		{
			ID: "error-refused-deprovision-deletes-nothing", Title: "A refused deprovision deletes nothing.", Level: Must,
			Clause: spec(section, unchanged), Scenario: "refused", Steps: steps("deprovision after refused deprovisions"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "error-unknown-path", Title: "A request to an unknown path is refused.", Level: Must,
			Clause:   spec(section, "A failing request is answered with an appropriate status."),
			Scenario: "unknown", Steps: steps("unknown path"), Expect: expect(refusal()),
		},
		{
			ID: "error-unknown-method", Title: "A request with a method that the endpoint does not have is refused.", Level: Must,
			Clause:   spec(section, "A failing request is answered with an appropriate status."),
			Scenario: "unknown", Steps: steps("unknown method"), Expect: expect(refusal()),
		},
	}
}

// onlyFor expects that only responses of these endpoints have a member.
func onlyFor(name string, endpoints ...Endpoint) Expectation {
	return each(fmt.Sprintf("only responses to %s have %s", joined(endpoints), name), func(a *answer) string {
		for _, endpoint := range endpoints {
			if a.endpoint == endpoint {
				return ""
			}
		}
		if _, found := lookup(a.json.value, name); found {
			return fmt.Sprintf("a response to %s has %s", a.endpoint, name)
		}
		return ""
	})
}

func joined(endpoints []Endpoint) string {
	words := make([]string, len(endpoints))
	for i, endpoint := range endpoints {
		words[i] = string(endpoint)
	}
	return strings.Join(words, " and ")
}
