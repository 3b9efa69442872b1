package specimen

func updateClauses() []clause {
	return []clause{
		{"Updating a Service Instance", "an update that follows the schema is processed", "update-of-parameters-with-schema", []fault{
			{"update.schema-refused", "422"},
		}},
		{"Updating a Service Instance", "the body is an object", "update-body", []fault{
			{"update.body-empty", "empty"},
			{"update.body-null", "null"},
			{"update.metadata-array", "an array"},
		}},
		{"Updating a Service Instance", "a plan change is applied, or refused with 422", "update-of-plan", []fault{
			{"update.plan-409", "409"},
		}},
		{"Updating a Service Instance", "a plan change that is not supported has a meaningful message", "update-of-plan-refusal-explained", []fault{
			{"update.refused-plan-change-without-message", "there is none"},
		}},
		{"Updating a Service Instance", "a repeated plan change is answered with the same operation", "update-of-plan-repeated-while-updating", []fault{
			{"update.repeat-other-operation-for-plan", "another one"},
		}},
		{"Updating a Service Instance", "422 AsyncRequired if the client does not accept 202", "update-async-required", []fault{
			{"update.async-required-400", "400"},
			{"update.async-required-code", "another error code"},
		}},
		{"Updating a Service Instance", "400 for a malformed request", "update-broken-json", []fault{
			{"body.malformed-500-on-update", "500"},
		}},
		{"Updating a Service Instance", "400 for a service_id that is no string", "update-service-id-not-a-string", []fault{
			{"update.service-id-type-accepted", "takes that of the instance"},
		}},
		{"Updating a Service Instance", "400 for parameters that are no object", "update-parameters-not-an-object", []fault{
			{"update.parameters-type-accepted", "ignores them"},
		}},
		{"Updating a Service Instance", "the instance exists", "update-after-deprovision", []fault{
			{"update.deleted-200", "200 for one that was deleted"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-200", []fault{
			{"update.201", "201"},
			{"update.204", "204"},
		}},
		{"Updating a Service Instance", "202 only if the client accepts it", "update-202-unasked", []fault{
			{"update.202-unasked", "works asynchronously all the same"},
			{"update.202-for-sync", "202, although it is done"},
		}},
		{"Updating a Service Instance", "202 while it is in progress", "update-202", []fault{
			{"update.200-in-progress", "200"},
		}},
		{"Updating a Service Instance", "the changes are applied", "update-applied", []fault{
			{"update.not-applied", "not at once"},
			{"update.async-not-applied", "not when the operation has succeeded"},
			{"update.plan-not-applied", "not the plan"},
			{"update.parameters-not-applied", "not the parameters"},
		}},
		{"Updating a Service Instance", "what is refused has no effect", "update-refused-no-effect", []fault{
			{"update.refused-but-applied", "applies it"},
			{"update.async-required-but-applied", "applies what it refuses with AsyncRequired"},
		}},
		{"Updating a Service Instance", "without plan_id the plan stays", "update-keeps-plan", []fault{
			{"update.plan-id-missing-changes-plan", "it changes"},
		}},
		{"Updating a Service Instance", "without parameters the parameters stay", "update-keeps-parameters", []fault{
			{"update.parameters-missing-drops-them", "they are dropped"},
		}},
		{"Updating a Service Instance", "service_id is required", "update-service-id-required", []fault{
			{"update.service-id-missing-accepted", "goes on"},
			{"update.service-id-missing-500", "500"},
		}},
		{"Updating a Service Instance", "service_id is that of the instance", "update-service-id", []fault{
			{"update.other-service-accepted", "goes on"},
		}},
		{"Updating a Service Instance", "plan_id is one of the service", "update-plan-id", []fault{
			{"update.unknown-plan-accepted", "goes on"},
		}},
		{"Updating a Service Instance", "the instance exists", "update-unknown", []fault{
			{"update.unknown-200", "200 for an unknown one"},
			{"update.unknown-500", "500 for an unknown one"},
		}},
		{"Updating a Service Instance", "422 for a plan change that is not supported", "update-unsupported", []fault{
			{"update.unsupported-plan-change-accepted", "changes the plan"},
			{"update.unsupported-plan-change-ignored", "200, and changes nothing"},
			{"update.unsupported-plan-change-400", "400"},
			{"update.unsupported-plan-change-500", "500"},
		}},
		{"Updating a Service Instance", "422 MaintenanceInfoConflict for another maintenance_info.version", "update-maintenance", []fault{
			{"update.maintenance-ignored", "goes on"},
		}},
		{"Updating a Service Instance", "previous_values is optional", "update-previous-values", []fault{
			{"update.previous-values-needed", "400 without it"},
		}},
		{"Updating a Service Instance", "updates of the context alone, if allow_context_updates is declared", "update-context", []fault{
			{"update.context-only-refused", "422"},
		}},
		{"Updating a Service Instance", "parameters are validated", "update-parameters", []fault{
			{"update.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{"Updating a Service Instance", "a repeated request is answered with 202 while it is in progress", "update-repeated-202", []fault{
			{"update.repeat-200-in-progress", "200"},
			{"update.repeat-409-in-progress", "409"},
		}},
		{"Updating a Service Instance", "the operation is that of the original request", "update-repeated-operation", []fault{
			{"update.repeat-other-operation", "it is another one"},
		}},
	}
}
