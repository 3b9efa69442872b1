package specimen

func headerClauses() []clause {
	return []clause{
		{"Originating Identity", "the header is optional for platforms", "originating-identity-optional-on-update", []fault{
			{"identity.required-on-update", "400 for an update without the header"},
		}},
		{"Originating Identity", "the header is optional for platforms", "originating-identity-optional-on-bind", []fault{
			{"identity.required-on-bind", "400 for a bind without the header"},
		}},
		{"Originating Identity", "the header is optional for platforms", "originating-identity-optional-on-unbind", []fault{
			{"identity.required-on-unbind", "400 for an unbind without the header"},
		}},
		{"API Version Header", "2.17 is supported", "version-2.17-accepted", []fault{
			{"version.up-to-2.16", "refuses 2.17"},
		}},
		{"API Version Header", "400 with a message if the header is missing", "version-missing", []fault{
			{"version.missing-500", "500"},
			{"version.missing-401", "401"},
		}},
		{"API Version Header", "400 if the header is missing", "version-missing-mutation", []fault{
			{"version.missing-500-on-delete", "500 for DELETE"},
		}},
		{"API Version Header", "all endpoints check the version", "version-missing-refused", []fault{
			{"version.missing-accepted", "accepts requests without the header"},
			{"version.missing-412", "412 without a description"},
		}},
		{"API Version Header", "a malformed version may be refused", "version-malformed-refused", []fault{
			{"version.junk-accepted", "accepts the request"},
		}},
		{"API Version Header", "another major version may be refused", "version-unsupported-refused", []fault{
			{"version.other-major-accepted", "accepts version 3"},
		}},
		{"API Version Header", "412 with the version to use if the version is not supported", "version-unsupported", []fault{
			{"version.unsupported-400", "400"},
		}},
		{"API Version Header", "a malformed version is an error of the client", "version-malformed", []fault{
			{"version.junk-500", "500"},
		}},
		{"API Version Header", "minor versions are additive", "version-later-minor", []fault{
			{"version.compared-as-text", "refuses 2.18 after a comparison of strings"},
			{"version.up-to-2.17", "refuses 2.18"},
		}},
		{"API Version Header", "2.13 is supported", "version-older-minor", []fault{
			{"version.from-2.14", "refuses 2.13"},
		}},
		{"API Version Header", "400 with a message if the header is missing", "version-refusal-explained", []fault{
			{"version.missing-without-message", "400 without a description"},
			{"version.unsupported-without-message", "412 without a description"},
		}},
		{"Originating Identity", "the header is for any platform, and may be absent", "originating-identity-optional", []fault{
			{"identity.required", "400 without the header"},
		}},
		{"Originating Identity", "the header is for any platform, and may be absent", "originating-identity-accepted", []fault{
			{"identity.only-cloudfoundry", "400 for other platforms"},
			{"identity.needs-user-id", "400 for the identities of Kubernetes"},
		}},
		{"Originating Identity", "any request may have the header", "originating-identity-on-catalog", []fault{
			{"identity.not-on-catalog", "400 for the catalog"},
		}},
		{"Originating Identity", "the value is a Base64-encoded JSON object", "originating-identity-malformed", []fault{
			{"identity.malformed-500", "500"},
			{"identity.not-an-object-500", "500 for another JSON value"},
		}},
		{"Originating Identity", "a malformed header may be refused", "originating-identity-malformed-refused", []fault{
			{"identity.malformed-accepted", "accepts the request"},
		}},
		{"Request Identity", "the response has the header of the request", "request-identity-echoed", []fault{
			{"request-identity.never", "no response has it"},
			{"request-identity.not-on-202", "a 202 does not have it"},
			{"request-identity.not-on-catalog", "the catalog does not have it"},
			{"request-identity.lower-cased", "the value is in lower case"},
			{"request-identity.new", "the value is another one"},
		}},
		{"Request Identity", "the response has the header of the request", "request-identity-echoed-on-errors", []fault{
			{"request-identity.not-on-errors", "errors do not have it"},
			{"request-identity.not-on-401", "a 401 does not have it"},
			{"request-identity.not-on-404", "a 404 does not have it"},
		}},
		{"Request Identity", "the value is any string", "request-identity-any-string", []fault{
			{"request-identity.only-guids", "400 unless the value is a GUID"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-catalog", []fault{
			{"auth.none", "accepts all requests"},
			{"auth.only-if-given", "accepts requests without credentials"},
			{"auth.any-password", "accepts any password"},
			{"auth.403", "403"},
			{"auth.404", "404"},
			{"auth.not-on-catalog", "does not authenticate requests for the catalog"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-provision", []fault{
			{"auth.not-on-provision", "does not authenticate provisions"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-fetch-instance", []fault{
			{"auth.not-on-fetch-instance", "does not authenticate fetches of instances"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-update", []fault{
			{"auth.not-on-update", "does not authenticate updates"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-deprovision", []fault{
			{"auth.not-on-deprovision", "does not authenticate deprovisions"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-last-operation", []fault{
			{"auth.not-on-poll-instance", "does not authenticate polls of instances"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-bind", []fault{
			{"auth.not-on-bind", "does not authenticate binds"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-fetch-binding", []fault{
			{"auth.not-on-fetch-binding", "does not authenticate fetches of bindings"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-unbind", []fault{
			{"auth.not-on-unbind", "does not authenticate unbinds"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-last-binding-operation", []fault{
			{"auth.not-on-poll-binding", "does not authenticate polls of bindings"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-unknown-user", []fault{
			{"auth.any-username", "accepts any username"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-empty-credentials", []fault{
			{"auth.empty-credentials", "accepts empty credentials"},
		}},
		{"Platform to Service Broker Authentication", "a malformed Authorization header fails to authenticate", "auth-malformed", []fault{
			{"auth.malformed-400", "400"},
		}},
		{"Platform to Service Broker Authentication", "the broker authenticates a request before it reads the body", "auth-before-validation", []fault{
			{"auth.validates-before", "400 for a malformed body without credentials"},
		}},
		{"Platform to Service Broker Authentication", "a 401 reveals nothing", "auth-reveals-nothing", []fault{
			{"auth.reveals-catalog", "a 401 has the catalog"},
		}},
		{"Platform to Service Broker Authentication", "a refused request has no effect", "auth-no-effect", []fault{
			{"auth.acts-before", "processes the request and answers with 401"},
		}},
		{"Platform to Service Broker Authentication", "a 401 names the authentication scheme", "auth-challenge", []fault{
			{"auth.no-challenge", "no WWW-Authenticate"},
		}},
		{"Provisioning", "dashboard_url is a URL or null", "dashboard-url", []fault{
			{"instance.dashboard-number", "a number"},
			{"instance.dashboard-object", "an object"},
		}},
	}
}
