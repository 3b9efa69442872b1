package specimen

func unbindClauses() []clause {
	return []clause{
		{"Asynchronous Operations", "accepts_incomplete=false is a no", "unbind-async-required-false", []fault{
			{"async.false-accepted-on-unbind", "takes any value for a yes, for an unbind"},
		}},
		{"Unbinding", "a creation that was halted has failed", "unbind-while-binding-bind-failed", []fault{
			{"unbind.halted-creation-succeeded", "it has succeeded"},
		}},
		{"Unbinding", "200 if the binding was deleted", "unbind-succeeds", []fault{
			{"unbind.204", "204"},
			{"unbind.410-deleted", "410"},
			{"unbind.body-empty", "empty"},
			{"unbind.body-null", "null"},
			{"unbind.202-body-empty", "empty, with a 202"},
			{"unbind.deletes-all", "they are deleted too"},
		}},
		{"Unbinding", "a repeated request is answered with 202 while it is in progress", "unbind-repeated-while-deleting", []fault{
			{"unbind.repeat-200-in-progress", "200"},
			{"unbind.repeat-410-in-progress", "410"},
			{"unbind.repeat-other-operation", "it is another one"},
		}},
		{"Unbinding", "410 if the binding does not exist", "unbind-unknown-410", []fault{
			{"unbind.unknown-200", "200"},
			{"unbind.unknown-404", "404"},
			{"unbind.unknown-500", "500"},
		}},
		{"Unbinding", "what was deleted does not exist", "unbind-repeated-410", []fault{
			{"unbind.not-deleted", "it does"},
			{"unbind.async-not-deleted", "it does when the operation has succeeded"},
			{"unbind.repeat-200", "200"},
		}},
		{"Unbinding", "service_id and plan_id are required", "unbind-no-service-id", []fault{
			{"unbind.service-id-missing-accepted", "goes on without service_id"},
		}},
		{"Unbinding", "service_id and plan_id are required", "unbind-no-plan-id", []fault{
			{"unbind.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Unbinding", "422 AsyncRequired if the client does not accept 202", "unbind-async-required", []fault{
			{"unbind.async-required-400", "400"},
			{"unbind.async-required-code", "another error code"},
		}},
		{"Unbinding", "what is refused has no effect", "unbind-after-async-required", []fault{
			{"unbind.async-required-but-deleted", "deletes what it refuses with AsyncRequired"},
		}},
		{"Unbinding", "service_id and plan_id are those of the binding", "unbind-other-plan", []fault{
			{"unbind.other-service-accepted", "accepts those of another service"},
			{"unbind.other-plan-accepted", "accepts another plan"},
		}},
		{"URL Properties", "ids of bindings may have any characters", "unbind-encoded-id", []fault{
			{"url.encoded-slash-in-unbind", "takes %2F for a slash in an unbind"},
		}},
		{"Unbinding", "a creation that is going on is halted", "unbind-while-binding", []fault{
			{"unbind.creating-410", "410, and it goes on"},
			{"unbind.creating-409", "409"},
		}},
		{"Unbinding", "a creation that is halted is deleted", "unbind-while-binding-polled", []fault{
			{"unbind.halting-fails", "the operation fails"},
		}},
		{"Unbinding", "202 while it is in progress", "unbind-while-binding-deletes", []fault{
			{"unbind.200-in-progress", "200"},
			{"unbind.creation-goes-on", "it goes on"},
			{"unbind.creating-200", "200, and it goes on"},
		}},
		{"Unbinding", "a binding whose creation was halted does not exist", "unbind-while-binding-not-fetched", []fault{
			{"fetch-binding.halted-200", "200 to a fetch"},
		}},
	}
}
