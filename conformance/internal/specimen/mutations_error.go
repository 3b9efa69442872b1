package specimen

func answerClauses() []clause {
	return []clause{
		{"Service Broker Errors", "an error response is a JSON object", "error-json-object", []fault{
			{"error.array", "an array"},
			{"error.text", "plain text"},
			{"error.html", "an HTML page"},
			{"error.html-on-404", "an HTML page for a 404"},
			{"error.text-on-401", "plain text for a 401"},
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
		{"Service Broker Errors", "an error has a description", "error-description", []fault{
			{"error.capital-description", "the member is called Description"},
			{"error.empty-on-409", "the body of a 409 is empty"},
			{"error.no-description", "the body has no description"},
		}},
		{"Service Broker Errors", "instance_usable is for failed updates and deprovisions", "error-instance-usable", []fault{
			{"error.instance-usable-on-provision", "a failed provision has it"},
			{"error.instance-usable-on-bind", "a failed bind has it"},
			{"error.instance-usable-text", "a string"},
		}},
		{"Service Broker Errors", "update_repeatable is for failed updates", "error-update-repeatable", []fault{
			{"error.update-repeatable-on-provision", "a failed provision has it"},
			{"error.update-repeatable-on-deprovision", "a failed deprovision has it"},
			{"error.update-repeatable-text", "a string"},
		}},
		{"Service Broker Errors", "a refused request has no effect", "error-refused-provision-creates-nothing", []fault{
			{"provision.unknown-plan-refused-but-created", "creates an instance of another plan and answers with 400"},
		}},
		{"Service Broker Errors", "a conflict changes nothing", "error-conflict-changes-nothing", []fault{
			{"provision.conflict-drops-parameters", "removes the parameters"},
		}},
		{"Service Broker Errors", "a conflict changes nothing", "error-conflict-keeps-attributes", []fault{
			{"provision.conflict-but-moved", "moves the instance to the other space"},
		}},
		{"Service Broker Errors", "a refused request has no effect", "error-refused-update-changes-nothing", []fault{
			{"update.unknown-plan-refused-but-changed", "changes the plan and answers with 400"},
		}},
		{"Binding", "a refused request has no effect", "error-refused-bind-creates-nothing", []fault{
			{"bind.refused-but-created", "creates the binding and answers with 400"},
		}},
		{"Service Broker Errors", "a refused request has no effect", "error-refused-unbind-deletes-nothing", []fault{
			{"unbind.refused-but-deleted", "deletes the binding without service_id and answers with 400"},
		}},
		{"Service Broker Errors", "a refused request has no effect", "error-refused-deprovision-deletes-nothing", []fault{
			{"deprovision.refused-but-deleted", "deletes the instance without service_id and answers with 400"},
		}},
		{"Service Broker Errors", "a request to an unknown path is refused", "error-unknown-path", []fault{
			{"url.unknown-path-200", "200"},
		}},
		{"Service Broker Errors", "a request with an unknown method is refused", "error-unknown-method", []fault{
			{"url.any-method", "200"},
		}},
		{"Content Type", "bodies are JSON", "answer-json-object", []fault{
			{"body.bom", "begins with a byte order mark"},
			{"body.two-documents", "has two JSON documents"},
			{"update.body-empty", "empty"},
			{"update.body-null", "null"},
			{"bind.body-empty", "empty"},
			{"bind.body-array", "an array"},
		}},
		{"Content Type", "responses with a body are application/json", "answer-content-type", []fault{
			{"content-type.text", "text/plain"},
			{"content-type.text-on-errors", "text/plain for errors"},
			{"content-type.html-on-poll", "text/html for polls"},
			{"content-type.none", "no Content-Type"},
		}},
		{"RFC 8259, section 4", "the names within an object are unique", "answer-names-unique", []fault{
			{"body.duplicate-member", "a name occurs twice"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "answer-no-null", []fault{
			{"fetch-instance.parameters-null", "null"},
			{"fetch-instance.maintenance-null", "null"},
			{"binding.nulls", "absent members are null"},
			{"fetch-binding.parameters-null", "null"},
		}},
		{"Polling Last Operation for Service Instances", "200 for an existing resource", "answer-success-status", []fault{
			{"poll.201", "201"},
			{"update.204", "204"},
			{"bind.204-created", "204"},
		}},
		{"Service Broker Errors", "no request is redirected", "answer-no-redirect", []fault{
			{"url.unknown-path-redirect", "redirects an unknown path"},
		}},
		{"Blocking Operations", "422 ConcurrencyError", "answer-no-fault", []fault{
			{"concurrency.500", "500"},
			{"poll-instance.unknown-500", "500"},
		}},
		{"Provisioning", "202 only if the client accepts an asynchronous operation", "async-only-if-accepted", []fault{
			{"provision.202-unasked", "works asynchronously anyway"},
			{"provision.202-for-sync", "202 for a finished operation"},
			{"update.202-unasked", "works asynchronously anyway"},
			{"update.202-for-sync", "202 for a finished operation"},
			{"deprovision.202-unasked", "works asynchronously anyway"},
			{"deprovision.202-for-sync", "202 for a finished operation"},
			{"bind.202-unasked", "works asynchronously anyway"},
			{"bind.202-for-sync", "202 for a finished operation"},
			{"unbind.202-unasked", "works asynchronously anyway"},
			{"unbind.202-for-sync", "202 for a finished operation"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-string", []fault{
			{"operation.number", "a number"},
			{"operation.null-on-bind", "null in a bind"},
			{"operation.number-on-unbind", "a number in an unbind"},
			{"operation.null-on-deprovision", "null in a deprovision"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-of-provision", []fault{
			{"operation.object", "an object"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-length", []fault{
			{"operation.too-long", "longer than 10,000 characters"},
			{"operation.too-long-on-bind", "longer than 10,000 characters in a bind"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-not-empty", []fault{
			{"operation.empty", "empty"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation-of-update", []fault{
			{"operation.empty-on-update", "empty in an update"},
			{"operation.null-on-update", "null in an update"},
		}},
		{"Polling Last Operation for Service Instances", "Retry-After is a number of seconds or a date", "retry-after-valid", []fault{
			{"retry-after.negative", "negative"},
			{"retry-after.fraction", "a fraction"},
			{"retry-after.unit", "with a unit"},
			{"retry-after.rfc3339", "another date format"},
		}},
		{"Polling Last Operation for Service Instances", "Retry-After is a duration", "retry-after-duration", []fault{
			{"retry-after.date", "a date"},
		}},
	}
}
