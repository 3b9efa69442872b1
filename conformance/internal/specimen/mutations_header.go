package specimen

func headerClauses() []clause {
	return []clause{
		{"Originating Identity", "platforms need not send it", "originating-identity-optional-on-update", []fault{
			{"identity.required-on-update", "400 for an update without it"},
		}},
		{"Originating Identity", "platforms need not send it", "originating-identity-optional-on-bind", []fault{
			{"identity.required-on-bind", "400 for a bind without it"},
		}},
		{"Originating Identity", "platforms need not send it", "originating-identity-optional-on-unbind", []fault{
			{"identity.required-on-unbind", "400 for an unbind without it"},
		}},
		{"API Version Header", "2.17 is supported", "version-2.17-accepted", []fault{
			{"version.up-to-2.16", "it is not"},
		}},
		{"API Version Header", "400 with a message if the header is missing", "version-missing", []fault{
			{"version.missing-500", "500"},
			{"version.missing-401", "401"},
		}},
		{"API Version Header", "400 if the header is missing", "version-missing-mutation", []fault{
			{"version.missing-500-on-delete", "500 on DELETE"},
		}},
		{"API Version Header", "the version is checked on all endpoints alike", "version-missing-refused", []fault{
			{"version.missing-accepted", "does without the header"},
			{"version.missing-412", "412 without a description"},
		}},
		{"API Version Header", "a malformed version may be refused", "version-malformed-refused", []fault{
			{"version.junk-accepted", "goes on"},
		}},
		{"API Version Header", "a version of another major number may be refused", "version-unsupported-refused", []fault{
			{"version.other-major-accepted", "serves version 3"},
		}},
		{"API Version Header", "412 with the version to use if the version is not supported", "version-unsupported", []fault{
			{"version.unsupported-400", "400"},
		}},
		{"API Version Header", "a malformed version is the platform's fault", "version-malformed", []fault{
			{"version.junk-500", "500"},
		}},
		{"API Version Header", "minor versions are additive", "version-later-minor", []fault{
			{"version.compared-as-text", "takes 2.18 for unsupported"},
			{"version.up-to-2.17", "refuses 2.18"},
		}},
		{"API Version Header", "2.13 is supported", "version-older-minor", []fault{
			{"version.from-2.14", "it is not"},
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
		{"Originating Identity", "the value is a Base64 encoded JSON object", "originating-identity-malformed", []fault{
			{"identity.malformed-500", "500"},
			{"identity.not-an-object-500", "500 for another JSON value"},
		}},
		{"Originating Identity", "a malformed header may be refused", "originating-identity-malformed-refused", []fault{
			{"identity.malformed-accepted", "goes on"},
		}},
		{"Request Identity", "the header is repeated in the response", "request-identity-echoed", []fault{
			{"request-identity.never", "never"},
			{"request-identity.not-on-202", "not in a 202"},
			{"request-identity.not-on-catalog", "not with the catalog"},
			{"request-identity.lower-cased", "in lower case"},
			{"request-identity.new", "with a value of its own"},
		}},
		{"Request Identity", "the header is repeated in the response", "request-identity-echoed-on-errors", []fault{
			{"request-identity.not-on-errors", "not in errors"},
			{"request-identity.not-on-401", "not in a 401"},
			{"request-identity.not-on-404", "not in a 404"},
		}},
		{"Request Identity", "the value is any string", "request-identity-any-string", []fault{
			{"request-identity.only-guids", "400 unless it is a GUID"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-catalog", []fault{
			{"auth.none", "serves everyone"},
			{"auth.only-if-given", "serves who sends no credentials"},
			{"auth.any-password", "accepts any password"},
			{"auth.403", "403"},
			{"auth.404", "404"},
			{"auth.not-on-catalog", "the catalog is for everyone"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-provision", []fault{
			{"auth.not-on-provision", "not on provision"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-fetch-instance", []fault{
			{"auth.not-on-fetch-instance", "not on fetches of instances"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-update", []fault{
			{"auth.not-on-update", "not on update"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-deprovision", []fault{
			{"auth.not-on-deprovision", "not on deprovision"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-last-operation", []fault{
			{"auth.not-on-poll-instance", "not on polls of instances"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-bind", []fault{
			{"auth.not-on-bind", "not on bind"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-fetch-binding", []fault{
			{"auth.not-on-fetch-binding", "not on fetches of bindings"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-unbind", []fault{
			{"auth.not-on-unbind", "not on unbind"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth-last-binding-operation", []fault{
			{"auth.not-on-poll-binding", "not on polls of bindings"},
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
		{"Platform to Service Broker Authentication", "the request is authenticated before it is read", "auth-before-validation", []fault{
			{"auth.validates-before", "400 for a malformed body without credentials"},
		}},
		{"Platform to Service Broker Authentication", "a 401 reveals nothing", "auth-reveals-nothing", []fault{
			{"auth.reveals-catalog", "the catalog is in it"},
		}},
		{"Platform to Service Broker Authentication", "what is refused has no effect", "auth-no-effect", []fault{
			{"auth.acts-before", "acts, and then answers 401"},
		}},
		{"Platform to Service Broker Authentication", "a 401 says how to authenticate", "auth-challenge", []fault{
			{"auth.no-challenge", "no WWW-Authenticate"},
		}},
		{"Provisioning", "dashboard_url is a URL or null", "dashboard-url", []fault{
			{"instance.dashboard-number", "a number"},
			{"instance.dashboard-object", "an object"},
		}},
	}
}
