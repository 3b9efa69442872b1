package specimen

func unbindClauses() []clause {
	return []clause{
		{"Unbinding", "422 AsyncRequired if the client does not accept 202", "unbind-async-required", []fault{
			{"unbind.async-required-400", "400"},
			{"unbind.async-required-code", "another error code"},
		}},
		{"URL Properties", "ids of bindings may have any characters", "unbind-encoded-id", []fault{
			{"url.encoded-slash-in-unbind", "takes %2F for a slash in an unbind"},
		}},
		{"Unbinding", "an unbind during the creation is processed, or refused with 422 ConcurrencyError", "unbind-while-binding", []fault{
			{"unbind.creating-409", "409"},
		}},
		{"Unbinding", "a creation that is halted is deleted", "unbind-while-binding-polled", []fault{
			{"unbind.halting-fails", "the operation fails"},
		}},
		{"Unbinding", "a binding whose creation was halted does not exist", "unbind-while-binding-not-fetched", []fault{
			{"fetch-binding.halted-200", "200 to a fetch"},
		}},
		{"Unbinding", "200 if the binding was deleted", "unbind-200", []fault{
			{"unbind.204", "204"},
			{"unbind.410-deleted", "410"},
		}},
		{"Unbinding", "the body is an object", "unbind-body", []fault{
			{"unbind.body-empty", "empty"},
			{"unbind.body-null", "null"},
			{"unbind.202-body-empty", "empty, with a 202"},
		}},
		{"Unbinding", "what was deleted does not exist", "unbind-deletes", []fault{
			{"unbind.not-deleted", "it does"},
			{"unbind.async-not-deleted", "it does when the operation has succeeded"},
		}},
		{"Unbinding", "other bindings stay", "unbind-others-stay", []fault{
			{"unbind.deletes-all", "they are deleted too"},
		}},
		{"Unbinding", "202 only if the client accepts it", "unbind-202-unasked", []fault{
			{"unbind.202-unasked", "works asynchronously all the same"},
			{"unbind.202-for-sync", "202, although it is done"},
		}},
		{"Unbinding", "202 while it is in progress", "unbind-202", []fault{
			{"unbind.200-in-progress", "200"},
		}},
		{"Unbinding", "what is refused has no effect", "unbind-refused-no-effect", []fault{
			{"unbind.async-required-but-deleted", "deletes what it refuses with AsyncRequired"},
		}},
		{"Unbinding", "service_id and plan_id are required", "unbind-ids-required", []fault{
			{"unbind.service-id-missing-accepted", "goes on without service_id"},
			{"unbind.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Unbinding", "service_id and plan_id are those of the binding", "unbind-ids", []fault{
			{"unbind.other-service-accepted", "accepts those of another service"},
			{"unbind.other-plan-accepted", "accepts another plan"},
		}},
		{"Unbinding", "410 if the binding does not exist", "unbind-unknown", []fault{
			{"unbind.unknown-200", "200"},
			{"unbind.unknown-404", "404"},
			{"unbind.unknown-500", "500"},
		}},
		{"Unbinding", "410 if the binding was deleted", "unbind-repeated", []fault{
			{"unbind.repeat-200", "200"},
		}},
		{"Unbinding", "a repeated request is answered with 202 while it is in progress", "unbind-repeated-202", []fault{
			{"unbind.repeat-200-in-progress", "200"},
			{"unbind.repeat-410-in-progress", "410"},
			{"unbind.repeat-422-in-progress", "422"},
		}},
		{"Unbinding", "the operation is that of the original request", "unbind-repeated-operation", []fault{
			{"unbind.repeat-other-operation", "it is another one"},
		}},
		{"Unbinding", "a creation that is going on is halted", "unbind-creating", []fault{
			{"unbind.creation-goes-on", "it goes on"},
			{"unbind.creating-200", "200, and it goes on"},
			{"unbind.creating-410", "410, and it goes on"},
		}},
	}
}
