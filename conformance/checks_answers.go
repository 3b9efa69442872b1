package conformance

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// answerChecks are about every answer, whatever was asked.
func answerChecks() []Check {
	const operation = "Asynchronous Operations"
	return []Check{
		{
			ID: "answer-json-object", Title: "The body of a success is a JSON object.", Level: Must,
			Clause: spec("Content Type", "The bodies that the specification defines are JSON objects; an empty one is {}."),
			If:     success(), Expect: expect(jsonObject()),
		},
		{
			ID: "answer-content-type", Title: "Answers with a body say that it is JSON.", Level: Should,
			Clause: spec("Content Type", "Responses with a body have Content-Type application/json."),
			If: both(defined(), when("the answer has a body", func(a *answer) bool {
				return len(a.body) > 0 && (a.succeeded() || a.status >= http.StatusBadRequest)
			})),
			Expect: expect(each("Content-Type application/json", func(a *answer) string {
				got := a.header.Get("Content-Type")
				if media, _, err := mime.ParseMediaType(got); err == nil && media == "application/json" {
					return ""
				}
				return "Content-Type is " + show(got)
			})),
		},
		{
			ID: "answer-names-unique", Title: "No member occurs twice in an object.", Level: Should,
			Clause: rfc("8259", "4", "The names within an object are unique."),
			If:     when("the body is JSON", func(a *answer) bool { return a.json.fault == "" }),
			Expect: expect(each("each name once in an object", func(a *answer) string {
				if a.json.duplicate == "" {
					return ""
				}
				return show(a.json.duplicate) + " occurs twice in an object"
			})),
		},
		{
			ID: "answer-no-null", Title: "Members that have nothing to say are left out rather than null.", Level: Should,
			Clause: spec("Service Broker Errors", "The members of responses have types, and only some of them may be null."),
			If:     when("the body is a JSON object", func(a *answer) bool { return a.object() != nil && a.endpoint != GetCatalog }),
			Expect: expect(noNulls()),
		},
		{
			ID: "answer-success-status", Title: "A success has a status that the endpoint defines.", Level: Must,
			Clause: spec("Service Broker Errors", "Where the specification defines the status, that status must be used."),
			If: when("the status is below 400", func(a *answer) bool {
				return a.status < http.StatusBadRequest && a.status != http.StatusNotModified
			}),
			Expect: expect(each("a status of the endpoint: catalog, fetch and last operation 200, "+
				"provision and bind 200, 201 or 202, update, unbind and deprovision 200 or 202", definedSuccess)),
		},
		{
			ID: "answer-no-redirect", Title: "No request is redirected.", Level: Must,
			Clause: spec("Service Broker Errors", "No endpoint defines a redirect; platforms take it for a failure."),
			Expect: expect(each("no status from 300 to 399, but 304", func(a *answer) string {
				if a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified {
					return a.describe() + " to " + show(a.header.Get("Location"))
				}
				return ""
			})),
		},
		{
			ID: "answer-no-fault", Title: "No request of this run makes the broker answer 5xx.", Level: Should,
			Clause: spec("Service Broker Errors", "A failing request has an appropriate status: those of this run are the client's."),
			Expect: expect(each("no status of 500 or more, but 501", func(a *answer) string {
				if a.status >= http.StatusInternalServerError && a.status != http.StatusNotImplemented {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "async-only-if-accepted", Title: "202 is only the answer to accepts_incomplete=true.", Level: Must,
			Clause:    spec(operation, "For an asynchronous response, accepts_incomplete=true must be in the request."),
			Endpoints: []Endpoint{Provision, Update, Deprovision, Bind, Unbind},
			If: when("accepts_incomplete=true is not in the request", func(a *answer) bool {
				return a.query.Get("accepts_incomplete") != "true" && a.succeeded()
			}),
			Expect: expect(status(200, 201)),
		},
		{
			ID: "operation-string", Title: "An operation is a string.", Level: Must,
			Clause:    spec("Deprovisioning", "operation is a string."),
			Endpoints: []Endpoint{Update, Deprovision, Bind, Unbind},
			If:        both(withStatus(202), with("operation")), Expect: expect(maybe("operation", aString)),
		},
		{
			ID: "operation-of-provision", Title: "The operation of a provision is a string or null.", Level: Must,
			Clause:    spec("Provisioning", "operation is a string and may be null."),
			Endpoints: []Endpoint{Provision},
			If:        both(withStatus(202), with("operation")), Expect: expect(maybe("operation", aString.or(null))),
		},
		{
			ID: "operation-length", Title: "An operation has at most 10,000 characters.", Level: Must,
			Clause:    spec("Provisioning", "operation must not contain more than 10,000 characters."),
			Endpoints: []Endpoint{Provision, Deprovision, Bind, Unbind},
			If: when("the answer has an operation", func(a *answer) bool {
				return a.accepted() && a.operation() != ""
			}),
			Expect: expect(maybe("operation", atMost(10_000))),
		},
		{
			ID: "operation-not-empty", Title: "An operation is not empty.", Level: Must,
			Clause: spec("Polling Last Operation for Service Instances",
				"The operation is sent back with polls, where it is a non-empty string."),
			Endpoints: []Endpoint{Provision, Deprovision, Bind, Unbind},
			If:        both(withStatus(202), withValue("operation")), Expect: expect(maybe("operation", text)),
		},
		{
			ID: "dashboard-url", Title: "A dashboard URL is a URL.", Level: Must,
			Clause:    spec("Provisioning", "dashboard_url is the URL of a web-based user interface."),
			Endpoints: []Endpoint{Provision, Update, FetchInstance},
			If:        both(success(), withValue("dashboard_url")), Expect: expect(maybe("dashboard_url", aURL)),
		},
		{
			ID: "operation-of-update", Title: "The operation of an update is a non-empty string.", Level: Must,
			Clause:    spec("Updating a Service Instance", "operation, if present, is a non-empty string."),
			Endpoints: []Endpoint{Update},
			If:        both(withStatus(202), with("operation")), Expect: expect(maybe("operation", text)),
		},
		{
			ID: "retry-after-valid", Title: "Retry-After is a number of seconds or a date.", Level: Must,
			Clause: rfc("9110", "10.2.3", "Retry-After is a date or a non-negative integer of seconds."),
			If:     withRetryAfter(), Expect: expect(retryAfter("a number of seconds or a date", true)),
		},
		{
			ID: "retry-after-duration", Title: "Retry-After is a duration.", Level: Should,
			Clause: spec("Polling Last Operation for Service Instances", "Retry-After is a duration rather than a timestamp."),
			If:     withRetryAfter(), Expect: expect(retryAfter("a number of seconds", false)),
		},
	}
}

func withRetryAfter() Condition {
	return when("the answer has Retry-After", func(a *answer) bool { return a.header.Get("Retry-After") != "" })
}

func retryAfter(words string, date bool) Expectation {
	return each("Retry-After is "+words, func(a *answer) string {
		value := a.header.Get("Retry-After")
		if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 && value[0] != '+' {
			return ""
		}
		if _, err := http.ParseTime(value); err == nil && date {
			return ""
		}
		return "Retry-After is " + show(value)
	})
}

// definedSuccess finds a status below 400 that the endpoint does not define.
func definedSuccess(a *answer) string {
	defined := []int{http.StatusOK}
	switch a.endpoint {
	case Provision, Bind:
		defined = append(defined, http.StatusCreated, http.StatusAccepted)
	case Update, Unbind, Deprovision:
		defined = append(defined, http.StatusAccepted)
	default:
	}
	if slices.Contains(defined, a.status) {
		return ""
	}
	return a.describe()
}

// noNulls expects that no member that the specification defines is null, but
// those that may be.
func noNulls() Expectation {
	names := []string{
		"error", "description", "instance_usable", "update_repeatable", "state", "metadata", "credentials",
		"syslog_drain_url", "route_service_url", "volume_mounts", "endpoints", "parameters", "maintenance_info",
		"service_id", "plan_id", "operation", "dashboard_url",
	}
	return each("no member is null, but dashboard_url and operation in answers to a provision or update", func(a *answer) string {
		for _, name := range names {
			value, found := a.object()[name]
			mayBe := (name == "dashboard_url" || name == "operation") && (a.endpoint == Provision || a.endpoint == Update)
			if found && value == nil && !mayBe {
				return fmt.Sprintf("%s is null", name)
			}
		}
		return ""
	})
}
