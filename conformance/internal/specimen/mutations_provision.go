package specimen

func provisionClauses() []clause {
	return []clause{
		{"Provisioning", "201 if the instance was created", "provision-succeeds", []fault{
			{"provision.200-created", "200"},
			{"provision.204-created", "204"},
			{"provision.200-in-progress", "200"},
		}},
		{"Provisioning", "the body is an object", "provision-body", []fault{
			{"provision.body-empty", "empty"},
			{"provision.body-null", "null"},
			{"provision.body-array", "an array"},
		}},
		{"Provisioning", "200 if the instance exists with the same attributes", "provision-repeated-200", []fault{
			{"provision.repeat-409", "409"},
		}},
		{"Provisioning", "200 if the instance exists with the same attributes", "provision-repeated-not-created", []fault{
			{"provision.repeat-201", "201"},
		}},
		{"Provisioning", "dashboard_url is returned with the first response", "provision-repeated-dashboard-url", []fault{
			{"provision.repeat-other-dashboard", "a repeated request gets another one"},
		}},
		{"Provisioning", "a repeated request is answered with 202 while it is in progress", "provision-repeated-while-creating", []fault{
			{"provision.repeat-200-in-progress", "200"},
			{"provision.repeat-409-in-progress", "409"},
		}},
		{"Provisioning", "the operation is that of the original request", "provision-repeated-same-operation", []fault{
			{"provision.repeat-other-operation", "it is another one"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-other-plan-409", []fault{
			{"provision.conflict-missed", "200"},
			{"provision.conflict-missed-for-plan", "200 for another plan"},
			{"provision.conflict-422", "422"},
			{"provision.conflict-400", "400"},
		}},
		{"Provisioning", "409 also while it is in progress", "provision-other-plan-while-creating-409", []fault{
			{"provision.conflict-missed-in-progress", "202"},
		}},
		{"Provisioning", "409 also while it is in progress", "provision-other-parameters-while-creating-409", []fault{
			{"provision.conflict-missed-for-parameters-in-progress", "202 for other parameters"},
		}},
		{"Provisioning", "dashboard_url identifies the instance", "dashboard-url-per-instance", []fault{
			{"instance.dashboard-of-all", "it is the same for all"},
		}},
		{"Service Broker Errors", "what is refused leaves no trace", "error-refused-provision-leaves-no-trace", []fault{
			{"provision.refused-but-reserved", "the id is in use after parameters that are no object"},
		}},
		{"Service Broker Errors", "what is refused leaves no trace", "error-invalid-provision-leaves-no-trace", []fault{
			{"provision.invalid-but-reserved", "the id is in use after parameters against the schema"},
		}},
		{"Provisioning", "what is accepted is created", "provision-while-deleting-creates", []fault{
			{"provision.deleting-202", "202 with the operation of the deletion"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-other-parameters-409", []fault{
			{"provision.conflict-missed-for-parameters", "200 for other parameters"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-other-space-409", []fault{
			{"provision.conflict-missed-for-space", "200 for another space"},
		}},
		{"Provisioning", "422 MaintenanceInfoConflict for another maintenance_info.version", "provision-maintenance-conflict", []fault{
			{"provision.maintenance-ignored", "goes on"},
			{"maintenance.400", "400"},
			{"maintenance.code", "another error code"},
			{"maintenance.no-code", "no error code"},
		}},
		{"Provisioning", "parameters are validated", "provision-parameters-validated", []fault{
			{"provision.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{"Provisioning", "422 AsyncRequired if the client does not accept 202", "provision-async-required", []fault{
			{"provision.async-required-400", "400"},
			{"provision.async-required-code", "another error code"},
			{"provision.async-required-no-code", "no error code"},
		}},
		{"Asynchronous Operations", "accepts_incomplete=false is a no", "provision-async-required-false", []fault{
			{"async.any-accepts-incomplete", "takes any value for a yes"},
		}},
		{"Service Broker Errors", "after AsyncRequired the request can be repeated", "provision-after-async-required", []fault{
			{"provision.async-required-but-reserved", "409"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "provision-encoded-id", []fault{
			{"url.encoded-slash", "takes %2F for a slash"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "provision-encoded-id-distinct", []fault{
			{"url.plus-is-space", "takes + for a space"},
			{"url.lower-case", "takes ids in lower case"},
		}},
		{"Provisioning", "of maintenance_info only the version counts", "provision-maintenance-fields-ignored", []fault{
			{"provision.maintenance-description-compared", "422 for another description"},
		}},
		{"Service Broker Errors", "what is refused with AsyncRequired is not created", "provision-async-required-no-effect", []fault{
			{"provision.async-required-but-created", "it is"},
		}},
		{"Provisioning", "the id is not empty", "provision-empty-id", []fault{
			{"provision.empty-id-accepted", "it may be"},
		}},
		{"Content Type", "400 for a body that is not to be processed", "provision-broken-json", []fault{
			{"body.malformed-500", "500"},
			{"body.malformed-422", "422"},
		}},
		{"Provisioning", "400 for a request without a body", "provision-no-body", []fault{
			{"body.empty-500", "500"},
		}},
		{"Content Type", "400 for a body that is not to be processed", "provision-not-an-object", []fault{
			{"body.array-accepted", "takes the first of an array"},
		}},
		{"Content Type", "400 for a body that is not to be processed", "provision-trailing-data", []fault{
			{"body.trailing-accepted", "ignores what comes after the object"},
		}},
		{"Provisioning", "service_id and plan_id are required", "provision-no-service-id", []fault{
			{"provision.service-id-missing-accepted", "goes on without service_id"},
			{"provision.service-id-missing-500", "500 without service_id"},
			{"provision.service-id-missing-422", "422 without service_id"},
		}},
		{"Provisioning", "service_id and plan_id are required", "provision-no-plan-id", []fault{
			{"provision.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Content Type", "400 for fields of a wrong type", "provision-ids-not-strings", []fault{
			{"body.wrong-type-500", "500"},
		}},
		{"Provisioning", "service_id and plan_id are in the catalog", "provision-unknown-service", []fault{
			{"provision.unknown-service-accepted", "takes another service"},
			{"provision.unknown-service-500", "500 for an unknown service"},
		}},
		{"Provisioning", "service_id and plan_id are in the catalog", "provision-unknown-plan", []fault{
			{"provision.unknown-plan-accepted", "takes another plan"},
			{"provision.unknown-plan-500", "500 for an unknown plan"},
		}},
		{"Provisioning", "the plan is one of the service", "provision-plan-of-another-service", []fault{
			{"catalog.plan-of-other-service-accepted", "accepts a plan of another service"},
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
		{"Content Type", "400 for another content type", "provision-other-content-type", []fault{
			{"content-type.mismatch-500", "500"},
			{"content-type.mismatch-415", "415"},
		}},
		{"Content Type", "application/json may have a charset", "provision-content-type-charset", []fault{
			{"content-type.charset-refused", "400"},
		}},
		{"Content Type", "a body without Content-Type may be processed", "provision-no-content-type", []fault{
			{"content-type.required", "400"},
		}},
		{"Blocking Operations", "422 ConcurrencyError", "provision-while-deleting", []fault{
			{"concurrency.code", "another error code"},
			{"concurrency.no-code", "no error code"},
			{"provision.deleting-200", "200"},
		}},
	}
}
