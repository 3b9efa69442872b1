package specimen

func provisionClauses() []clause {
	const section = "Provisioning"
	return []clause{
		{section, "201 if the instance was created", "provision-201", []fault{
			{"provision.200-created", "200"},
			{"provision.204-created", "204"},
		}},
		{section, "202 only if the client accepts it", "provision-202-unasked", []fault{
			{"provision.202-unasked", "works asynchronously all the same"},
			{"provision.202-for-sync", "202, although it is done"},
		}},
		{section, "202 while it is in progress", "provision-202", []fault{
			{"provision.201-in-progress", "201"},
			{"provision.200-in-progress", "200"},
		}},
		{section, "422 AsyncRequired if the client does not accept 202", "provision-async-required", []fault{
			{"provision.async-required-400", "400"},
			{"provision.async-required-code", "another error code"},
			{"provision.async-required-no-code", "no error code"},
		}},
		{section, "what is refused has no effect", "provision-refused-no-effect", []fault{
			{"provision.async-required-but-created", "creates what it refuses with AsyncRequired"},
			{"provision.refused-but-created", "creates what it refuses with 400"},
		}},
		{section, "the body is an object", "provision-body", []fault{
			{"provision.body-empty", "empty"},
			{"provision.body-null", "null"},
			{"provision.body-array", "an array"},
		}},
		{section, "what was created exists", "provision-exists", []fault{
			{"provision.not-created", "it does not"},
			{"provision.succeeds-too-early", "not when the operation has succeeded"},
		}},
		{section, "service_id and plan_id are required", "provision-ids-required", []fault{
			{"provision.service-id-missing-accepted", "goes on without service_id"},
			{"provision.plan-id-missing-accepted", "goes on without plan_id"},
			{"provision.service-id-missing-500", "500 without service_id"},
			{"provision.service-id-missing-422", "422 without service_id"},
		}},
		{section, "service_id and plan_id are in the catalog", "provision-ids-known", []fault{
			{"provision.unknown-service-accepted", "takes another service"},
			{"provision.unknown-service-500", "500 for an unknown service"},
			{"provision.unknown-plan-accepted", "takes another plan"},
			{"provision.unknown-plan-500", "500 for an unknown plan"},
		}},
		{section, "organization_guid and space_guid are required", "provision-place-required", []fault{
			{"provision.organization-missing-accepted", "goes on without organization_guid"},
			{"provision.space-missing-accepted", "goes on without space_guid"},
		}},
		{section, "422 MaintenanceInfoConflict for another maintenance_info.version", "provision-maintenance", []fault{
			{"provision.maintenance-ignored", "goes on"},
			{"maintenance.400", "400"},
			{"maintenance.code", "another error code"},
			{"maintenance.no-code", "no error code"},
		}},
		{section, "parameters are validated", "provision-parameters", []fault{
			{"provision.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{section, "dashboard_url is a URL or null", "instance-dashboard", []fault{
			{"instance.dashboard-number", "a number"},
			{"instance.dashboard-object", "an object"},
			{"instance.dashboard-not-a-url", "a sentence"},
		}},
		{section, "dashboard_url is returned with the first response", "instance-dashboard-first", []fault{
			{"provision.dashboard-late", "not with a 202"},
			{"fetch-instance.other-dashboard", "the instance has another one"},
			{"provision.repeat-other-dashboard", "a repeated request gets another one"},
		}},
		{"Service Instance Metadata", "metadata, labels and attributes are objects", "instance-metadata", []fault{
			{"instance.metadata-array", "metadata is an array"},
			{"instance.metadata-text", "metadata is a string"},
			{"instance.labels-array", "labels is an array"},
			{"instance.attributes-text", "attributes is a string"},
		}},
		{section, "200 if the instance exists with the same attributes", "provision-repeated", []fault{
			{"provision.repeat-201", "201"},
			{"provision.repeat-202", "202"},
			{"provision.repeat-409", "409"},
		}},
		{section, "a repeated request is answered with 202 while it is in progress", "provision-repeated-202", []fault{
			{"provision.repeat-200-in-progress", "200"},
			{"provision.repeat-409-in-progress", "409"},
			{"provision.repeat-422-in-progress", "422"},
		}},
		{section, "the operation is that of the original request", "provision-repeated-operation", []fault{
			{"provision.repeat-other-operation", "it is another one"},
		}},
		{section, "409 if the instance exists with different attributes", "provision-conflict", []fault{
			{"provision.conflict-missed", "200"},
			{"provision.conflict-missed-for-parameters", "200 for other parameters"},
			{"provision.conflict-missed-for-plan", "200 for another plan"},
			{"provision.conflict-missed-for-space", "200 for another space"},
			{"provision.conflict-422", "422"},
			{"provision.conflict-400", "400"},
		}},
		{section, "409 also while it is in progress", "provision-conflict-in-progress", []fault{
			{"provision.conflict-missed-in-progress", "202"},
		}},
		{section, "409 changes nothing", "provision-conflict-no-effect", []fault{
			{"provision.conflict-but-applied", "applies the different attributes"},
		}},
	}
}

func fetchClauses() []clause {
	const section = "Fetching a Service Instance"
	return []clause{
		{section, "200 for what exists, if instances_retrievable is declared", "fetch-instance", []fault{
			{"fetch-instance.unsupported", "501"},
		}},
		{section, "service_id and plan_id are optional", "fetch-instance-without-query", []fault{
			{"fetch-instance.needs-service-id", "400 without service_id"},
		}},
		{section, "404 for what does not exist", "fetch-instance-unknown", []fault{
			{"fetch-instance.unknown-200", "200"},
			{"fetch-instance.unknown-410", "410"},
			{"fetch-instance.unknown-400", "400"},
			{"fetch-instance.unknown-500", "500"},
		}},
		{section, "404 for what was deleted", "fetch-instance-deleted", []fault{
			{"fetch-instance.deleted-200", "200"},
		}},
		{section, "404 while it is being created", "fetch-instance-creating", []fault{
			{"fetch-instance.creating-200", "200"},
			{"fetch-instance.creating-422", "422"},
		}},
		{section, "422 ConcurrencyError while it is being updated", "fetch-instance-updating", []fault{
			{"fetch-instance.updating-404", "404"},
			{"fetch-instance.updating-422-without-code", "422 without an error code"},
		}},
		{section, "service_id and plan_id are those of the instance", "fetch-instance-ids", []fault{
			{"fetch-instance.plan-name", "the name of the plan"},
			{"fetch-instance.service-id-wrong", "another service_id"},
		}},
		{section, "parameters are those of the instance", "fetch-instance-parameters", []fault{
			{"fetch-instance.parameters-null", "null"},
			{"fetch-instance.parameters-text", "a string"},
			{"fetch-instance.parameters-wrong", "other ones"},
		}},
		{section, "maintenance_info has a version", "fetch-instance-maintenance", []fault{
			{"fetch-instance.maintenance-text", "a string"},
			{"fetch-instance.maintenance-without-version", "no version"},
			{"fetch-instance.maintenance-null", "null"},
		}},
		{section, "dashboard_url is a string", "fetch-instance-dashboard", []fault{
			{"fetch-instance.dashboard-null", "null"},
		}},
	}
}

func updateClauses() []clause {
	const section = "Updating a Service Instance"
	return []clause{
		{section, "200 if the changes are applied", "update-200", []fault{
			{"update.201", "201"},
			{"update.204", "204"},
		}},
		{section, "the body is an object", "update-body", []fault{
			{"update.body-empty", "empty"},
			{"update.body-null", "null"},
		}},
		{section, "202 only if the client accepts it", "update-202-unasked", []fault{
			{"update.202-unasked", "works asynchronously all the same"},
			{"update.202-for-sync", "202, although it is done"},
		}},
		{section, "202 while it is in progress", "update-202", []fault{
			{"update.200-in-progress", "200"},
		}},
		{section, "422 AsyncRequired if the client does not accept 202", "update-async-required", []fault{
			{"update.async-required-400", "400"},
			{"update.async-required-code", "another error code"},
		}},
		{section, "the changes are applied", "update-applied", []fault{
			{"update.not-applied", "not at once"},
			{"update.async-not-applied", "not when the operation has succeeded"},
			{"update.plan-not-applied", "not the plan"},
			{"update.parameters-not-applied", "not the parameters"},
		}},
		{section, "what is refused has no effect", "update-refused-no-effect", []fault{
			{"update.refused-but-applied", "applies it"},
			{"update.async-required-but-applied", "applies what it refuses with AsyncRequired"},
		}},
		{section, "without plan_id the plan stays", "update-keeps-plan", []fault{
			{"update.plan-id-missing-changes-plan", "it changes"},
		}},
		{section, "without parameters the parameters stay", "update-keeps-parameters", []fault{
			{"update.parameters-missing-drops-them", "they are dropped"},
		}},
		{section, "service_id is required", "update-service-id-required", []fault{
			{"update.service-id-missing-accepted", "goes on"},
			{"update.service-id-missing-500", "500"},
		}},
		{section, "service_id is that of the instance", "update-service-id", []fault{
			{"update.other-service-accepted", "goes on"},
		}},
		{section, "plan_id is one of the service", "update-plan-id", []fault{
			{"update.unknown-plan-accepted", "goes on"},
		}},
		{section, "the instance exists", "update-unknown", []fault{
			{"update.unknown-200", "200 for an unknown one"},
			{"update.unknown-500", "500 for an unknown one"},
		}},
		{section, "422 for a plan change that is not supported", "update-unsupported", []fault{
			{"update.unsupported-plan-change-accepted", "changes the plan"},
			{"update.unsupported-plan-change-ignored", "200, and changes nothing"},
			{"update.unsupported-plan-change-400", "400"},
			{"update.unsupported-plan-change-500", "500"},
		}},
		{section, "a plan change that is not supported has a meaningful message", "update-unsupported-message", []fault{
			{"update.unsupported-plan-change-without-message", "there is none"},
		}},
		{section, "422 MaintenanceInfoConflict for another maintenance_info.version", "update-maintenance", []fault{
			{"update.maintenance-ignored", "goes on"},
		}},
		{section, "previous_values is optional", "update-previous-values", []fault{
			{"update.previous-values-needed", "400 without it"},
		}},
		{section, "updates of the context alone, if allow_context_updates is declared", "update-context", []fault{
			{"update.context-only-refused", "422"},
		}},
		{section, "parameters are validated", "update-parameters", []fault{
			{"update.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{section, "a repeated request is answered with 202 while it is in progress", "update-repeated-202", []fault{
			{"update.repeat-200-in-progress", "200"},
			{"update.repeat-409-in-progress", "409"},
		}},
		{section, "the operation is that of the original request", "update-repeated-operation", []fault{
			{"update.repeat-other-operation", "it is another one"},
		}},
		{section, "another update while one is in progress is refused, or accepted for good", "update-concurrent", []fault{
			{"update.second-200", "200, and nothing happens"},
			{"update.second-replaces", "422, but it takes the place of the first"},
		}},
	}
}

func deprovisionClauses() []clause {
	const section = "Deprovisioning"
	return []clause{
		{section, "200 if the instance was deleted", "deprovision-200", []fault{
			{"deprovision.204", "204"},
			{"deprovision.410-deleted", "410"},
		}},
		{section, "the body is an object", "deprovision-body", []fault{
			{"deprovision.body-empty", "empty"},
			{"deprovision.body-null", "null"},
			{"deprovision.202-body-empty", "empty, with a 202"},
		}},
		{section, "what was deleted does not exist", "deprovision-deletes", []fault{
			{"deprovision.not-deleted", "it does"},
			{"deprovision.async-not-deleted", "it does when the operation has succeeded"},
		}},
		{section, "202 only if the client accepts it", "deprovision-202-unasked", []fault{
			{"deprovision.202-unasked", "works asynchronously all the same"},
			{"deprovision.202-for-sync", "202, although it is done"},
		}},
		{section, "202 while it is in progress", "deprovision-202", []fault{
			{"deprovision.200-in-progress", "200"},
		}},
		{section, "422 AsyncRequired if the client does not accept 202", "deprovision-async-required", []fault{
			{"deprovision.async-required-400", "400"},
			{"deprovision.async-required-code", "another error code"},
		}},
		{section, "what is refused has no effect", "deprovision-refused-no-effect", []fault{
			{"deprovision.async-required-but-deleted", "deletes what it refuses with AsyncRequired"},
		}},
		{section, "service_id and plan_id are required", "deprovision-ids-required", []fault{
			{"deprovision.service-id-missing-accepted", "goes on without service_id"},
			{"deprovision.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{section, "service_id and plan_id are those of the instance", "deprovision-ids", []fault{
			{"deprovision.other-service-accepted", "accepts those of another service"},
			{"deprovision.other-plan-accepted", "accepts another plan"},
		}},
		{section, "410 if the instance does not exist", "deprovision-unknown", []fault{
			{"deprovision.unknown-200", "200"},
			{"deprovision.unknown-404", "404"},
			{"deprovision.unknown-500", "500"},
		}},
		{section, "410 if the instance was deleted", "deprovision-repeated", []fault{
			{"deprovision.repeat-200", "200"},
		}},
		{section, "a repeated request is answered with 202 while it is in progress", "deprovision-repeated-202", []fault{
			{"deprovision.repeat-200-in-progress", "200"},
			{"deprovision.repeat-410-in-progress", "410"},
			{"deprovision.repeat-422-in-progress", "422"},
		}},
		{section, "the operation is that of the original request", "deprovision-repeated-operation", []fault{
			{"deprovision.repeat-other-operation", "it is another one"},
		}},
		{section, "422 ConcurrencyError while another operation is in progress", "deprovision-busy", []fault{
			{"deprovision.busy-200", "200"},
			{"deprovision.busy-409", "409"},
		}},
		{section, "a creation that is going on is halted", "deprovision-creating", []fault{
			{"deprovision.creation-goes-on", "it goes on"},
			{"deprovision.creating-200", "200, and it goes on"},
			{"deprovision.creating-410", "410, and it goes on"},
		}},
	}
}
