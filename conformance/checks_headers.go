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
			Clause:   spec(version, "Platforms send the version of the API that they use."),
			Scenario: "version", Steps: steps("catalog with version 2.17"), Expect: expect(status(200)),
		},
		{
			ID: "version-missing", Title: "A request without a version header is processed, or refused with 400 or 412.", Level: Must,
			Clause:   spec(version, "The broker may reject a request without the header with 400, and an unsupported version with 412."),
			Scenario: "version", Steps: steps("catalog without version"), Expect: expect(status(200, 400, 412)), Remark: versionRemark(),
		},
		{
			ID: "version-missing-mutation", Level: Must,
			Title:    "A deprovision without a version header is processed, or refused with 400 or 412.",
			Clause:   spec(version, "The broker may reject a request without the header with 400, and an unsupported version with 412."),
			Scenario: "version", Steps: steps("deprovision without version"),
			Expect: expect(statusOf("deprovision with version 2.17", 400, 412)), Remark: versionRemark(),
		},
		{
			ID: "version-missing-refused", Title: "A request without a version header is refused with 400.", Level: May,
			Clause:   spec(version, "The broker may reject a request without the header with 400."),
			Scenario: "version", Expect: expect(status(400)),
			Steps: steps("catalog without version", "deprovision without version", "poll without version"),
		},
		{
			ID: "version-malformed-refused", Title: "A malformed version is refused with 400 or 412.", Level: May,
			Clause:   spec(version, "The version is MAJOR.MINOR; a broker may reject a version that it does not support."),
			Scenario: "version", Steps: steps("catalog with a malformed version"), Expect: expect(status(400, 412)),
		},
		{
			ID: "version-unsupported-refused", Title: "Another major version is refused with 412.", Level: May,
			Clause:   spec(version, "A version that the broker does not support may be rejected with 412."),
			Scenario: "version", Steps: steps("catalog with version 1.0", "catalog with version 3.0"), Expect: expect(status(412)),
		},
		{
			ID: "version-unsupported", Level: Must,
			Title:    "Another major version is processed, or refused with 412.",
			Clause:   spec(version, "A version that the broker does not support may be rejected with 412."),
			Scenario: "version", Steps: steps("catalog with version 1.0", "catalog with version 3.0"),
			Expect: expect(status(200, 412)),
		},
		{
			ID: "version-malformed", Title: "A malformed version is processed, or refused with 400 or 412.", Level: Must,
			Clause:   spec(version, "The version is MAJOR.MINOR; a failing request has an appropriate status."),
			Scenario: "version", Steps: steps("catalog with a malformed version", "catalog with a version without a minor number"),
			Expect: expect(status(200, 400, 412)),
		},
		{
			ID: "version-later-minor", Title: "A platform of a later minor version is served.", Level: Should,
			Clause:   spec("Change Policy for Minor Versions", "A minor version only adds features that brokers may ignore."),
			Scenario: "version", Steps: steps("catalog with a later minor version"),
			If: servesVersion("catalog with version 2.17"), Expect: expect(status(200)),
		},
		{
			ID: "version-older-minor", Title: "A platform of version 2.13 is served.", Level: May,
			Clause:   spec(version, "A broker may require a feature of a newer version."),
			Scenario: "version", Steps: steps("catalog with version 2.13"), Expect: expect(status(200)),
		},
		{
			ID: "version-refusal-explained", Title: "The refusal of a version has a description.", Level: May,
			Clause:   spec(version, "A broker that rejects a version may send a message for the operator."),
			Scenario: "version", If: withStatus(400, 412), Expect: expect(has("description", text)),
			Steps: steps(
				"catalog without version", "catalog with version 1.0", "catalog with version 3.0", "catalog with a malformed version",
			),
		},
		{
			ID: "originating-identity-optional", Title: "Requests without an originating identity are processed.", Level: Must,
			Clause:   spec(origin, "Requests that no user caused do not have the header."),
			Scenario: "identity", Steps: steps("no identity"), If: servesVersion("catalog"),
			Expect: expect(each("no status 400, 401, 403 or 412", func(a *answer) string {
				if a.is(400, 401, 403, 412) {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "originating-identity-optional-on-update", Title: "Updates without an originating identity are processed.", Level: Must,
			Clause:   spec(origin, "The feature is optional for platforms: one that does not support it never sends the header."),
			Scenario: "identity", Steps: steps("update without identity"), Expect: expect(statusOf("update with an identity")),
		},
		{
			ID: "originating-identity-optional-on-bind", Title: "Binds without an originating identity are processed.", Level: Must,
			Clause:   spec(origin, "The feature is optional for platforms: one that does not support it never sends the header."),
			Scenario: "identity", Steps: steps("bind without identity"), Expect: expect(statusOf("bind with an identity")),
		},
		{
			ID: "originating-identity-optional-on-unbind", Title: "Unbinds without an originating identity are processed.", Level: Must,
			Clause:   spec(origin, "The feature is optional for platforms: one that does not support it never sends the header."),
			Scenario: "identity", Steps: steps("unbind without identity"), Expect: expect(statusOf("unbind with an identity")),
		},
		{
			ID: "originating-identity-accepted", Title: "Requests with an originating identity are processed.", Level: Must,
			Clause:   spec(origin, "The value is a platform and a Base64-encoded JSON object with properties of the platform."),
			Scenario: "identity", Expect: expect(statusOf("no identity")),
			Steps: steps("identity of Cloud Foundry", "identity of Kubernetes", "identity of another platform"),
		},
		{
			ID: "originating-identity-on-catalog", Title: "The catalog can be read with an originating identity.", Level: Must,
			Clause:   spec(origin, "Any request may have the header."),
			Scenario: "identity", Steps: steps("catalog with an identity"), If: servesVersion("catalog"),
			Expect: expect(status(200)),
		},
		{
			ID: "originating-identity-malformed", Level: Must,
			Title:    "A malformed originating identity is ignored, or refused with 400.",
			Clause:   spec(origin, "The value is a platform and a Base64-encoded JSON object; a malformed request is answered with an appropriate status."),
			Scenario: "identity", Expect: expect(statusOf("no identity", 400)),
			Steps: steps(
				"identity that is not Base64", "identity without value", "identity that is an array", "identity that is not JSON",
			),
		},
		{
			ID: "originating-identity-malformed-refused", Title: "A malformed originating identity is refused with 400.", Level: May,
			Clause:   spec(origin, "The value must be a platform and a Base64-encoded JSON object."),
			Scenario: "identity", Expect: expect(status(400)),
			Steps: steps(
				"identity that is not Base64", "identity without value", "identity that is an array", "identity that is not JSON",
			),
		},
		{
			ID: "request-identity-echoed", Title: "A successful response has the request identity.", Level: Should,
			Clause: spec(identity, "The response includes the X-Broker-API-Request-Identity of the request."),
			If:     success(), Expect: expect(echoesIdentity()),
		},
		{
			ID: "request-identity-echoed-on-errors", Title: "An error has the request identity.", Level: Should,
			Clause: spec(identity, "The response includes the X-Broker-API-Request-Identity of the request."),
			If:     both(defined(), failure()), Expect: expect(echoesIdentity()),
		},
		{
			ID: "request-identity-any-string", Title: "A request identity may be any string.", Level: Must,
			Clause:   spec(identity, "The value is a non-empty string; a GUID is only recommended."),
			Scenario: "identity", Steps: steps("request identity with unusual characters"),
			If: servesVersion("catalog"), Expect: expect(status(200)),
		},
	}
}

// versionRemark returns a remark for brokers that were written for older checkers.
func versionRemark() Remark {
	return Remark{
		Words: "a missing version is answered with 412, which checkers of older versions of the specification require; the specification names 400",
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
			return "the header " + requestHeader + " is missing"
		}
		return requestHeader + " is " + show(got)
	})
}

