package specimen

func deprovisionClauses() []clause {
	return []clause{
		{"Asynchronous Operations", "accepts_incomplete=false is a no", "deprovision-async-required-false", []fault{
			{"async.false-accepted-on-deprovision", "takes any value for a yes, for a deprovision"},
		}},
		{"Deprovisioning", "a creation that was halted has failed", "deprovision-while-creating-provision-failed", []fault{
			{"deprovision.halted-creation-succeeded", "it has succeeded"},
		}},
		{"Deprovisioning", "422 ConcurrencyError while parameters are updated", "deprovision-while-updating-parameters", []fault{
			{"deprovision.busy-parameters-409", "409"},
		}},
		{"Deprovisioning", "200 if the instance was deleted", "deprovision-succeeds", []fault{
			{"deprovision.204", "204"},
			{"deprovision.410-deleted", "410"},
			{"deprovision.body-empty", "empty"},
			{"deprovision.body-null", "null"},
			{"deprovision.202-body-empty", "empty, with a 202"},
		}},
		{"Deprovisioning", "a repeated request is answered with 202 while it is in progress", "deprovision-repeated-while-deleting", []fault{
			{"deprovision.repeat-200-in-progress", "200"},
			{"deprovision.repeat-410-in-progress", "410"},
			{"deprovision.repeat-other-operation", "it is another one"},
		}},
		{"Deprovisioning", "410 if the instance does not exist", "deprovision-unknown-410", []fault{
			{"deprovision.unknown-200", "200"},
			{"deprovision.unknown-404", "404"},
			{"deprovision.unknown-500", "500"},
		}},
		{"Deprovisioning", "what was deleted does not exist", "deprovision-repeated-410", []fault{
			{"deprovision.not-deleted", "it does"},
			{"deprovision.async-not-deleted", "it does when the operation has succeeded"},
			{"deprovision.repeat-200", "200"},
		}},
		{"Deprovisioning", "service_id and plan_id are required", "deprovision-no-service-id", []fault{
			{"deprovision.service-id-missing-accepted", "goes on without service_id"},
		}},
		{"Deprovisioning", "service_id and plan_id are required", "deprovision-no-plan-id", []fault{
			{"deprovision.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Deprovisioning", "422 AsyncRequired if the client does not accept 202", "deprovision-async-required", []fault{
			{"deprovision.async-required-400", "400"},
			{"deprovision.async-required-code", "another error code"},
		}},
		{"Deprovisioning", "what is refused has no effect", "deprovision-after-async-required", []fault{
			{"deprovision.async-required-but-deleted", "deletes what it refuses with AsyncRequired"},
		}},
		{"Deprovisioning", "service_id and plan_id are those of the instance", "deprovision-other-plan", []fault{
			{"deprovision.other-service-accepted", "accepts those of another service"},
			{"deprovision.other-plan-accepted", "accepts another plan"},
		}},
		{"Blocking Operations", "422 ConcurrencyError", "deprovision-while-updating", []fault{
			{"concurrency.409", "409"},
			{"deprovision.busy-409", "409"},
		}},
		{"Deprovisioning", "422 ConcurrencyError while another operation is in progress", "deprovision-while-updating-deletes", []fault{
			{"deprovision.busy-200", "200"},
		}},
		{"URL Properties", "ids of instances may have any characters", "deprovision-encoded-id", []fault{
			{"url.encoded-slash-in-deprovision", "takes %2F for a slash in a deprovision"},
		}},
		{"Deprovisioning", "a creation that is going on is halted", "deprovision-while-creating", []fault{
			{"deprovision.creating-410", "410, and it goes on"},
			{"deprovision.creating-409", "409"},
		}},
		{"Deprovisioning", "a creation that is halted is deleted", "deprovision-while-creating-polled", []fault{
			{"deprovision.halting-fails", "the operation fails"},
		}},
		{"Deprovisioning", "202 while it is in progress", "deprovision-while-creating-deletes", []fault{
			{"deprovision.200-in-progress", "200"},
			{"deprovision.creation-goes-on", "it goes on"},
			{"deprovision.creating-200", "200, and it goes on"},
		}},
		{"Deprovisioning", "an instance whose creation was halted does not exist", "deprovision-while-creating-not-fetched", []fault{
			{"fetch-instance.halted-200", "200 to a fetch"},
		}},
	}
}
