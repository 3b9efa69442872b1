package specimen

func errorClauses() []clause {
	return []clause{
		{"Service Broker Errors", "error is a single word", "error-code", []fault{
			{"error.code-empty", "empty"},
			{"error.code-sentence", "a sentence"},
			{"error.code-number", "a number"},
		}},
		{"Service Broker Errors", "description is a non-empty string", "error-description", []fault{
			{"error.description-empty", "empty"},
			{"error.description-null", "null"},
			{"error.description-object", "an object"},
		}},
		{"Service Broker Errors", "a description says what is wrong", "error-described", []fault{
			{"error.capital-description", "it is called Description"},
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
		{"Content Type", "application/json may have a charset", "content-type-charset", []fault{
			{"content-type.charset-refused", "400"},
		}},
		{"Content Type", "400 for a body that is not to be processed", "body-malformed", []fault{
			{"body.malformed-500", "500"},
			{"body.malformed-422", "422"},
			{"body.empty-accepted", "takes no body for {}"},
			{"body.trailing-accepted", "ignores what comes after the object"},
			{"body.array-accepted", "takes the first of an array"},
		}},
		{"Content Type", "400 for fields of a wrong type", "body-types", []fault{
			{"body.wrong-type-500", "500"},
			{"body.wrong-type-accepted", "ignores them"},
			{"body.parameters-type-accepted", "ignores parameters that are no object"},
		}},
		{"Content Type", "requests without a body are complete", "delete-without-body", []fault{
			{"body.delete-needs-body", "400 for a DELETE without a body"},
			{"body.content-type-on-get", "400 for a GET with a Content-Type"},
		}},
	}
}
