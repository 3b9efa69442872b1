package specimen

func unbindClauses() []clause {
	return []clause{
		{"Asynchronous Operations", "accepts_incomplete=false does not accept an asynchronous operation", "unbind-async-required-false", []fault{
			{"async.false-accepted-on-unbind", "treats any value as true in an unbind"},
		}},
		{"Unbinding", "a halted creation has failed", "unbind-while-binding-bind-failed", []fault{
			{"unbind.halted-creation-succeeded", "the bind has succeeded"},
		}},
		{"Unbinding", "200 if the binding was deleted", "unbind-succeeds", []fault{
			{"unbind.204", "204"},
			{"unbind.410-deleted", "410"},
			{"unbind.body-empty", "empty"},
			{"unbind.body-null", "null"},
			{"unbind.202-body-empty", "the body of a 202 is empty"},
			{"unbind.deletes-all", "deletes all bindings"},
		}},
		{"Unbinding", "a repeated request is answered with 202 while the operation is in progress", "unbind-repeated-while-deleting", []fault{
			{"unbind.repeat-200-in-progress", "200"},
			{"unbind.repeat-410-in-progress", "410"},
			{"unbind.repeat-other-operation", "returns another operation"},
		}},
		{"Unbinding", "410 if the binding does not exist", "unbind-unknown-410", []fault{
			{"unbind.unknown-200", "200"},
			{"unbind.unknown-404", "404"},
			{"unbind.unknown-500", "500"},
		}},
		{"Unbinding", "a deleted resource does not exist", "unbind-repeated-410", []fault{
			{"unbind.not-deleted", "the binding still exists"},
			{"unbind.async-not-deleted", "the binding still exists after the operation has succeeded"},
			{"unbind.repeat-200", "200"},
		}},
		{"Unbinding", "service_id and plan_id are required", "unbind-no-service-id", []fault{
			{"unbind.service-id-missing-accepted", "accepts a request without service_id"},
		}},
		{"Unbinding", "service_id and plan_id are required", "unbind-no-plan-id", []fault{
			{"unbind.plan-id-missing-accepted", "accepts a request without plan_id"},
		}},
		{"Unbinding", "422 AsyncRequired if the client does not accept 202", "unbind-async-required", []fault{
			{"unbind.async-required-400", "400"},
			{"unbind.async-required-code", "another error code"},
		}},
		{"Unbinding", "a refused request has no effect", "unbind-after-async-required", []fault{
			{"unbind.async-required-but-deleted", "answers with AsyncRequired and deletes the binding"},
		}},
		{"Unbinding", "service_id and plan_id are those of the binding", "unbind-other-plan", []fault{
			{"unbind.other-service-accepted", "accepts another service"},
			{"unbind.other-plan-accepted", "accepts another plan"},
		}},
		{"URL Properties", "ids of bindings may have any characters", "unbind-encoded-id", []fault{
			{"url.encoded-slash-in-unbind", "treats %2F as a slash in an unbind"},
		}},
		{"Unbinding", "a deletion halts the creation", "unbind-while-binding", []fault{
			{"unbind.creating-410", "410, and the bind continues"},
			{"unbind.creating-409", "409"},
		}},
		{"Unbinding", "a deletion that halts a creation succeeds", "unbind-while-binding-polled", []fault{
			{"unbind.halting-fails", "the operation fails"},
		}},
		{"Unbinding", "202 while the operation is in progress", "unbind-while-binding-deletes", []fault{
			{"unbind.200-in-progress", "200"},
			{"unbind.creation-goes-on", "the bind continues"},
			{"unbind.creating-200", "200, and the bind continues"},
		}},
		{"Unbinding", "a binding whose creation was halted does not exist", "unbind-while-binding-not-fetched", []fault{
			{"fetch-binding.halted-200", "200 to a fetch"},
		}},
	}
}
