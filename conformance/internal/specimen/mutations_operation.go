package specimen

func operationClauses() []clause {
	const asynchronous, blocking = "Asynchronous Operations", "Blocking Operations"
	const instances, bindings = "Polling Last Operation for Service Instances", "Polling Last Operation for Service Bindings"
	return []clause{
		{asynchronous, "accepts_incomplete=false is a no", "async-false", []fault{
			{"async.any-accepts-incomplete", "takes any value for a yes"},
		}},
		{blocking, "422 ConcurrencyError", "concurrency-error", []fault{
			{"concurrency.409", "409"},
			{"concurrency.500", "500"},
			{"concurrency.code", "another error code"},
			{"concurrency.no-code", "no error code"},
		}},
		{blocking, "one of several concurrent requests creates", "concurrent", []fault{
			{"concurrency.double-provision", "two create the instance"},
			{"concurrency.double-bind", "two create the binding"},
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
		{instances, "Retry-After is a number of seconds or a date", "retry-after", []fault{
			{"retry-after.negative", "negative"},
			{"retry-after.fraction", "a fraction"},
			{"retry-after.unit", "with a unit"},
			{"retry-after.rfc3339", "another format of date"},
		}},
		{instances, "Retry-After is a duration", "retry-after-duration", []fault{
			{"retry-after.date", "a date"},
		}},
		{instances, "200 for what exists", "poll-200", []fault{
			{"poll.201", "201"},
			{"poll.202-in-progress", "202 while it is in progress"},
			{"poll.500-in-progress", "500 while it is in progress"},
			{"poll.404-in-progress", "404 while it is in progress"},
			{"poll.first-404", "404 to the first poll"},
			{"poll.410-in-progress", "410 while it is in progress"},
		}},
		{instances, "404 if the instance does not exist", "poll-unknown-instance", []fault{
			{"poll-instance.unknown-succeeded", "succeeded"},
			{"poll-instance.unknown-in-progress", "in progress"},
			{"poll-instance.unknown-410", "410"},
			{"poll-instance.unknown-500", "500"},
		}},
		{bindings, "404 if the binding does not exist", "poll-unknown-binding", []fault{
			{"poll-binding.unknown-succeeded", "succeeded"},
			{"poll-binding.unknown-410", "410"},
		}},
		{instances, "service_id, plan_id and operation are optional", "poll-without-query", []fault{
			{"poll-instance.needs-service-id", "400 without service_id"},
			{"poll-instance.needs-operation", "400 without operation"},
			{"poll-binding.needs-service-id", "400 without service_id, for a binding"},
		}},
		{instances, "state is one of three strings", "poll-state", []fault{
			{"poll.state-missing", "missing"},
			{"poll.state-empty", "empty while in progress"},
			{"poll.state-done", "done"},
			{"poll.state-capital", "capitalised"},
			{"poll.state-underscore", "in_progress"},
			{"poll.state-number", "a number"},
			{"poll.binding-state-ready", "ready, for a binding"},
			{"poll.array", "the body is an array"},
		}},
		{instances, "description is a non-empty string", "poll-description", []fault{
			{"poll.description-empty", "empty"},
			{"poll.description-number", "a number"},
			{"poll.description-null", "null"},
		}},
		{instances, "instance_usable and update_repeatable are for failed updates and deprovisions", "poll-usable", []fault{
			{"poll.instance-usable-on-provision", "instance_usable with a provision"},
			{"poll.update-repeatable-on-deprovision", "update_repeatable with a deprovision"},
			{"poll.instance-usable-text", "instance_usable is a string"},
		}},
		{instances, "an operation ends, and ends well", "poll-ends", []fault{
			{"poll.never-ends", "it never does"},
			{"poll.delete-fails", "deletions say failed, but are done"},
		}},
		{instances, "the end of an operation is not forgotten at once", "poll-remembers", []fault{
			{"poll.forgets-create", "404 after a creation"},
			{"poll.forgets-delete", "404 after a deletion"},
			{"poll.delete-404", "404 for a deletion that has ended"},
			{"poll.starts-again", "in progress after a creation"},
		}},
		{instances, "410 is for deletions only", "poll-410", []fault{
			{"poll.410-after-create", "410 after a creation"},
		}},
	}
}
