package specimen

func answerClauses() []clause {
	return []clause{
		{"Service Broker Errors", "description is a non-empty string", "error-description", []fault{
			{"error.description-empty", "empty"},
			{"error.description-null", "null"},
			{"error.description-object", "an object"},
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
		{"Service Broker Errors", "what is refused has no effect", "error-refused-update-changes-nothing", []fault{
			{"update.unknown-plan-refused-but-changed", "changes the plan, and answers 400"},
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
		{"RFC 8259, section 4", "the names within an object are unique", "answer-names-unique", []fault{
			{"body.duplicate-member", "a name occurs twice"},
		}},
		{"Service Broker Errors", "nothing is redirected", "answer-no-redirect", []fault{
			{"url.unknown-path-redirect", "a path that does not exist is"},
		}},
		{"Polling Last Operation for Service Instances", "Retry-After is a duration", "retry-after-duration", []fault{
			{"retry-after.date", "a date"},
		}},
		{"Service Broker Errors", "error is a single word", "error-code", []fault{
			{"error.code-empty", "empty"},
			{"error.code-sentence", "a sentence"},
			{"error.code-number", "a number"},
		}},
		{"Service Broker Errors", "a description says what is wrong", "error-described", []fault{
			{"error.capital-description", "it is called Description"},
		}},
		{"Service Broker Errors", "an error response is a JSON object", "error-object", []fault{
			{"error.array", "an array"},
			{"error.text", "a text"},
			{"error.html", "a page"},
			{"error.html-on-404", "a page, for a 404"},
			{"error.text-on-401", "a text, for a 401"},
			{"error.empty-on-409", "nothing, for a 409"},
			{"error.empty-on-410", "nothing, for a 410"},
			{"error.empty-on-422", "nothing, for a 422"},
		}},
		{"Asynchronous Operations", "accepts_incomplete=false is a no", "async-false", []fault{
			{"async.any-accepts-incomplete", "takes any value for a yes"},
		}},
		{"Provisioning", "operation is a string of at most 10,000 characters", "operation", []fault{
			{"operation.number", "a number"},
			{"operation.object", "an object"},
			{"operation.empty", "empty"},
			{"operation.too-long", "longer"},
			{"operation.too-long-on-bind", "longer, for a bind"},
			{"operation.null-on-bind", "null, for a bind"},
			{"operation.number-on-unbind", "a number, for an unbind"},
			{"operation.null-on-deprovision", "null, for a deprovision"},
			{"operation.empty-on-update", "empty, for an update"},
			{"operation.null-on-update", "null, for an update"},
		}},
		{"Polling Last Operation for Service Instances", "Retry-After is a number of seconds or a date", "retry-after", []fault{
			{"retry-after.negative", "negative"},
			{"retry-after.fraction", "a fraction"},
			{"retry-after.unit", "with a unit"},
			{"retry-after.rfc3339", "another format of date"},
		}},
	}
}
