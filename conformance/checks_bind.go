package conformance

import (
	"net/url"
	"slices"
	"strings"
)

func bindChecks() []Check {
	const section = "Binding"
	const again = "202 with the same operation while the binding is in progress, not 200."
	const different = "409 if a binding with the same id exists or is being created with different parameters."
	return []Check{
		{
			ID: "bind-succeeds", Title: "A bind is answered with 201, or 202 if it goes on.", Level: Must,
			Clause:   spec(section, "201 if the binding was created by this request, 202 if it is in progress."),
			Scenario: "binding", Steps: steps("bind"), Expect: expect(status(201, 202)),
		},
		{
			ID: "bind-returns-information", Title: "The information of a binding is returned at least once.", Level: Must,
			Clause:   spec(section, "Platforms can only use what is returned at least once: when it is created or fetched."),
			Scenario: "binding", Steps: steps("bind"), Expect: expect(bindingReturned()),
			// Routes may be proxied by what was set up out of band.
			If: when("the service does not require route_forwarding, or tells a binding", func(a *answer) bool {
				return a.succeeded() && (!a.subject.has(RouteForwarding) || slices.ContainsFunc(bindingMembers(), func(name string) bool {
					return hasValue(a, name)
				}))
			}),
		},
		{
			ID: "bind-accepted-without-credentials", Level: Must,
			Title:     "A bind that goes on does not tell anything of the binding.",
			Clause:    spec(section, "Information regarding the binding must not be returned in the 202."),
			Endpoints: []Endpoint{Bind}, If: withStatus(202),
			Expect: expect(lacks("credentials", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints")),
		},
		{
			ID: "bind-accepted-is-retrievable", Title: "A service that binds asynchronously lets bindings be fetched.", Level: Must,
			Clause: spec(section, "The information must be returned at least once; after a 202 only a fetch can."),
			// Judged on the bind, since the catalog is the promise and the 202 breaks it.
			Scenario: "binding", Steps: steps("bind"), If: withStatus(202),
			Expect: expect(each("bindings_retrievable in the catalog", func(a *answer) string {
				if a.subject.has(BindingsRetrievable) {
					return ""
				}
				return "the service does not declare bindings_retrievable"
			})),
		},
		{
			ID: "bind-repeated-200", Title: "A repeated bind is answered with 200.", Level: Should,
			Clause:   spec(section, "200 if the binding exists and the parameters are identical."),
			Scenario: "binding", Steps: steps("bind again"), Expect: expect(status(200)),
		},
		{
			ID: "bind-repeated-not-created", Title: "A repeated bind creates nothing.", Level: Should,
			Clause:   spec(section, "200 for a binding that exists; 201 is for one that was created by this request."),
			Scenario: "binding", Steps: steps("bind again"),
			Expect: expect(each("no status 201 or 202", func(a *answer) string {
				if a.is(201, 202) {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "bind-repeated-while-creating", Title: "A bind that is repeated while it is in progress is answered with 202.",
			Level: Must, Clause: spec(section, again),
			Scenario: "binding", Steps: steps("bind again while creating"), If: inProgress("poll while binding"),
			Expect: expect(status(202), sameOperation("bind")),
		},
		{
			ID: "bind-other-parameters-409", Title: "A bind of the same id with other parameters is a conflict.", Level: Must,
			Clause:   spec(section, different),
			Scenario: "binding", Steps: steps("bind other parameters"), Expect: expect(conflict(BindSchema)),
		},
		{
			ID: "bind-other-parameters-while-creating-409", Level: Must,
			Title:    "A bind with other parameters is a conflict while the first one is in progress.",
			Clause:   spec(section, different),
			Scenario: "binding", Steps: steps("bind other parameters while creating"), If: inProgress("poll while binding"),
			Expect: expect(conflict(BindSchema)),
		},
		{
			ID: "bind-repeated-same-credentials", Title: "A repeated bind tells the same credentials.", Level: Should,
			Clause:   spec(section, "200 if the binding exists; the body is that of the success."),
			Scenario: "binding", Steps: steps("bind again"), If: both(returned("bind", "credentials"), withValue("credentials")),
			Expect: expect(sameAs("bind", "credentials")),
		},
		{
			ID: "bind-repeated-credentials", Title: "A repeated bind tells credentials.", Level: May,
			Clause:   spec(section, "Brokers may return the information of a binding only once."),
			Scenario: "binding", Steps: steps("bind again"),
			If: both(returned("bind", "credentials"), withStatus(200)), Expect: expect(has("credentials", anObject)),
		},
		{
			ID: "bind-credentials", Title: "Credentials are returned.", Level: May,
			Clause:   spec(section, "credentials must be returned if the broker supports their generation, which is its choice."),
			Scenario: "binding", Steps: steps("bind"),
			If: when("the service requires no permission", func(a *answer) bool {
				s := a.subject
				return a.succeeded() && !s.has(SyslogDrain) && !s.has(RouteForwarding) && !s.has(VolumeMount)
			}),
			Expect: expect(memberReturned("credentials", anObject)),
		},
		{
			ID: "bind-endpoints", Title: "Beside credentials with a host there are endpoints.", Level: Should,
			Clause:   spec(section, "The endpoints that the application uses to connect are provided alongside the credentials."),
			Scenario: "binding", Steps: steps("bind"),
			If: Condition{Words: "the credentials have a host", holds: func(j *judgement) bool {
				return namesHost(j.record.last("bind")) || namesHost(j.record.last("fetch binding"))
			}},
			Expect: expect(memberReturned("endpoints", anArray)),
		},
		{
			ID: "bind-credentials-unique", Title: "Two bindings have different credentials.", Level: Should,
			Clause:   spec("Credentials", "Credentials are unique whenever possible, so that access can be revoked."),
			Scenario: "binding", Steps: steps("bind another"), If: success(), Expect: expect(uniqueCredentials()),
		},
		{
			ID: "bind-other-app-409", Title: "A bind of the same id for another application is a conflict.", Level: May,
			Clause:   spec(section, different),
			Scenario: "binding", Steps: steps("bind for another application"), Expect: expect(status(409)),
		},
		{
			ID: "bind-while-creating", Title: "An instance that is being provisioned cannot be bound.", Level: Must,
			Clause:   spec(section, "The instance id is that of an instance that was provisioned."),
			Scenario: "instance", Steps: steps("bind while creating"), If: inProgress("poll while creating"),
			Expect: expect(each("status 202, or from 400 to 499", func(a *answer) string {
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
			ID: "bind-requires-app", Title: "A bind that needs an application is refused with 422 RequiresApp.", Level: Must,
			Clause:   spec(section, "422 RequiresApp if the broker requires that app_guid be in the request."),
			Scenario: "binding", Steps: steps("bind without an application"),
			Expect: expect(statusOrCode("RequiresApp", 201, 202)),
		},
		{
			ID: "bind-async-required", Level: Must,
			Title:    "A bind that can only be asynchronous is refused with 422 AsyncRequired without accepts_incomplete.",
			Clause:   spec(section, "422 AsyncRequired if only asynchronous bindings are supported."),
			Scenario: "synchronous", Steps: steps("bind without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 201)),
		},
		{
			ID: "bind-async-required-false", Title: "To a bind, accepts_incomplete=false is the same as none.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is not included or is set to false."),
			Scenario: "synchronous", Steps: steps("bind with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200, 201)),
		},
		{
			ID: "bind-after-async-required", Title: "A bind can be repeated after AsyncRequired.", Level: Must,
			Clause:   spec("Service Broker Errors", "After a 4xx the resources of the broker are semantically unchanged."),
			Scenario: "synchronous", Steps: steps("bind after the refusal"), Expect: expect(status(201, 202)),
		},
		{
			ID: "bind-parameters-validated", Title: "A bind against the plan's schema is refused.", Level: Should,
			Clause:   spec(section, "Brokers ensure that the parameters are valid for the operation."),
			Scenario: "binding", Steps: steps("bind against the schema"), Expect: expect(refusal()),
		},
		{
			ID: "bind-unknown-instance", Title: "A bind of an unknown instance is refused.", Level: Must,
			Clause:   spec(section, "The instance id is that of an instance that was provisioned."),
			Scenario: "unknown", Steps: steps("bind unknown instance"), Expect: expect(refusal()),
		},
		{
			ID: "bind-encoded-id", Title: "A binding id may have characters that are percent-encoded.", Level: Should,
			Clause:   spec("URL Properties", "The characters are not restricted; those that are reserved are percent-encoded."),
			Scenario: "encoded", Steps: steps("bind"), Expect: expect(status(200, 201, 202)),
		},
	}
}

func malformedBindChecks() []Check {
	const mandatory = "400 if the request is malformed or misses mandatory data."
	check := func(id, title, says string, expectation Expectation, names ...string) Check {
		return Check{
			ID: "bind-" + id, Title: title, Level: Must, Clause: spec("Binding", says),
			Scenario: "refused", Steps: names, Expect: expect(expectation),
		}
	}
	// The specification leaves to the broker whether it refuses invalid data.
	invalid := func(id, title, step string) Check {
		made := check(id, title, "400 may be returned if the request contains invalid data.", refusal(), step)
		made.Level = May
		return made
	}
	return []Check{
		check("broken-json", "A bind with broken JSON is refused with 400.", mandatory, status(400),
			"bind with broken JSON", "bind with an array"),
		check("no-service-id", "A bind without service_id is refused with 400.", mandatory, status(400), "bind without service_id"),
		check("no-plan-id", "A bind without plan_id is refused with 400.", mandatory, status(400), "bind without plan_id"),
		check("plan-id-not-a-string", "A bind whose plan_id is no string is refused with 400.", mandatory, status(400),
			"bind with plan_id as a number"),
		check("parameters-not-an-object", "A bind whose parameters are no object is refused with 400.", mandatory, status(400),
			"bind with parameters as a string"),
		check("resource-not-an-object", "A bind whose bind_resource is no object is refused with 400.", mandatory, status(400),
			"bind with bind_resource as a string"),
		invalid("unknown-service", "A bind of an unknown service is refused.", "bind of an unknown service"),
		invalid("unknown-plan", "A bind of an unknown plan is refused.", "bind of an unknown plan"),
		invalid("plan-of-another-service", "A bind of a plan of another service is refused.", "bind of a plan of another service"),
	}
}

// uniqueCredentials expects that two bindings have different credentials.
func uniqueCredentials() Expectation {
	return Expectation{Words: `other credentials than those of "bind"`, together: func(j *judgement) string {
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
			return "the same credentials"
		}
		return ""
	}}.against("bind", "fetch binding", "fetch another binding")
}

// namesHost reports whether an answer has credentials that name a host.
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

// bindingMembers are what an application connects with.
func bindingMembers() []string {
	return []string{"credentials", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints"}
}

// bindingReturned expects something to connect with, in the answer to the bind or
// to a fetch.
func bindingReturned() Expectation {
	names := bindingMembers()
	told := Expectation{
		Words: "one of " + quoted(names) + " when the binding is created or fetched",
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
			return "none of them"
		},
	}
	return told.against("fetch binding")
}