func authenticationChecks() []Check {
	const section = "Platform to Service Broker Authentication"
	const says = "A request that fails authentication is answered with 401."
	checks := []Check{}
	for _, endpoint := range Endpoints() {
		checks = append(checks, Check{
			ID:     "auth-" + slug(string(endpoint)),
			Title:  "The endpoint " + string(endpoint) + " refuses requests without credentials and with wrong credentials.",
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
		ID: "auth-empty-credentials", Title: "Empty credentials and an empty password are refused.", Clause: spec(section, says),
		Steps: steps("catalog with empty credentials", "catalog with the username only"), Expect: expect(status(401)),
	})
	add(Check{
		ID: "auth-malformed", Title: "A malformed Authorization header is refused.", Clause: spec(section, says),
		Steps: steps("catalog with broken credentials", "catalog with an unknown scheme"), Expect: expect(status(401)),
	})
	add(Check{
		ID: "auth-before-validation", Clause: spec(section, says), Expect: expect(status(401)),
		Title: "A request without credentials is refused before it is validated.",
		Steps: steps("malformed provision without credentials", "provision of an unknown plan without credentials"),
	})
	add(Check{
		ID: "auth-reveals-nothing", Title: "The refusal does not reveal the content of the catalog.",
		Clause: spec(section, "The broker authenticates a request before it processes it."),
		Steps: steps(
			"catalog without credentials", "provision without credentials", "provision of an unknown plan without credentials",
			"fetch instance without credentials",
		),
		If: withStatus(401), Expect: expect(lacks("services", "service_id", "plan_id", "credentials", "parameters")),
	})
	add(Check{
		ID: "auth-no-effect", Title: "A refused request has no effect.",
		Clause: spec("Service Broker Errors", "A 4xx leaves the resources of the broker semantically unchanged."),
		Steps:  steps("deprovision after the refusal"), If: reportsMissing(nothingDeprovisioned), Expect: expect(missing()),
	})
	return append(checks, Check{
		ID: "auth-challenge", Title: "A 401 names the authentication scheme.", Level: Should, Scenario: "authentication",
		Clause: rfc("9110", "15.5.2", "A 401 has a WWW-Authenticate header with a challenge."),
		Steps:  steps("catalog without credentials"), If: withStatus(401), Expect: expect(headerSet("WWW-Authenticate")),
	})
}
