package specimen

func updateClauses() []clause {
	return []clause{
		{"Asynchronous Operations", "accepts_incomplete=false is a no", "update-async-required-false", []fault{
			{"async.false-accepted-on-update", "takes any value for a yes, for an update"},
		}},
		{"Updating a Service Instance", "422 if the state does not allow it", "update-while-creating", []fault{
			{"update.creating-409", "409 while the instance is created"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-while-creating-takes-effect", []fault{
			{"update.creating-200", "200 without effect while the instance is created"},
		}},
		{"Updating a Service Instance", "422 if the state does not allow it", "update-while-deleting", []fault{
			{"update.deleting-409", "409 while the instance is deleted"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-while-deleting-takes-effect", []fault{
			{"update.deleting-200", "200 without effect while the instance is deleted"},
		}},
		{"Updating a Service Instance", "updates of the context alone, if allow_context_updates is declared", "update-of-context", []fault{
			{"update.context-only-refused", "422"},
		}},
		{"Updating a Service Instance", "without parameters the parameters stay", "update-of-context-keeps-the-rest", []fault{
			{"update.parameters-missing-drops-them", "they are dropped"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-of-parameters", []fault{
			{"update.201", "201"},
		}},
		{"Updating a Service Instance", "an update that follows the schema is processed", "update-of-parameters-with-schema", []fault{
			{"update.schema-refused", "422"},
		}},
		{"Updating a Service Instance", "the changes are applied", "update-of-parameters-takes-effect", []fault{
			{"update.not-applied", "not at once"},
			{"update.parameters-not-applied", "not the parameters"},
		}},
		{"Updating a Service Instance", "previous_values is optional", "update-without-previous-values", []fault{
			{"update.previous-values-needed", "400 without it"},
		}},
		{"Updating a Service Instance", "parameters are validated", "update-parameters-validated", []fault{
			{"update.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{"Updating a Service Instance", "422 AsyncRequired for a plan change too", "update-of-plan-async-required", []fault{
			{"update.plan-202-unasked", "202"},
		}},
		{"Updating a Service Instance", "what is refused has no effect", "update-async-required-no-effect", []fault{
			{"update.async-required-but-applied", "applies what it refuses with AsyncRequired"},
		}},
		{"Updating a Service Instance", "without plan_id the plan stays", "update-of-parameters-keeps-the-plan", []fault{
			{"update.plan-id-missing-changes-plan", "it changes"},
		}},
		{"Service Instance Metadata", "metadata, labels and attributes are objects", "update-body", []fault{
			{"instance.metadata-array", "metadata is an array"},
			{"instance.metadata-text", "metadata is a string"},
			{"instance.labels-array", "labels is an array"},
			{"instance.attributes-text", "attributes is a string"},
			{"update.metadata-array", "an array"},
		}},
		{"Updating a Service Instance", "a repeated request is answered with 202 while it is in progress", "update-repeated-while-updating", []fault{
			{"update.repeat-200-in-progress", "200"},
			{"update.repeat-409-in-progress", "409"},
			{"update.repeat-other-operation", "it is another one"},
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
		{"Updating a Service Instance", "the changes are applied", "update-of-plan-takes-effect", []fault{
			{"update.async-not-applied", "not when the operation has succeeded"},
			{"update.plan-not-applied", "not the plan"},
		}},
		{"Updating a Service Instance", "422 for a plan change that is not supported", "update-of-plan-not-updateable", []fault{
			{"update.unsupported-plan-change-accepted", "changes the plan"},
			{"update.unsupported-plan-change-ignored", "200, and changes nothing"},
			{"update.unsupported-plan-change-400", "400"},
			{"update.unsupported-plan-change-500", "500"},
		}},
		{"Updating a Service Instance", "what is refused has no effect", "update-refused-keeps-the-plan", []fault{
			{"update.refused-but-applied", "applies it"},
		}},
		{"Updating a Service Instance", "422 MaintenanceInfoConflict for another maintenance_info.version", "update-maintenance-conflict", []fault{
			{"update.maintenance-ignored", "goes on"},
		}},
		{"Updating a Service Instance", "maintenance is performed if the catalog has the version", "update-maintenance", []fault{
			{"update.maintenance-422", "422"},
		}},
		{"Updating a Service Instance", "422 AsyncRequired if the client does not accept 202", "update-async-required", []fault{
			{"update.async-required-400", "400"},
			{"update.async-required-code", "another error code"},
		}},
		{"Updating a Service Instance", "400 for a malformed request", "update-broken-json", []fault{
			{"body.malformed-500-on-update", "500"},
		}},
		{"Updating a Service Instance", "service_id is required", "update-no-service-id", []fault{
			{"update.service-id-missing-accepted", "goes on"},
			{"update.service-id-missing-500", "500"},
		}},
		{"Updating a Service Instance", "400 for a service_id that is no string", "update-service-id-not-a-string", []fault{
			{"update.service-id-type-accepted", "takes that of the instance"},
		}},
		{"Updating a Service Instance", "400 for parameters that are no object", "update-parameters-not-an-object", []fault{
			{"update.parameters-type-accepted", "ignores them"},
		}},
		{"Updating a Service Instance", "service_id is that of the instance", "update-unknown-service", []fault{
			{"update.other-service-accepted", "goes on"},
		}},
		{"Updating a Service Instance", "plan_id is one of the service", "update-unknown-plan", []fault{
			{"update.unknown-plan-accepted", "goes on"},
		}},
		{"Updating a Service Instance", "plan_id is one of the service", "update-plan-of-another-service", []fault{
			{"update.plan-of-other-service-accepted", "goes on"},
		}},
		{"Updating a Service Instance", "without parameters the parameters stay", "update-of-plan-keeps-parameters", []fault{
			{"update.plan-drops-parameters", "a change of the plan empties them"},
		}},
		{"Updating a Service Instance", "a new dashboard_url is told at once", "update-dashboard-url", []fault{
			{"update.dashboard-untold", "another one after a change, and no word of it"},
		}},
		{"Updating a Service Instance", "the instance exists", "update-unknown-instance", []fault{
			{"update.unknown-200", "200 for an unknown one"},
			{"update.unknown-500", "500 for an unknown one"},
		}},
		{"Updating a Service Instance", "the instance exists", "update-after-deprovision", []fault{
			{"update.deleted-200", "200 for one that was deleted"},
		}},
	}
}
