package specimen

func headerClauses() []clause {
	return []clause{
		{"API Version Header", "2.17 is supported", "version-2.17-accepted", []fault{
			{"version.up-to-2.16", "it is not"},
		}},
		{"API Version Header", "400 with a message if the header is missing", "version-missing", []fault{
			{"version.missing-500", "500"},
			{"version.missing-401", "401"},
			{"version.missing-without-message", "400 without a description"},
		}},
		{"API Version Header", "400 if the header is missing", "version-missing-mutation", []fault{
			{"version.missing-500-on-delete", "500 on DELETE"},
		}},
		{"API Version Header", "412 with the version to use if the version is not supported", "version-unsupported", []fault{
			{"version.unsupported-400", "400"},
			{"version.unsupported-without-message", "412 without a description"},
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
		{"Originating Identity", "any request may have the header", "originating-identity-on-catalog", []fault{
			{"identity.not-on-catalog", "400 for the catalog"},
		}},
		{"Originating Identity", "the value is a Base64 encoded JSON object", "originating-identity-malformed", []fault{
			{"identity.not-an-object-500", "500 for another JSON value"},
		}},
		{"Request Identity", "the value is any string", "request-identity-any-string", []fault{
			{"request-identity.only-guids", "400 unless it is a GUID"},
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
		{"API Version Header", "the version is checked on all endpoints alike", "version-missing-everywhere", []fault{
			{"version.missing-accepted", "does without the header"},
		}},
		{"Originating Identity", "the header is for any platform, and may be absent", "identity-valid", []fault{
			{"identity.required", "400 without the header"},
			{"identity.only-cloudfoundry", "400 for other platforms"},
			{"identity.needs-user-id", "400 for the identities of Kubernetes"},
		}},
		{"Originating Identity", "the value is a Base64 encoded JSON object", "identity-malformed", []fault{
			{"identity.malformed-500", "500"},
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
		{"Content Type", "responses with a body are application/json", "content-type", []fault{
			{"content-type.text", "text/plain"},
			{"content-type.text-on-errors", "text/plain for errors"},
			{"content-type.html-on-poll", "text/html for polls"},
			{"content-type.none", "nothing"},
		}},
		{"Content Type", "bodies are JSON", "body-json", []fault{
			{"body.latin1", "not UTF-8"},
			{"body.bom", "with a byte order mark"},
			{"body.two-documents", "two documents in a row"},
		}},
		{"Content Type", "400 for another content type", "content-type-mismatch", []fault{
			{"content-type.mismatch-500", "500"},
			{"content-type.mismatch-415", "415"},
		}},
		{"Content Type", "400 for a body that is not to be processed", "body-malformed", []fault{
			{"body.malformed-500", "500"},
			{"body.malformed-422", "422"},
			{"body.trailing-accepted", "ignores what comes after the object"},
			{"body.array-accepted", "takes the first of an array"},
		}},
		{"Content Type", "400 for fields of a wrong type", "body-types", []fault{
			{"body.wrong-type-500", "500"},
		}},
		{"Blocking Operations", "422 ConcurrencyError", "concurrency-error", []fault{
			{"concurrency.409", "409"},
			{"concurrency.500", "500"},
			{"concurrency.code", "another error code"},
			{"concurrency.no-code", "no error code"},
		}},
		{"Polling Last Operation for Service Instances", "200 for what exists", "poll-200", []fault{
			{"poll.201", "201"},
			{"poll.202-in-progress", "202 while it is in progress"},
			{"poll.500-in-progress", "500 while it is in progress"},
			{"poll.404-in-progress", "404 while it is in progress"},
			{"poll.first-404", "404 to the first poll"},
			{"poll.410-in-progress", "410 while it is in progress"},
		}},
		{"Polling Last Operation for Service Instances", "404 if the instance does not exist", "poll-unknown-instance", []fault{
			{"poll-instance.unknown-succeeded", "succeeded"},
			{"poll-instance.unknown-in-progress", "in progress"},
			{"poll-instance.unknown-410", "410"},
			{"poll-instance.unknown-500", "500"},
		}},
		{"Polling Last Operation for Service Bindings", "404 if the binding does not exist", "poll-unknown-binding", []fault{
			{"poll-binding.unknown-succeeded", "succeeded"},
			{"poll-binding.unknown-410", "410"},
		}},
		{"Polling Last Operation for Service Instances", "state is one of three strings", "poll-state", []fault{
			{"poll.state-missing", "missing"},
			{"poll.state-empty", "empty while in progress"},
			{"poll.state-done", "done"},
			{"poll.state-capital", "capitalised"},
			{"poll.state-underscore", "in_progress"},
			{"poll.state-number", "a number"},
			{"poll.binding-state-ready", "ready, for a binding"},
			{"poll.array", "the body is an array"},
		}},
		{"Polling Last Operation for Service Instances", "description is a non-empty string", "poll-description", []fault{
			{"poll.description-empty", "empty"},
			{"poll.description-number", "a number"},
			{"poll.description-null", "null"},
		}},
		{"Polling Last Operation for Service Instances", "instance_usable and update_repeatable are for failed updates and deprovisions", "poll-usable", []fault{
			{"poll.instance-usable-on-provision", "instance_usable with a provision"},
			{"poll.update-repeatable-on-deprovision", "update_repeatable with a deprovision"},
			{"poll.instance-usable-text", "instance_usable is a string"},
		}},
		{"Polling Last Operation for Service Instances", "an operation ends, and ends well", "poll-ends", []fault{
			{"poll.never-ends", "it never does"},
		}},
		{"Polling Last Operation for Service Instances", "the end of an operation is not forgotten at once", "poll-remembers", []fault{
			{"poll.starts-again", "in progress after a creation"},
		}},
		{"Polling Last Operation for Service Instances", "410 is for deletions only", "poll-410", []fault{
			{"poll.410-after-create", "410 after a creation"},
		}},
		{"Provisioning", "dashboard_url is a URL or null", "instance-dashboard", []fault{
			{"instance.dashboard-number", "a number"},
			{"instance.dashboard-object", "an object"},
		}},
		{"Provisioning", "dashboard_url is returned with the first response", "instance-dashboard-first", []fault{
			{"provision.dashboard-late", "not with a 202"},
			{"fetch-instance.other-dashboard", "the instance has another one"},
			{"provision.repeat-other-dashboard", "a repeated request gets another one"},
		}},
		{"Service Instance Metadata", "metadata, labels and attributes are objects", "instance-metadata", []fault{
			{"instance.metadata-array", "metadata is an array"},
			{"instance.metadata-text", "metadata is a string"},
			{"instance.labels-array", "labels is an array"},
			{"instance.attributes-text", "attributes is a string"},
		}},
		{"Binding Rotation", "predecessor_binding_id is all that is needed", "rotation", []fault{
			{"rotation.unsupported", "501, although binding_rotatable is declared"},
			{"rotation.needs-service-id", "400 without service_id"},
			{"rotation.ignores-predecessor", "takes it for any binding"},
		}},
		{"Binding Rotation", "the predecessor is a binding of the same instance", "rotation-predecessor", []fault{
			{"rotation.unknown-predecessor-accepted", "accepts an unknown one"},
			{"rotation.unknown-predecessor-500", "500 for an unknown one"},
			{"rotation.other-instance-accepted", "accepts one of another instance"},
			{"rotation.expired-accepted", "accepts one that has expired"},
		}},
		{"Binding Rotation", "bindings of a plan that is not binding_rotatable are not rotated", "rotation-not-rotatable", []fault{
			{"rotation.not-rotatable-accepted", "they are"},
		}},
		{"Binding Rotation", "both bindings are valid", "rotation-both-valid", []fault{
			{"rotation.ends-predecessor", "the predecessor is gone"},
			{"rotation.renames-predecessor", "the predecessor becomes the successor"},
		}},
		{"Binding Rotation", "the successor has the parameters of the predecessor", "rotation-parameters", []fault{
			{"rotation.parameters-lost", "it has none"},
		}},
	}
}
