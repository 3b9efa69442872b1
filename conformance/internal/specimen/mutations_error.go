package specimen

func answerClauses() []clause {
	return []clause{
		{"Service Broker Errors", "an error response is a JSON object", "error-json-object", []fault{
			{"error.array", "an array"},
			{"error.text", "a text"},
			{"error.html", "a page"},
			{"error.html-on-404", "a page, for a 404"},
			{"error.text-on-401", "a text, for a 401"},
		}},
		{"Service Broker Errors", "error is a single word", "error-code-not-empty", []fault{
			{"error.code-empty", "empty"},
			{"error.code-number", "a number"},
		}},
		{"Service Broker Errors", "error is a single word", "error-code-one-word", []fault{
			{"error.code-sentence", "a sentence"},
		}},
		{"Service Broker Errors", "description is a non-empty string", "error-description-not-empty", []fault{
			{"error.description-empty", "empty"},
			{"error.description-null", "null"},
			{"error.description-object", "an object"},
		}},
		{"Service Broker Errors", "a description says what is wrong", "error-description", []fault{
			{"error.capital-description", "it is called Description"},
			{"error.empty-on-409", "nothing, for a 409"},
			{"error.no-description", "there is none"},
		}},
		{"Service Broker Errors", "instance_usable is for failed updates and deprovisions", "error-instance-usable", []fault{
			{"error.instance-usable-on-provision", "with a failed provision"},
			{"error.instance-usable-on-bind", "with a failed bind"},
			{"error.instance-usable-text", "a string"},
		}},
		{"Service Broker Errors", "update_repeatable is for failed updates", "error-update-repeatable", []fault{
			{"error.update-repeatable-on-provision", "with a failed provision"},
			{"error.update-repeatable-on-deprovision", "with a failed deprovision"},
			{"error.update-repeatable-text", "a string"},
		}},
		{"Service Broker Errors", "what is refused has no effect", "error-refused-provision-creates-nothing", []fault{
			{"provision.unknown-plan-refused-but-created", "creates an instance of another plan, and answers 400"},
		}},
		{"Service Broker Errors", "a conflict changes nothing", "error-conflict-changes-nothing", []fault{
			{"provision.conflict-drops-parameters", "the parameters are gone"},
		}},
		{"Service Broker Errors", "a conflict changes nothing", "error-conflict-keeps-attributes", []fault{
			{"provision.conflict-but-moved", "the instance moves to the other space"},
		}},
		{"Service Broker Errors", "what is refused has no effect", "error-refused-update-changes-nothing", []fault{
			{"update.unknown-plan-refused-but-changed", "changes the plan, and answers 400"},
		}},
		{"Binding", "what is refused has no effect", "error-refused-bind-creates-nothing", []fault{
			{"bind.refused-but-created", "creates what it refuses with 400"},
		}},
		{"Service Broker Errors", "what is refused has no effect", "error-refused-unbind-deletes-nothing", []fault{
			{"unbind.refused-but-deleted", "deletes the binding without service_id, and answers 400"},
		}},
		{"Service Broker Errors", "what is refused has no effect", "error-refused-deprovision-deletes-nothing", []fault{
			{"deprovision.refused-but-deleted", "deletes the instance without service_id, and answers 400"},
		}},
		{"Service Broker Errors", "a path that does not exist is refused", "error-unknown-path", []fault{
			{"url.unknown-path-200", "200"},
		}},
		{"Service Broker Errors", "a method that does not exist is refused", "error-unknown-method", []fault{
			{"url.any-method", "200"},
		}},
		{"Content Type", "bodies are JSON", "answer-json-object", []fault{
			{"body.bom", "with a byte order mark"},
			{"body.two-documents", "two documents in a row"},
			{"update.body-empty", "empty"},
			{"update.body-null", "null"},
			{"bind.body-empty", "empty"},
			{"bind.body-array", "an array"},
		}},
		{"Content Type", "responses with a body are application/json", "answer-content-type", []fault{
			{"content-type.text", "text/plain"},
			{"content-type.text-on-errors", "text/plain for errors"},
			{"content-type.html-on-poll", "text/html for polls"},
			{"content-type.none", "nothing"},
		}},
		{"RFC 8259, section 4", "the names within an object are unique", "answer-names-unique", []fault{
			{"body.duplicate-member", "a name occurs twice"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "answer-no-null", []fault{
			{"fetch-instance.parameters-null", "null"},
			{"fetch-instance.maintenance-null", "null"},
			{"binding.nulls", "they are null"},
			{"fetch-binding.parameters-null", "null"},
		}},
		{"Polling Last Operation for Service Instances", "200 for what exists", "answer-success-status", []fault{
			{"poll.201", "201"},
			{"update.204", "204"},
			{"bind.204-created", "204"},
		}},
		{"Service Broker Errors", "nothing is redirected", "answer-no-redirect", []fault{
			{"url.unknown-path-redirect", "a path that does not exist is"},
		}},
		{"Blocking Operations", "422 ConcurrencyError", "answer-no-fault", []fault{
			{"concurrency.500", "500"},
			{"poll-instance.unknown-500", "500"},
		}},
		{"Provisioning", "202 only if the client accepts it", "async-only-if-accepted", []fault{
			{"provision.202-unasked", "works asynchronously all the same"},
			{"provision.202-for-sync", "202, although it is done"},
			{"update.202-unasked", "works asynchronously all the same"},
			{"update.202-for-sync", "202, although it is done"},
			{"deprovision.202-unasked", "works asynchronously all the same"},
			{"deprovision.202-for-sync", "202, although it is done"},
			{"bind.202-unasked", "works asynchronously all the same"},
			{"bind.202-for-sync", "202, although it is done"},
			{"unbind.202-unasked", "works asynchronously all the same"},
			{"unbind.202-for-sync", "202, although it is done"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-string", []fault{
			{"operation.number", "a number"},
			{"operation.null-on-bind", "null, for a bind"},
			{"operation.number-on-unbind", "a number, for an unbind"},
			{"operation.null-on-deprovision", "null, for a deprovision"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-of-provision", []fault{
			{"operation.object", "an object"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-length", []fault{
			{"operation.too-long", "longer"},
			{"operation.too-long-on-bind", "longer, for a bind"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-not-empty", []fault{
			{"operation.empty", "empty"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-of-update", []fault{
			{"operation.empty-on-update", "empty, for an update"},
			{"operation.null-on-update", "null, for an update"},
		}},
		{"Polling Last Operation for Service Instances", "Retry-After is a number of seconds or a date", "retry-after-valid", []fault{
			{"retry-after.negative", "negative"},
			{"retry-after.fraction", "a fraction"},
			{"retry-after.unit", "with a unit"},
			{"retry-after.rfc3339", "another format of date"},
		}},
		{"Polling Last Operation for Service Instances", "Retry-After is a duration", "retry-after-duration", []fault{
			{"retry-after.date", "a date"},
		}},
	}
}
