package conformance

import (
	"net/url"
	"slices"
	"strings"
)

func bindChecks() []Check {
	const section = "Binding"
	const again = "The answer is 202 with the same operation while the bind is in progress, not 200."
	const different = "The answer is 409 if a binding with the same id exists or is being created with different parameters."
	return []Check{
		{
			ID: "bind-succeeds", Title: "A bind is answered with 201, or with 202 if it is asynchronous.", Level: Must,
			Clause:   spec(section, "The answer is 201 if this request created the binding, 202 if the bind is in progress."),
			Scenario: "binding", Steps: steps("bind"), Expect: expect(status(201, 202)),
		},
		{
			ID: "bind-returns-information", Title: "The information about a binding is returned at least once.", Level: Must,
			Clause:   spec(section, "The broker must return the information at least once: when the binding is created or fetched."),
			Scenario: "binding", Steps: steps("bind"), Expect: expect(bindingReturned()),
			// A route may be proxied by a service that was set up out of band.
			If: when("the service does not require route_forwarding, or the response has information about the binding", func(a *answer) bool {
				return a.succeeded() && (!a.subject.has(RouteForwarding) || slices.ContainsFunc(bindingMembers(), func(name string) bool {
					return hasValue(a, name)
				}))
			}),
		},
		{
			ID: "bind-accepted-without-credentials", Level: Must,
			Title:     "The 202 of a bind has no information about the binding.",
			Clause:    spec(section, "The 202 must not have information about the binding."),
			Endpoints: []Endpoint{Bind}, If: withStatus(202),
			Expect: expect(lacks("credentials", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints")),
		},
		{
			ID: "bind-accepted-is-retrievable", Title: "A service that binds asynchronously declares bindings_retrievable.", Level: Must,
			Clause: spec(section, "The broker must return the information at least once. After a 202, only a fetch can return it."),
			// The check judges the bind because the 202 is what breaks the promise of
			// the catalog.
			Scenario: "binding", Steps: steps("bind"), If: withStatus(202),
			Expect: expect(each("the catalog declares bindings_retrievable", func(a *answer) string {
				if a.subject.has(BindingsRetrievable) {
					return ""
				}
				return "the service does not declare bindings_retrievable"
			})),
		},
		{
			ID: "bind-repeated-200", Title: "A repeated bind is answered with 200.", Level: Should,
			Clause:   spec(section, "The answer is 200 if the binding exists with identical parameters."),
			Scenario: "binding", Steps: steps("bind again"), Expect: expect(status(200)),
		},
		{
			ID: "bind-repeated-not-created", Title: "A repeated bind is not answered with 201 or 202.", Level: Should,
			Clause:   spec(section, "The answer is 200 for an existing binding, and 201 for a binding that this request created."),
			Scenario: "binding", Steps: steps("bind again"),
			Expect: expect(each("no status 201 or 202", func(a *answer) string {
				if a.is(201, 202) {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "bind-repeated-while-creating", Title: "A bind repeated while it is in progress is answered with 202 and the same operation.",
			Level: Must, Clause: spec(section, again),
			Scenario: "binding", Steps: steps("bind again while creating"), If: inProgress("poll while binding"),
			Expect: expect(status(202), sameOperation("bind")),
		},
		{
			ID: "bind-other-parameters-409", Title: "A bind with the same id and other parameters is a conflict.", Level: Must,
			Clause:   spec(section, different),
			Scenario: "binding", Steps: steps("bind other parameters"), Expect: expect(conflict(BindSchema)),
		},
		{
			ID: "bind-other-parameters-while-creating-409", Level: Must,
			Title:    "A bind with other parameters is a conflict while the first bind is in progress.",
			Clause:   spec(section, different),
			Scenario: "binding", Steps: steps("bind other parameters while creating"), If: inProgress("poll while binding"),
			Expect: expect(conflict(BindSchema)),
		},
		{
			ID: "bind-repeated-same-credentials", Title: "A repeated bind returns the same credentials.", Level: Should,
			Clause:   spec(section, "The answer is 200 if the binding exists. It has the same body as the first successful response."),
			Scenario: "binding", Steps: steps("bind again"), If: both(returned("bind", "credentials"), withValue("credentials")),
			Expect: expect(sameAs("bind", "credentials")),
		},
		{
			ID: "bind-repeated-credentials", Title: "A repeated bind returns credentials.", Level: May,
			Clause:   spec(section, "A broker may return the information about a binding only once."),
			Scenario: "binding", Steps: steps("bind again"),
			If: both(returned("bind", "credentials"), withStatus(200)), Expect: expect(has("credentials", anObject)),
		},
		{
			ID: "bind-credentials", Title: "A bind returns credentials.", Level: May,
			Clause:   spec(section, "A broker that generates credentials must return them. It may choose not to generate any."),
			Scenario: "binding", Steps: steps("bind"),
			If: when("the service requires no permission", func(a *answer) bool {
				s := a.subject
				return a.succeeded() && !s.has(SyslogDrain) && !s.has(RouteForwarding) && !s.has(VolumeMount)
			}),
			Expect: expect(memberReturned("credentials", anObject)),
		},
		{
			ID: "bind-endpoints", Title: "Credentials with a host come with endpoints.", Level: Should,
			Clause:   spec(section, "The broker should return the endpoints that the application connects to, in addition to the credentials."),
			Scenario: "binding", Steps: steps("bind"),
			If: Condition{Words: "the credentials have a host", holds: func(j *judgement) bool {
				return namesHost(j.record.last("bind")) || namesHost(j.record.last("fetch binding"))
			}},
			Expect: expect(memberReturned("endpoints", anArray)),
		},
		{
			ID: "bind-credentials-unique", Title: "Two bindings have different credentials.", Level: Should,
			Clause:   spec("Credentials", "Credentials should be unique for each binding, so that access can be revoked."),
			Scenario: "binding", Steps: steps("bind another"), If: success(), Expect: expect(uniqueCredentials()),
		},
		{
			ID: "bind-other-app-409", Title: "A bind with the same id for another application is a conflict.", Level: May,
			Clause:   spec(section, different),
			Scenario: "binding", Steps: steps("bind for another application"), Expect: expect(status(409)),
		},
		{
			ID: "bind-while-creating", Title: "A bind during the provision is accepted with 202, or refused.", Level: Must,
			Clause:   spec(section, "The instance id is the id of a provisioned instance."),
			Scenario: "instance", Steps: steps("bind while creating"), If: inProgress("poll while creating"),
			Expect: expect(each("status 202, or a status from 400 to 499", func(a *answer) string {
				if a.accepted() || a.refused() {
					return ""
				}
				return a.describe()
			})),
		},
		{
			ID: "bind-not-bindable", Title: "A bind of a plan that is not bindable is refused.", Level: Should,
			Clause:   spec(section, "Platforms must not bind instances of such a plan."),
			Scenario: "instance", Steps: steps("bind of a plan that is not bindable"), Expect: expect(refusal()),
		},
		{
			ID: "bind-requires-app", Title: "A bind without an application is processed, or refused with 422 RequiresApp.", Level: Must,
			Clause:   spec(section, "The answer is 422 RequiresApp if the broker requires app_guid."),
			Scenario: "binding", Steps: steps("bind without an application"),
			Expect: expect(statusOrCode("RequiresApp", 201, 202)),
		},
		{
			ID: "bind-async-required", Level: Must,
			Title:    "Without accepts_incomplete, a bind that can only be asynchronous is refused with 422 AsyncRequired.",
			Clause:   spec(section, "The answer is 422 AsyncRequired if only asynchronous binds are supported."),
			Scenario: "synchronous", Steps: steps("bind without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 201)),
		},
		{
			ID: "bind-async-required-false", Title: "A bind with accepts_incomplete=false is treated as one without it.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is missing or set to false."),
			Scenario: "synchronous", Steps: steps("bind with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200, 201)),
		},
		{
			ID: "bind-after-async-required", Title: "A bind refused with AsyncRequired can be repeated with accepts_incomplete=true.", Level: Must,
			Clause:   spec("Service Broker Errors", "A 4xx leaves the resources of the broker semantically unchanged."),
			Scenario: "synchronous", Steps: steps("bind after the refusal"), Expect: expect(status(201, 202)),
		},
		{
			ID: "bind-parameters-validated", Title: "A bind with parameters that violate the plan's schema is refused.", Level: Should,
			Clause:   spec(section, "Brokers should ensure that the parameters are valid for the operation."),
			Scenario: "binding", Steps: steps("bind with invalid parameters"), Expect: expect(refusal()),
		},
		{
			ID: "bind-unknown-instance", Title: "A bind to an unknown instance is refused.", Level: Must,
			Clause:   spec(section, "The instance id is the id of a provisioned instance."),
			Scenario: "unknown", Steps: steps("bind unknown instance"), Expect: expect(refusal()),
		},
		{
			ID: "bind-encoded-id", Title: "A binding id may have percent-encoded characters.", Level: Should,
			Clause:   spec("URL Properties", "An id may have any characters; reserved ones are percent-encoded."),
			Scenario: "encoded", Steps: steps("bind"), Expect: expect(status(200, 201, 202)),
		},
	}
}

func malformedBindChecks() []Check {
	const mandatory = "The answer is 400 if the request is malformed or mandatory data is missing."
	check := func(id, title, says string, expectation Expectation, names ...string) Check {
		return Check{
			ID: "bind-" + id, Title: title, Level: Must, Clause: spec("Binding", says),
			Scenario: "refused", Steps: names, Expect: expect(expectation),
		}
	}
	// The specification lets the broker decide whether it refuses invalid data.
	invalid := func(id, title, step string) Check {
		made := check(id, title, "The answer may be 400 if the request has invalid data.", refusal(), step)
		made.Level = May
		return made
	}
	return []Check{
		check("broken-json", "A bind with broken JSON is refused with 400.", mandatory, status(400),
			"bind with broken JSON", "bind with an array"),
		check("no-service-id", "A bind without service_id is refused with 400.", mandatory, status(400), "bind without service_id"),
		check("no-plan-id", "A bind without plan_id is refused with 400.", mandatory, status(400), "bind without plan_id"),
		check("plan-id-not-a-string", "A bind whose plan_id is not a string is refused with 400.", mandatory, status(400),
			"bind with plan_id as a number"),
		check("parameters-not-an-object", "A bind whose parameters are not an object is refused with 400.", mandatory, status(400),
			"bind with parameters as a string"),
		check("resource-not-an-object", "A bind whose bind_resource is not an object is refused with 400.", mandatory, status(400),
			"bind with bind_resource as a string"),
		invalid("unknown-service", "A bind with an unknown service is refused.", "bind of an unknown service"),
		invalid("unknown-plan", "A bind with an unknown plan is refused.", "bind of an unknown plan"),
		invalid("plan-of-another-service", "A bind with a plan of another service is refused.", "bind of a plan of another service"),
	}
}

// uniqueCredentials expects that two bindings have different credentials.
func uniqueCredentials() Expectation {
	return Expectation{Words: `the credentials differ from those of "bind"`, together: func(j *judgement) string {
		of := func(created, fetched string) string {
			for _, step := range []string{created, fetched} {
				if a := j.record.last(step); a != nil && hasValue(a, "credentials") {
					return canonical(a.object()["credentials"])
				}
			}
			return ""
		}
		one, other := of("bind", "fetch binding"), of("bind another", "fetch another binding")
		if one != "" && one != "{}" && one == other {
			return "the credentials are the same"
		}
		return ""
	}}.against("bind", "fetch binding", "fetch another binding")
}

// namesHost reports whether a response has credentials with a host.
func namesHost(a *answer) bool {
	if a == nil {
		return false
	}
	for _, name := range []string{"host", "hostname", "hosts"} {
		if hasValue(a, "credentials."+name) {
			return true
		}
	}
	for _, name := range []string{"uri", "url", "jdbcUrl"} {
		value, _ := lookup(a.json.value, "credentials."+name)
		text, _ := value.(string)
		if u, err := url.Parse(strings.TrimPrefix(text, "jdbc:")); err == nil && u.Host != "" {
			return true
		}
	}
	return false
}

// bindingMembers returns the members that have the information about a binding.
func bindingMembers() []string {
	return []string{"credentials", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints"}
}

// bindingReturned expects information about the binding in the response to the
// bind or to a fetch.
func bindingReturned() Expectation {
	names := bindingMembers()
	expectation := Expectation{
		Words: "the response to the bind or to a fetch has one of " + quoted(names),
		together: func(j *judgement) string {
			for _, step := range []string{"bind", "fetch binding"} {
				a := j.record.last(step)
				for _, name := range names {
					if a == nil {
						continue
					}
					if value, found := lookup(a.json.value, name); found && value != nil {
						return ""
					}
				}
			}
			return "all of them are missing"
		},
	}
	return expectation.against("fetch binding")
}
