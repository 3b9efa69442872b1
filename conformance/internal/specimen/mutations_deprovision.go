package specimen

func deprovisionClauses() []clause {
	return []clause{
		{"Deprovisioning", "422 AsyncRequired if the client does not accept 202", "deprovision-async-required", []fault{
			{"deprovision.async-required-400", "400"},
			{"deprovision.async-required-code", "another error code"},
		}},
		{"URL Properties", "ids of instances may have any characters", "deprovision-encoded-id", []fault{
			{"url.encoded-slash-in-deprovision", "takes %2F for a slash in a deprovision"},
		}},
		{"Deprovisioning", "a deprovision during the creation is processed, or refused with 422 ConcurrencyError", "deprovision-while-creating", []fault{
			{"deprovision.creating-409", "409"},
		}},
		{"Deprovisioning", "a creation that is halted is deleted", "deprovision-while-creating-polled", []fault{
			{"deprovision.halting-fails", "the operation fails"},
		}},
		{"Deprovisioning", "an instance whose creation was halted does not exist", "deprovision-while-creating-not-fetched", []fault{
			{"fetch-instance.halted-200", "200 to a fetch"},
		}},
		{"Deprovisioning", "200 if the instance was deleted", "deprovision-200", []fault{
			{"deprovision.204", "204"},
			{"deprovision.410-deleted", "410"},
		}},
		{"Deprovisioning", "the body is an object", "deprovision-body", []fault{
			{"deprovision.body-empty", "empty"},
			{"deprovision.body-null", "null"},
			{"deprovision.202-body-empty", "empty, with a 202"},
		}},
		{"Deprovisioning", "what was deleted does not exist", "deprovision-deletes", []fault{
			{"deprovision.not-deleted", "it does"},
			{"deprovision.async-not-deleted", "it does when the operation has succeeded"},
		}},
		{"Deprovisioning", "202 only if the client accepts it", "deprovision-202-unasked", []fault{
			{"deprovision.202-unasked", "works asynchronously all the same"},
			{"deprovision.202-for-sync", "202, although it is done"},
		}},
		{"Deprovisioning", "202 while it is in progress", "deprovision-202", []fault{
			{"deprovision.200-in-progress", "200"},
		}},
		{"Deprovisioning", "what is refused has no effect", "deprovision-refused-no-effect", []fault{
			{"deprovision.async-required-but-deleted", "deletes what it refuses with AsyncRequired"},
		}},
		{"Deprovisioning", "service_id and plan_id are required", "deprovision-ids-required", []fault{
			{"deprovision.service-id-missing-accepted", "goes on without service_id"},
			{"deprovision.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Deprovisioning", "service_id and plan_id are those of the instance", "deprovision-ids", []fault{
			{"deprovision.other-service-accepted", "accepts those of another service"},
			{"deprovision.other-plan-accepted", "accepts another plan"},
		}},
		{"Deprovisioning", "410 if the instance does not exist", "deprovision-unknown", []fault{
			{"deprovision.unknown-200", "200"},
			{"deprovision.unknown-404", "404"},
			{"deprovision.unknown-500", "500"},
		}},
		{"Deprovisioning", "410 if the instance was deleted", "deprovision-repeated", []fault{
			{"deprovision.repeat-200", "200"},
		}},
		{"Deprovisioning", "a repeated request is answered with 202 while it is in progress", "deprovision-repeated-202", []fault{
			{"deprovision.repeat-200-in-progress", "200"},
			{"deprovision.repeat-410-in-progress", "410"},
			{"deprovision.repeat-422-in-progress", "422"},
		}},
		{"Deprovisioning", "the operation is that of the original request", "deprovision-repeated-operation", []fault{
			{"deprovision.repeat-other-operation", "it is another one"},
		}},
		{"Deprovisioning", "422 ConcurrencyError while another operation is in progress", "deprovision-busy", []fault{
			{"deprovision.busy-200", "200"},
			{"deprovision.busy-409", "409"},
		}},
		{"Deprovisioning", "a creation that is going on is halted", "deprovision-creating", []fault{
			{"deprovision.creation-goes-on", "it goes on"},
			{"deprovision.creating-200", "200, and it goes on"},
			{"deprovision.creating-410", "410, and it goes on"},
		}},
	}
}
