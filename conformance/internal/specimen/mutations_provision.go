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
			{"provision.repeat-other-dashboard", "returns another dashboard_url to a repeated request"},
		}},
		{"Provisioning", "a repeated request is answered with 202 while the operation is in progress", "provision-repeated-while-creating", []fault{
			{"provision.repeat-200-in-progress", "200"},
			{"provision.repeat-409-in-progress", "409"},
		}},
		{"Provisioning", "a repeated request returns the original operation", "provision-repeated-same-operation", []fault{
			{"provision.repeat-other-operation", "returns another operation"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-other-plan-409", []fault{
			{"provision.conflict-missed", "200"},
			{"provision.conflict-missed-for-plan", "200 for another plan"},
			{"provision.conflict-422", "422"},
			{"provision.conflict-400", "400"},
		}},
		{"Provisioning", "409 also while the first request is in progress", "provision-other-plan-while-creating-409", []fault{
			{"provision.conflict-missed-in-progress", "202"},
		}},
		{"Provisioning", "409 also while the first request is in progress", "provision-other-parameters-while-creating-409", []fault{
			{"provision.conflict-missed-for-parameters-in-progress", "202 for other parameters"},
		}},
		{"Provisioning", "dashboard_url identifies the instance", "dashboard-url-per-instance", []fault{
			{"instance.dashboard-of-all", "all instances have the same dashboard_url"},
		}},
		{"Service Broker Errors", "a refused request leaves no trace", "error-refused-provision-leaves-no-trace", []fault{
			{"provision.refused-but-reserved", "the id is in use after parameters that are not an object"},
		}},
		{"Service Broker Errors", "a refused request leaves no trace", "error-invalid-provision-leaves-no-trace", []fault{
			{"provision.invalid-but-reserved", "the id is in use after parameters that violate the schema"},
		}},
		{"Provisioning", "an accepted provision creates the instance", "provision-while-deleting-creates", []fault{
			{"provision.deleting-202", "202 with the operation of the deletion"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-other-parameters-409", []fault{
			{"provision.conflict-missed-for-parameters", "200 for other parameters"},
		}},
		{"Provisioning", "409 if the instance exists with different attributes", "provision-other-space-409", []fault{
			{"provision.conflict-missed-for-space", "200 for another space"},
		}},
		{"Provisioning", "422 MaintenanceInfoConflict for another maintenance_info.version", "provision-maintenance-conflict", []fault{
			{"provision.maintenance-ignored", "accepts another version"},
			{"maintenance.400", "400"},
			{"maintenance.code", "another error code"},
			{"maintenance.no-code", "no error code"},
		}},
		{"Provisioning", "parameters are validated", "provision-parameters-validated", []fault{
			{"provision.parameters-unchecked", "accepts parameters that violate the schema"},
		}},
		{"Provisioning", "422 AsyncRequired if the client does not accept 202", "provision-async-required", []fault{
			{"provision.async-required-400", "400"},
			{"provision.async-required-code", "another error code"},
			{"provision.async-required-no-code", "no error code"},
		}},
		{"Asynchronous Operations", "accepts_incomplete=false does not accept an asynchronous operation", "provision-async-required-false", []fault{
			{"async.any-accepts-incomplete", "treats any value as true"},
		}},
		{"Service Broker Errors", "after AsyncRequired the request can be repeated", "provision-after-async-required", []fault{
			{"provision.async-required-but-reserved", "409"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "provision-encoded-id", []fault{
			{"url.encoded-slash", "treats %2F as a slash"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "provision-encoded-id-distinct", []fault{
			{"url.plus-is-space", "treats + as a space"},
			{"url.lower-case", "converts ids to lower case"},
		}},
		{"Provisioning", "fields of maintenance_info other than version are ignored", "provision-maintenance-fields-ignored", []fault{
			{"provision.maintenance-description-compared", "422 for another description"},
		}},
		{"Service Broker Errors", "a request refused with AsyncRequired creates nothing", "provision-async-required-no-effect", []fault{
			{"provision.async-required-but-created", "answers with AsyncRequired and creates the instance"},
		}},
		{"Provisioning", "the id is not empty", "provision-empty-id", []fault{
			{"provision.empty-id-accepted", "accepts an empty id"},
		}},
		{"Content Type", "400 for a body that is not a JSON object", "provision-broken-json", []fault{
			{"body.malformed-500", "500"},
			{"body.malformed-422", "422"},
		}},
		{"Provisioning", "400 for a request without a body", "provision-no-body", []fault{
			{"body.empty-500", "500"},
		}},
		{"Content Type", "400 for a body that is not a JSON object", "provision-not-an-object", []fault{
			{"body.array-accepted", "uses the first element of an array"},
		}},
		{"Content Type", "400 for a body that is not a JSON object", "provision-trailing-data", []fault{
			{"body.trailing-accepted", "ignores data after the object"},
		}},
		{"Provisioning", "service_id and plan_id are required", "provision-no-service-id", []fault{
			{"provision.service-id-missing-accepted", "accepts a request without service_id"},
			{"provision.service-id-missing-500", "500 without service_id"},
			{"provision.service-id-missing-422", "422 without service_id"},
		}},
		{"Provisioning", "service_id and plan_id are required", "provision-no-plan-id", []fault{
			{"provision.plan-id-missing-accepted", "accepts a request without plan_id"},
		}},
		{"Content Type", "400 for fields of a wrong type", "provision-ids-not-strings", []fault{
			{"body.wrong-type-500", "500"},
		}},
		{"Provisioning", "service_id and plan_id are in the catalog", "provision-unknown-service", []fault{
			{"provision.unknown-service-accepted", "uses another service"},
			{"provision.unknown-service-500", "500 for an unknown service"},
		}},
		{"Provisioning", "service_id and plan_id are in the catalog", "provision-unknown-plan", []fault{
			{"provision.unknown-plan-accepted", "uses another plan"},
			{"provision.unknown-plan-500", "500 for an unknown plan"},
		}},
		{"Provisioning", "the plan belongs to the service", "provision-plan-of-another-service", []fault{
			{"catalog.plan-of-other-service-accepted", "accepts a plan of another service"},
		}},
		{"Provisioning", "400 for parameters that are not an object", "provision-parameters-not-an-object", []fault{
			{"provision.parameters-type-accepted", "ignores the parameters"},
		}},
		{"Provisioning", "400 for a context that is not an object", "provision-context-not-an-object", []fault{
			{"provision.context-type-accepted", "ignores the context"},
		}},
		{"Provisioning", "400 for maintenance_info that is not an object", "provision-maintenance-info-not-an-object", []fault{
			{"provision.maintenance-type-accepted", "ignores maintenance_info"},
		}},
		{"Provisioning", "organization_guid and space_guid are required", "provision-no-organization", []fault{
			{"provision.place-missing-accepted", "accepts a request without them"},
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
