package conformance

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// answerChecks returns the checks of all responses.
func answerChecks() []Check {
	const operation = "Asynchronous Operations"
	return []Check{
		{
			ID: "answer-json-object", Title: "The body of a successful response is a JSON object.", Level: Must,
			Clause: spec("Content Type", "Each body is a JSON object; the empty one is {}."),
			If:     success(), Expect: expect(jsonObject()),
		},
		{
			ID: "answer-content-type", Title: "A response with a body has the content type application/json.", Level: Should,
			Clause: spec("Content Type", "A response with a body has Content-Type application/json."),
			If: both(defined(), when("the response has a body", func(a *answer) bool {
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
			Expect: expect(each("each name occurs once in an object", func(a *answer) string {
				if a.json.duplicate == "" {
					return ""
				}
				return show(a.json.duplicate) + " occurs twice in an object"
			})),
		},
		{
			ID: "answer-no-null", Title: "Members without a value are left out rather than null.", Level: Should,
			Clause: spec("Service Broker Errors", "Each member has a type, and only a few may be null."),
			If:     when("the body is a JSON object", func(a *answer) bool { return a.object() != nil && a.endpoint != GetCatalog }),
			Expect: expect(noNulls()),
		},
		{
			ID: "answer-success-status", Title: "A successful response has a status that the endpoint defines.", Level: Must,
			Clause: spec("Service Broker Errors", "Where the specification defines the status, that status must be used."),
			If: when("the status is below 400", func(a *answer) bool {
				return a.status < http.StatusBadRequest && a.status != http.StatusNotModified
			}),
			Expect: expect(each("200 for catalog, fetch and last operation; "+
				"200, 201 or 202 for provision and bind; 200 or 202 for update, unbind and deprovision", definedSuccess)),
		},
		{
			ID: "answer-no-redirect", Title: "No request is redirected.", Level: Must,
			Clause: spec("Service Broker Errors", "No endpoint defines a redirect; platforms treat it as a failure."),
			Expect: expect(each("no status from 300 to 399, except 304", func(a *answer) string {
				if a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified {
					return a.describe() + " to " + show(a.header.Get("Location"))
				}
				return ""
			})),
		},
		{
			ID: "answer-no-fault", Title: "No request of the run is answered with 5xx.", Level: Should,
			Clause: spec("Service Broker Errors", "A failing request is answered with an appropriate status: a failing request of this run is an error of the client."),
			Expect: expect(each("no status of 500 or above, except 501", func(a *answer) string {
				if a.status >= http.StatusInternalServerError && a.status != http.StatusNotImplemented {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "async-only-if-accepted", Title: "Only requests with accepts_incomplete=true are answered with 202.", Level: Must,
			Clause:    spec(operation, "A request must have accepts_incomplete=true to be answered asynchronously."),
			Endpoints: []Endpoint{Provision, Update, Deprovision, Bind, Unbind},
			If: when("the request does not have accepts_incomplete=true", func(a *answer) bool {
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
			If: when("the response has an operation", func(a *answer) bool {
				return a.accepted() && a.operation() != ""
			}),
			Expect: expect(maybe("operation", atMost(10_000))),
		},
		{
			ID: "operation-not-empty", Title: "An operation is not empty.", Level: Must,
			Clause: spec("Polling Last Operation for Service Instances",
				"Polls send the operation back as a non-empty string."),
			Endpoints: []Endpoint{Provision, Deprovision, Bind, Unbind},
			If:        both(withStatus(202), withValue("operation")), Expect: expect(maybe("operation", text)),
		},
		{
			ID: "dashboard-url", Title: "A dashboard_url is a URL.", Level: Must,
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
	return when("the response has Retry-After", func(a *answer) bool { return a.header.Get("Retry-After") != "" })
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

// definedSuccess returns a fault if the endpoint does not define the status,
// which is below 400.
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

// noNulls expects that no member of the specification is null, except the members
// that may be null.
func noNulls() Expectation {
	names := []string{
		"error", "description", "instance_usable", "update_repeatable", "state", "metadata", "credentials",
		"syslog_drain_url", "route_service_url", "volume_mounts", "endpoints", "parameters", "maintenance_info",
		"service_id", "plan_id", "operation", "dashboard_url",
	}
	return each("no member is null, except dashboard_url and operation in responses to a provision or update", func(a *answer) string {
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
