package specimen

func provisionClauses() []clause {
	return []clause{
		{"Provisioning", "the body is an object", "provision-body", []fault{
			{"provision.body-empty", "empty"},
			{"provision.body-null", "null"},
			{"provision.body-array", "an array"},
		}},
		{"Provisioning", "422 AsyncRequired if the client does not accept 202", "provision-async-required", []fault{
			{"provision.async-required-400", "400"},
			{"provision.async-required-code", "another error code"},
			{"provision.async-required-no-code", "no error code"},
		}},
		{"Provisioning", "the id is not empty", "provision-empty-id", []fault{
			{"provision.empty-id-accepted", "it may be"},
		}},
		{"Provisioning", "400 for a request without a body", "provision-no-body", []fault{
			{"body.empty-500", "500"},
		}},
		{"Provisioning", "400 for parameters that are no object", "provision-parameters-not-an-object", []fault{
			{"provision.parameters-type-accepted", "ignores them"},
		}},
		{"Provisioning", "400 for a context that is no object", "provision-context-not-an-object", []fault{
			{"provision.context-type-accepted", "ignores it"},
		}},
		{"Provisioning", "400 for maintenance_info that is no object", "provision-maintenance-info-not-an-object", []fault{
			{"provision.maintenance-type-accepted", "ignores it"},
		}},
		{"Provisioning", "organization_guid and space_guid are required", "provision-no-organization", []fault{
			{"provision.place-missing-accepted", "goes on without"},
		}},
		{"Content Type", "a body without Content-Type may be processed", "provision-no-content-type", []fault{
			{"content-type.required", "400"},
		}},
		{"Blocking Operations", "a provision during the deletion is refused", "provision-while-deleting", []fault{
			{"provision.deleting-200", "200"},
		}},
		{"Provisioning", "201 if the instance was created", "provision-201", []fault{
			{"provision.200-created", "200"},
			{"provision.204-created", "204"},
		}},
		{"Provisioning", "202 only if the client accepts it", "provision-202-unasked", []fault{
			{"provision.202-unasked", "works asynchronously all the same"},
			{"provision.202-for-sync", "202, although it is done"},
		}},
		{"Provisioning", "202 while it is in progress", "provision-202", []fault{
			{"provision.201-in-progress", "201"},
			{"provision.200-in-progress", "200"},
		}},
		{"Provisioning", "what is refused has no effect", "provision-refused-no-effect", []fault{
			{"provision.async-required-but-created", "creates what it refuses with AsyncRequired"},
			{"provision.refused-but-created", "creates what it refuses with 400"},
		}},
		{"Provisioning", "what was created exists", "provision-exists", []fault{
			{"provision.not-created", "it does not"},
			{"provision.succeeds-too-early", "not when the operation has succeeded"},
		}},
		{"Provisioning", "service_id and plan_id are required", "provision-ids-required", []fault{
			{"provision.service-id-missing-accepted", "goes on without service_id"},
			{"provision.plan-id-missing-accepted", "goes on without plan_id"},
			{"provision.service-id-missing-500", "500 without service_id"},
			{"provision.service-id-missing-422", "422 without service_id"},
		}},
		{"Provisioning", "service_id and plan_id are in the catalog", "provision-ids-known", []fault{
			{"provision.unknown-service-accepted", "takes another service"},
			{"provision.unknown-service-500", "500 for an unknown service"},
			{"provision.unknown-plan-accepted", "takes another plan"},
			{"provision.unknown-plan-500", "500 for an unknown plan"},
		}},
		{"Provisioning", "422 MaintenanceInfoConflict for another maintenance_info.version", "provision-maintenance", []fault{
			{"provision.maintenance-ignored", "goes on"},
			{"maintenance.400", "400"},
			{"maintenance.code", "another error code"},
			{"maintenance.no-code", "no error code"},
		}},
		{"Provisioning", "parameters are validated", "provision-parameters", []fault{
			{"provision.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{"Provisioning", "200 if the instance exists with the same attributes", "provision-repeated", []fault{
			{"provision.repeat-201", "201"},
			{"provision.repeat-202", "202"},
			{"provision.repeat-409", "409"},
		}},
		{"Provisioning", "a repeated request is answered with 202 while it is in progress", "provision-repeated-202", []fault{
			{"provision.repeat-200-in-progress", "200"},
			{"provision.repeat-409-in-progress", "409"},
			{"provision.repeat-422-in-progress", "422"},
		}},
		{"Provisioning", "the operation is that of the original request", "provision-repeated-operation", []fault{
			{"provision.repeat-other-operation", "it is another one"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-conflict", []fault{
			{"provision.conflict-missed", "200"},
			{"provision.conflict-missed-for-parameters", "200 for other parameters"},
			{"provision.conflict-missed-for-plan", "200 for another plan"},
			{"provision.conflict-missed-for-space", "200 for another space"},
			{"provision.conflict-422", "422"},
			{"provision.conflict-400", "400"},
		}},
		{"Provisioning", "409 also while it is in progress", "provision-conflict-in-progress", []fault{
			{"provision.conflict-missed-in-progress", "202"},
		}},
		{"Provisioning", "409 changes nothing", "provision-conflict-no-effect", []fault{
			{"provision.conflict-but-applied", "applies the different attributes"},
		}},
	}
}
