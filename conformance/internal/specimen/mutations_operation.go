package specimen

func operationClauses() []clause {
	return []clause{
		{"Polling Last Operation for Service Instances", "state is one of three strings", "last-operation-state", []fault{
			{"poll.state-missing", "missing"},
			{"poll.state-empty", "empty during the operation"},
			{"poll.state-done", "\"done\""},
			{"poll.state-capital", "capitalised"},
			{"poll.state-underscore", "\"in_progress\""},
			{"poll.state-number", "a number"},
			{"poll.array", "the body is an array"},
		}},
		{"Polling Last Operation for Service Instances", "state is one of three strings", "last-binding-operation-state", []fault{
			{"poll.binding-state-ready", "\"ready\" for a binding"},
		}},
		{"Polling Last Operation for Service Instances", "description is a non-empty string", "last-operation-description", []fault{
			{"poll.description-empty", "empty"},
			{"poll.description-number", "a number"},
			{"poll.description-null", "null"},
		}},
		{"Polling Last Operation for Service Instances", "instance_usable and update_repeatable are for failed updates and deprovisions", "last-operation-instance-usable", []fault{
			{"poll.instance-usable-on-provision", "a provision has instance_usable"},
			{"poll.instance-usable-text", "instance_usable is a string"},
		}},
		{"Polling Last Operation for Service Instances", "instance_usable and update_repeatable are for failed updates and deprovisions", "last-operation-update-repeatable", []fault{
			{"poll.update-repeatable-on-deprovision", "a deprovision has update_repeatable"},
		}},
		{"Polling Last Operation for Service Instances", "200 for an existing resource", "last-operation-after-202", []fault{
			{"poll.202-in-progress", "202 during the operation"},
			{"poll.500-in-progress", "500 during the operation"},
			{"poll.404-in-progress", "404 during the operation"},
			{"poll.first-404", "404 to the first poll"},
			{"poll.410-in-progress", "410 during the operation"},
		}},
		{"Polling Last Operation for Service Instances", "service_id, plan_id and operation are optional", "last-operation-without-hints", []fault{
			{"poll-instance.needs-service-id", "400 without service_id"},
		}},
		{"Polling Last Operation for Service Instances", "service_id, plan_id and operation are optional", "last-binding-operation-without-hints", []fault{
			{"poll-binding.needs-service-id", "400 without service_id for a binding"},
		}},
		{"Polling Last Operation for Service Instances", "200 while an update is in progress", "last-operation-of-update-after-202", []fault{
			{"poll.update-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Instances", "polls of a plan update have the plan_id of the old plan", "last-operation-of-plan-update-after-202", []fault{
			{"poll-instance.wants-new-plan", "400"},
		}},
		{"Polling Last Operation for Service Instances", "200 while a deprovision is in progress", "last-operation-of-deprovision-after-202", []fault{
			{"poll.deprovision-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Instances", "an operation ends and succeeds", "last-operation-provision-succeeds", []fault{
			{"poll.never-ends", "the operation never ends"},
			{"provision.fails", "the operation fails"},
		}},
		{"Deprovisioning", "an accepted deprovision deletes the instance", "last-operation-deprovision-succeeds", []fault{
			{"deprovision.fails", "the operation fails"},
		}},
		{"Binding", "an accepted bind creates the binding", "last-binding-operation-bind-succeeds", []fault{
			{"bind.fails", "the operation fails"},
		}},
		{"Unbinding", "an accepted unbind deletes the binding", "last-binding-operation-unbind-succeeds", []fault{
			{"unbind.fails", "the operation fails"},
		}},
		{"Polling Last Operation for Service Instances", "a finished operation can still be polled", "last-operation-remembered", []fault{
			{"poll.starts-again", "in progress after a creation"},
			{"poll.410-after-create", "410 after a creation"},
			{"poll.forgets-provision", "404"},
		}},
		{"Polling Last Operation for Service Instances", "a finished deprovision can still be polled", "last-operation-remembered-after-deprovision", []fault{
			{"poll.forgets-deprovision", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "200 while a bind is in progress", "last-binding-operation-after-202", []fault{
			{"poll.bind-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "200 while an unbind is in progress", "last-binding-operation-of-unbind-after-202", []fault{
			{"poll.unbind-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "a finished bind can still be polled", "last-binding-operation-remembered", []fault{
			{"poll.forgets-bind", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "a finished unbind can still be polled", "last-binding-operation-remembered-after-unbind", []fault{
			{"poll.forgets-unbind", "404"},
		}},
		{"Polling Last Operation for Service Instances", "404 if the instance does not exist", "last-operation-unknown", []fault{
			{"poll-instance.unknown-succeeded", "succeeded"},
			{"poll-instance.unknown-in-progress", "in progress"},
			{"poll-instance.unknown-410", "410"},
		}},
		{"Polling Last Operation for Service Bindings", "404 if the binding does not exist", "last-binding-operation-unknown", []fault{
			{"poll-binding.unknown-succeeded", "succeeded"},
			{"poll-binding.unknown-410", "410"},
			{"poll-binding.unknown-500", "500"},
		}},
	}
}
