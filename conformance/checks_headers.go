package conformance

import "net/http"

// The headers that the specification defines.
const (
	versionHeader  = "X-Broker-API-Version"
	identityHeader = "X-Broker-API-Originating-Identity"
	requestHeader  = "X-Broker-API-Request-Identity"
)

func headerChecks() []Check {
	const version, origin, identity = "API Version Header", "Originating Identity", "Request Identity"
	return []Check{
		{
			ID: "version-2.17-accepted", Title: "A platform of version 2.17 can read the catalog.", Level: Must,
			Clause:   spec(version, "Platforms send the version that they use; this is the version of the specification."),
			Scenario: "version", Steps: steps("catalog of 2.17"), Expect: expect(status(200)),
		},
		{
			ID: "version-missing", Title: "A request without version header is processed, or refused with 400 or 412.", Level: Must,
			Clause:   spec(version, "Without the header the broker may reject the request with 400; a version that is not served, with 412."),
			Scenario: "version", Steps: steps("catalog without version"), Expect: expect(status(200, 400, 412)), Remark: versionRemark(),
		},
		{
			ID: "version-missing-mutation", Level: Must,
			Title:    "A deprovision without version header is processed, or refused with 400 or 412.",
			Clause:   spec(version, "Without the header the broker may reject the request with 400; a version that is not served, with 412."),
			Scenario: "version", Steps: steps("deprovision without version"),
			Expect: expect(statusOf("deprovision of 2.17", 400, 412)), Remark: versionRemark(),
		},
		{
			ID: "version-missing-refused", Title: "A request without version header is refused with 400.", Level: May,
			Clause:   spec(version, "Without the header the broker may reject the request with 400."),
			Scenario: "version", Expect: expect(status(400)),
			Steps: steps("catalog without version", "deprovision without version", "poll without version"),
		},
		{
			ID: "version-malformed-refused", Title: "A malformed version is refused with 400 or 412.", Level: May,
			Clause:   spec(version, "The version is MAJOR.MINOR; a broker may reject what it does not support."),
			Scenario: "version", Steps: steps("catalog of a malformed version"), Expect: expect(status(400, 412)),
		},
		{
			ID: "version-unsupported-refused", Title: "A version of another major number is refused with 412.", Level: May,
			Clause:   spec(version, "A version that the broker does not support may be rejected with 412."),
			Scenario: "version", Steps: steps("catalog of version 1.0", "catalog of version 3.0"), Expect: expect(status(412)),
		},
		{
			ID: "version-unsupported", Level: Must,
			Title:    "A version of another major number is processed or refused with 412.",
			Clause:   spec(version, "A version that the broker does not support may be rejected with 412."),
			Scenario: "version", Steps: steps("catalog of version 1.0", "catalog of version 3.0"),
			Expect: expect(status(200, 412)),
		},
		{
			ID: "version-malformed", Title: "A malformed version is no reason for a fault.", Level: Must,
			Clause:   spec(version, "The version is MAJOR.MINOR; a failing request has an appropriate status."),
			Scenario: "version", Steps: steps("catalog of a malformed version", "catalog of a version without minor"),
			Expect: expect(status(200, 400, 412)),
		},
		{
			ID: "version-later-minor", Title: "A platform of a later minor version is served.", Level: Should,
			Clause:   spec("Change Policy for Minor Versions", "Minor versions only add what may be ignored."),
			Scenario: "version", Steps: steps("catalog of a later minor version"),
			If: servesVersion("catalog of 2.17"), Expect: expect(status(200)),
		},
		{
			ID: "version-older-minor", Title: "A platform of version 2.13 is served.", Level: May,
			Clause:   spec(version, "A broker may depend on a feature of a newer version."),
			Scenario: "version", Steps: steps("catalog of 2.13"), Expect: expect(status(200)),
		},
		{
			ID: "version-refusal-explained", Title: "The refusal of a version says what is wrong.", Level: May,
			Clause:   spec(version, "A broker may reject the request and provide a message that informs the operator."),
			Scenario: "version", If: withStatus(400, 412), Expect: expect(has("description", text)),
			Steps: steps(
				"catalog without version", "catalog of version 1.0", "catalog of version 3.0", "catalog of a malformed version",
			),
		},
		{
			ID: "originating-identity-optional", Title: "Requests without originating identity are processed.", Level: Must,
			Clause:   spec(origin, "The header is not on requests that no user caused."),
			Scenario: "identity", Steps: steps("no identity"), If: servesVersion("catalog"),
			Expect: expect(each("no status 400, 401, 403 or 412", func(a *answer) string {
				if a.is(400, 401, 403, 412) {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "originating-identity-optional-on-update", Title: "Updates without originating identity are processed.", Level: Must,
			Clause:   spec(origin, "Platforms may support this feature: those that do not never send the header."),
			Scenario: "identity", Steps: steps("update without identity"), Expect: expect(statusOf("update with an identity")),
		},
		{
			ID: "originating-identity-optional-on-bind", Title: "Binds without originating identity are processed.", Level: Must,
			Clause:   spec(origin, "Platforms may support this feature: those that do not never send the header."),
			Scenario: "identity", Steps: steps("bind without identity"), Expect: expect(statusOf("bind with an identity")),
		},
		{
			ID: "originating-identity-optional-on-unbind", Title: "Unbinds without originating identity are processed.", Level: Must,
			Clause:   spec(origin, "Platforms may support this feature: those that do not never send the header."),
			Scenario: "identity", Steps: steps("unbind without identity"), Expect: expect(statusOf("unbind with an identity")),
		},
		{
			ID: "originating-identity-accepted", Title: "Requests with an originating identity are processed.", Level: Must,
			Clause:   spec(origin, "Platforms may send a platform and a Base64 encoded JSON object, whose properties are theirs."),
			Scenario: "identity", Expect: expect(statusOf("no identity")),
			Steps: steps("identity of Cloud Foundry", "identity of Kubernetes", "identity of another platform"),
		},
		{
			ID: "originating-identity-on-catalog", Title: "The catalog can be read with an originating identity.", Level: Must,
			Clause:   spec(origin, "Any request may carry the header."),
			Scenario: "identity", Steps: steps("catalog with an identity"), If: servesVersion("catalog"),
			Expect: expect(status(200)),
		},
		{
			ID: "originating-identity-malformed", Level: Must,
			Title:    "A malformed originating identity is ignored or refused with 400.",
			Clause:   spec(origin, "The value is Base64 of a JSON object; a malformed request has an appropriate status."),
			Scenario: "identity", Expect: expect(statusOf("no identity", 400)),
			Steps: steps(
				"identity that is not Base64", "identity without value", "identity that is an array", "identity that is not JSON",
			),
		},
		{
			ID: "originating-identity-malformed-refused", Title: "A malformed originating identity is refused with 400.", Level: May,
			Clause:   spec(origin, "The format must be a platform and Base64 of a JSON object."),
			Scenario: "identity", Expect: expect(status(400)),
			Steps: steps(
				"identity that is not Base64", "identity without value", "identity that is an array", "identity that is not JSON",
			),
		},
		{
			ID: "request-identity-echoed", Title: "A success carries the request's identity.", Level: Should,
			Clause: spec(identity, "The broker includes X-Broker-API-Request-Identity in the response."),
			If:     success(), Expect: expect(echoesIdentity()),
		},
		{
			ID: "request-identity-echoed-on-errors", Title: "An error carries the request's identity.", Level: Should,
			Clause: spec(identity, "The broker includes X-Broker-API-Request-Identity in the response."),
			If:     both(defined(), failure()), Expect: expect(echoesIdentity()),
		},
		{
			ID: "request-identity-any-string", Title: "A request's identity may be any string.", Level: Must,
			Clause:   spec(identity, "The value is a non-empty string; a GUID is only recommended."),
			Scenario: "identity", Steps: steps("request identity with unusual characters"),
			If: servesVersion("catalog"), Expect: expect(status(200)),
		},
	}
}

// versionRemark is for brokers that older checkers have formed.
func versionRemark() Remark {
	return Remark{
		Words: "a missing version is answered with 412, which the checkers of older versions of the specification demand; it names 400",
		holds: func(a *answer) bool { return a.status == http.StatusPreconditionFailed },
	}
}

func echoesIdentity() Expectation {
	return each("the header "+requestHeader+" of the request", func(a *answer) string {
		sent, got := a.exchange.RequestHeader.Get(requestHeader), a.header.Get(requestHeader)
		if sent == "" || got == sent {
			return ""
		}
		if got == "" {
			return "there is no header " + requestHeader
		}
		return requestHeader + " is " + show(got)
	})
}

func authenticationChecks() []Check {
	const section = "Platform to Service Broker Authentication"
	const says = "If authentication is used, a request that fails it is answered with 401."
	checks := []Check{}
	for _, endpoint := range Endpoints() {
		checks = append(checks, Check{
			ID:     "auth-" + slug(string(endpoint)),
			Title:  "The endpoint " + string(endpoint) + " refuses requests without credentials and with wrong ones.",
			Clause: spec(section, says), Level: Must, Scenario: "authentication", Needs: []Feature{Credentials},
			Steps:  steps(string(endpoint)+" without credentials", string(endpoint)+" with wrong credentials"),
			Expect: expect(status(http.StatusUnauthorized)),
		})
	}
	add := func(check Check) {
		check.Scenario, check.Level = "authentication", Must
		checks = append(checks, check)
	}
	add(Check{
		ID: "auth-unknown-user", Title: "An unknown user is refused.", Clause: spec(section, says),
		Steps: steps("catalog as an unknown user"), Expect: expect(status(401)),
	})
	add(Check{
		ID: "auth-empty-credentials", Title: "Empty credentials, or an empty password, are refused.", Clause: spec(section, says),
		Steps: steps("catalog with empty credentials", "catalog with the username only"), Expect: expect(status(401)),
	})
	add(Check{
		ID: "auth-malformed", Title: "A malformed Authorization header is refused.", Clause: spec(section, says),
		Steps: steps("catalog with broken credentials", "catalog with an unknown scheme"), Expect: expect(status(401)),
	})
	add(Check{
		ID: "auth-before-validation", Clause: spec(section, says), Expect: expect(status(401)),
		Title: "A request without credentials is refused before it is looked at.",
		Steps: steps("malformed provision without credentials", "provision of an unknown plan without credentials"),
	})
	add(Check{
		ID: "auth-reveals-nothing", Title: "The refusal does not reveal what is in the catalog.",
		Clause: spec(section, "The request is to be authenticated before it is answered."),
		Steps: steps(
			"catalog without credentials", "provision without credentials", "provision of an unknown plan without credentials",
			"fetch instance without credentials",
		),
		If: withStatus(401), Expect: expect(lacks("services", "service_id", "plan_id", "credentials", "parameters")),
	})
	add(Check{
		ID: "auth-no-effect", Title: "A request that was refused has no effect.",
		Clause: spec("Service Broker Errors", "After a 4xx the resources of the broker are semantically unchanged."),
		Steps:  steps("deprovision after the refusal"), If: reportsMissing(nothingDeprovisioned), Expect: expect(missing()),
	})
	return append(checks, Check{
		ID: "auth-challenge", Title: "A 401 says how to authenticate.", Level: Should, Scenario: "authentication",
		Clause: rfc("9110", "15.5.2", "A 401 carries a WWW-Authenticate header with a challenge."),
		Steps:  steps("catalog without credentials"), If: withStatus(401), Expect: expect(headerSet("WWW-Authenticate")),
	})
}
