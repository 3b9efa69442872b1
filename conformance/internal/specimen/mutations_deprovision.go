package specimen

func deprovisionClauses() []clause {
	return []clause{
		{"Asynchronous Operations", "accepts_incomplete=false does not accept an asynchronous operation", "deprovision-async-required-false", []fault{
			{"async.false-accepted-on-deprovision", "treats any value as true in a deprovision"},
		}},
		{"Deprovisioning", "a halted creation has failed", "deprovision-while-creating-provision-failed", []fault{
			{"deprovision.halted-creation-succeeded", "the provision has succeeded"},
		}},
		{"Deprovisioning", "422 ConcurrencyError during an update of the parameters", "deprovision-while-updating-parameters", []fault{
			{"deprovision.busy-parameters-409", "409"},
		}},
		{"Deprovisioning", "200 if the instance was deleted", "deprovision-succeeds", []fault{
			{"deprovision.204", "204"},
			{"deprovision.410-deleted", "410"},
			{"deprovision.body-empty", "empty"},
			{"deprovision.body-null", "null"},
			{"deprovision.202-body-empty", "the body of a 202 is empty"},
		}},
		{"Deprovisioning", "a repeated request is answered with 202 while the operation is in progress", "deprovision-repeated-while-deleting", []fault{
			{"deprovision.repeat-200-in-progress", "200"},
			{"deprovision.repeat-410-in-progress", "410"},
			{"deprovision.repeat-other-operation", "returns another operation"},
		}},
		{"Deprovisioning", "410 if the instance does not exist", "deprovision-unknown-410", []fault{
			{"deprovision.unknown-200", "200"},
			{"deprovision.unknown-404", "404"},
			{"deprovision.unknown-500", "500"},
		}},
		{"Deprovisioning", "a deleted resource does not exist", "deprovision-repeated-410", []fault{
			{"deprovision.not-deleted", "the instance still exists"},
			{"deprovision.async-not-deleted", "the instance still exists after the operation has succeeded"},
			{"deprovision.repeat-200", "200"},
		}},
		{"Deprovisioning", "service_id and plan_id are required", "deprovision-no-service-id", []fault{
			{"deprovision.service-id-missing-accepted", "accepts a request without service_id"},
		}},
		{"Deprovisioning", "service_id and plan_id are required", "deprovision-no-plan-id", []fault{
			{"deprovision.plan-id-missing-accepted", "accepts a request without plan_id"},
		}},
		{"Deprovisioning", "422 AsyncRequired if the client does not accept 202", "deprovision-async-required", []fault{
			{"deprovision.async-required-400", "400"},
			{"deprovision.async-required-code", "another error code"},
		}},
		{"Deprovisioning", "a refused request has no effect", "deprovision-after-async-required", []fault{
			{"deprovision.async-required-but-deleted", "answers with AsyncRequired and deletes the instance"},
		}},
		{"Deprovisioning", "service_id and plan_id are those of the instance", "deprovision-other-plan", []fault{
			{"deprovision.other-service-accepted", "accepts another service"},
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
			{"url.encoded-slash-in-deprovision", "treats %2F as a slash in a deprovision"},
		}},
		{"Deprovisioning", "a deletion halts the creation", "deprovision-while-creating", []fault{
			{"deprovision.creating-410", "410, and the provision continues"},
			{"deprovision.creating-409", "409"},
		}},
		{"Deprovisioning", "a deletion that halts a creation succeeds", "deprovision-while-creating-polled", []fault{
			{"deprovision.halting-fails", "the operation fails"},
		}},
		{"Deprovisioning", "202 while the operation is in progress", "deprovision-while-creating-deletes", []fault{
			{"deprovision.200-in-progress", "200"},
			{"deprovision.creation-goes-on", "the provision continues"},
			{"deprovision.creating-200", "200, and the provision continues"},
		}},
		{"Deprovisioning", "an instance whose creation was halted does not exist", "deprovision-while-creating-not-fetched", []fault{
			{"fetch-instance.halted-200", "200 to a fetch"},
		}},
	}
}
