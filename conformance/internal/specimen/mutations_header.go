package specimen

func headerClauses() []clause {
	return []clause{
		{"API Version Header", "400 with a message if the header is missing", "version-missing", []fault{
			{"version.missing-500", "500"},
			{"version.missing-401", "401"},
			{"version.missing-without-message", "400 without a description"},
		}},
		{"API Version Header", "the version is checked on all endpoints alike", "version-missing-everywhere", []fault{
			{"version.missing-accepted-on-delete", "does without the header on DELETE"},
			{"version.missing-accepted-on-poll", "does without the header on polls of instances"},
			{"version.missing-accepted", "does without the header"},
		}},
		{"API Version Header", "a malformed version is the platform's fault", "version-malformed", []fault{
			{"version.junk-500", "500"},
			{"version.junk-accepted", "goes on"},
		}},
		{"API Version Header", "412 with the version to use if the version is not supported", "version-unsupported", []fault{
			{"version.other-major-accepted", "serves version 3"},
			{"version.unsupported-400", "400"},
			{"version.unsupported-without-message", "412 without a description"},
		}},
		{"API Version Header", "minor versions are additive", "version-later-minor", []fault{
			{"version.only-2.17", "wants exactly 2.17"},
			{"version.compared-as-text", "takes 2.18 for unsupported"},
		}},
		{"Originating Identity", "the header is for any platform, and may be absent", "identity-valid", []fault{
			{"identity.required", "400 without the header"},
			{"identity.only-cloudfoundry", "400 for other platforms"},
			{"identity.needs-user-id", "400 for the identities of Kubernetes"},
		}},
		{"Originating Identity", "the value is a Base64 encoded JSON object", "identity-malformed", []fault{
			{"identity.malformed-accepted", "goes on whatever the header is"},
			{"identity.malformed-500", "500"},
			{"identity.not-an-object-accepted", "takes any JSON value"},
		}},
		{"Request Identity", "the header is repeated in the response", "request-identity", []fault{
			{"request-identity.never", "never"},
			{"request-identity.not-on-errors", "not in errors"},
			{"request-identity.not-on-401", "not in a 401"},
			{"request-identity.not-on-404", "not in a 404"},
			{"request-identity.not-on-202", "not in a 202"},
			{"request-identity.not-on-catalog", "not with the catalog"},
			{"request-identity.lower-cased", "in lower case"},
			{"request-identity.new", "with a value of its own"},
		}},
		{"Vendor Extension Fields", "unknown fields are ignored", "extension-fields", []fault{
			{"extension.refused", "400 for any unknown field"},
			{"extension.object-refused", "500 for one that is no string"},
			{"extension.context-refused", "400 for an unknown platform in the context"},
			{"extension.bind-resource-refused", "400 for an unknown field of bind_resource"},
			{"extension.maintenance-info-refused", "400 for an unknown field of maintenance_info"},
		}},
		{"Platform to Service Broker Authentication", "401 if the authentication fails", "auth", []fault{
			{"auth.none", "serves everyone"},
			{"auth.only-if-given", "serves who sends no credentials"},
			{"auth.any-password", "accepts any password"},
			{"auth.any-username", "accepts any username"},
			{"auth.empty-credentials", "accepts empty credentials"},
			{"auth.403", "403"},
			{"auth.404", "404"},
			{"auth.not-on-catalog", "the catalog is for everyone"},
			{"auth.not-on-provision", "not on provision"},
			{"auth.not-on-fetch-instance", "not on fetches of instances"},
			{"auth.not-on-update", "not on update"},
			{"auth.not-on-deprovision", "not on deprovision"},
			{"auth.not-on-poll-instance", "not on polls of instances"},
			{"auth.not-on-bind", "not on bind"},
			{"auth.not-on-fetch-binding", "not on fetches of bindings"},
			{"auth.not-on-unbind", "not on unbind"},
			{"auth.not-on-poll-binding", "not on polls of bindings"},
		}},
		{"Platform to Service Broker Authentication", "a 401 says how to authenticate", "auth-challenge", []fault{
			{"auth.no-challenge", "no WWW-Authenticate"},
		}},
		{"Platform to Service Broker Authentication", "what is refused has no effect", "auth-no-effect", []fault{
			{"auth.acts-before", "acts, and then answers 401"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "encoded-ids", []fault{
			{"url.encoded-slash", "takes %2F for a slash"},
			{"url.not-decoded", "does not decode ids"},
			{"url.plus-is-space", "takes + for a space"},
			{"url.lower-case", "takes ids in lower case"},
			{"url.truncated", "keeps 36 characters of an id"},
			{"url.operation-not-decoded", "does not decode operations"},
		}},
		{"URL Properties", "a URL that is registered with a slash at its end works", "double-slash", []fault{
			{"url.double-slash-redirect", "redirects //v2 to /v2"},
			{"url.double-slash-404", "404 for //v2"},
		}},
	}
}
