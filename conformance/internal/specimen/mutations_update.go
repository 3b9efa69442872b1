package specimen

func updateClauses() []clause {
	return []clause{
		{"Asynchronous Operations", "accepts_incomplete=false does not accept an asynchronous operation", "update-async-required-false", []fault{
			{"async.false-accepted-on-update", "treats any value as true in an update"},
		}},
		{"Updating a Service Instance", "422 if the state does not allow the update", "update-while-creating", []fault{
			{"update.creating-409", "409 during the provision"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-while-creating-takes-effect", []fault{
			{"update.creating-200", "200 without effect during the provision"},
		}},
		{"Updating a Service Instance", "422 if the state does not allow the update", "update-while-deleting", []fault{
			{"update.deleting-409", "409 during the deprovision"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-while-deleting-takes-effect", []fault{
			{"update.deleting-200", "200 without effect during the deprovision"},
		}},
		{"Updating a Service Instance", "updates of only the context, if allow_context_updates is declared", "update-of-context", []fault{
			{"update.context-only-refused", "422"},
		}},
		{"Updating a Service Instance", "an update without parameters keeps the parameters", "update-of-context-keeps-the-rest", []fault{
			{"update.parameters-missing-drops-them", "removes the parameters"},
		}},
		{"Updating a Service Instance", "200 if the changes are applied", "update-of-parameters", []fault{
			{"update.201", "201"},
		}},
		{"Updating a Service Instance", "an update with valid parameters is processed", "update-of-parameters-with-schema", []fault{
			{"update.schema-refused", "422"},
		}},
		{"Updating a Service Instance", "the changes are applied", "update-of-parameters-takes-effect", []fault{
			{"update.not-applied", "a synchronous update has no effect"},
			{"update.parameters-not-applied", "the parameters do not change"},
		}},
		{"Updating a Service Instance", "previous_values is optional", "update-without-previous-values", []fault{
			{"update.previous-values-needed", "400 without previous_values"},
		}},
		{"Updating a Service Instance", "parameters are validated", "update-parameters-validated", []fault{
			{"update.parameters-unchecked", "accepts parameters that violate the schema"},
		}},
		{"Updating a Service Instance", "422 AsyncRequired also for a plan update", "update-of-plan-async-required", []fault{
			{"update.plan-202-unasked", "202"},
		}},
		{"Updating a Service Instance", "a refused request has no effect", "update-async-required-no-effect", []fault{
			{"update.async-required-but-applied", "answers with AsyncRequired and applies the update"},
		}},
		{"Updating a Service Instance", "an update without plan_id keeps the plan", "update-of-parameters-keeps-the-plan", []fault{
			{"update.plan-id-missing-changes-plan", "the plan changes"},
		}},
		{"Service Instance Metadata", "metadata, labels and attributes are objects", "update-body", []fault{
			{"instance.metadata-array", "metadata is an array"},
			{"instance.metadata-text", "metadata is a string"},
			{"instance.labels-array", "labels is an array"},
			{"instance.attributes-text", "attributes is a string"},
			{"update.metadata-array", "an array"},
		}},
		{"Updating a Service Instance", "a repeated request is answered with 202 while the operation is in progress", "update-repeated-while-updating", []fault{
			{"update.repeat-200-in-progress", "200"},
			{"update.repeat-409-in-progress", "409"},
			{"update.repeat-other-operation", "returns another operation"},
		}},
		{"Updating a Service Instance", "a plan update is applied, or refused with 422", "update-of-plan", []fault{
			{"update.plan-409", "409"},
		}},
		{"Updating a Service Instance", "the refusal of a plan update has a meaningful message", "update-of-plan-refusal-explained", []fault{
			{"update.refused-plan-change-without-message", "the refusal has no message"},
		}},
		{"Updating a Service Instance", "a repeated plan update returns the same operation", "update-of-plan-repeated-while-updating", []fault{
			{"update.repeat-other-operation-for-plan", "returns another operation"},
		}},
		{"Updating a Service Instance", "the changes are applied", "update-of-plan-takes-effect", []fault{
			{"update.async-not-applied", "an update has no effect after the operation has succeeded"},
			{"update.plan-not-applied", "the plan does not change"},
		}},
		{"Updating a Service Instance", "422 for an unsupported plan update", "update-of-plan-not-updateable", []fault{
			{"update.unsupported-plan-change-accepted", "changes the plan"},
			{"update.unsupported-plan-change-ignored", "200 without effect"},
			{"update.unsupported-plan-change-400", "400"},
			{"update.unsupported-plan-change-500", "500"},
		}},
		{"Updating a Service Instance", "a refused request has no effect", "update-refused-keeps-the-plan", []fault{
			{"update.refused-but-applied", "applies the update"},
		}},
		{"Updating a Service Instance", "422 MaintenanceInfoConflict for another maintenance_info.version", "update-maintenance-conflict", []fault{
			{"update.maintenance-ignored", "accepts another version"},
		}},
		{"Updating a Service Instance", "an update with the version of the catalog performs maintenance", "update-maintenance", []fault{
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
			{"update.service-id-missing-accepted", "accepts the request"},
			{"update.service-id-missing-500", "500"},
		}},
		{"Updating a Service Instance", "400 for a service_id that is not a string", "update-service-id-not-a-string", []fault{
			{"update.service-id-type-accepted", "uses the service_id of the instance"},
		}},
		{"Updating a Service Instance", "400 for parameters that are not an object", "update-parameters-not-an-object", []fault{
			{"update.parameters-type-accepted", "ignores the parameters"},
		}},
		{"Updating a Service Instance", "service_id is the id of the instance's service", "update-unknown-service", []fault{
			{"update.other-service-accepted", "accepts the request"},
		}},
		{"Updating a Service Instance", "plan_id is the id of a plan of the service", "update-unknown-plan", []fault{
			{"update.unknown-plan-accepted", "accepts the request"},
		}},
		{"Updating a Service Instance", "plan_id is the id of a plan of the service", "update-plan-of-another-service", []fault{
			{"update.plan-of-other-service-accepted", "accepts the request"},
		}},
		{"Updating a Service Instance", "an update without parameters keeps the parameters", "update-of-plan-keeps-parameters", []fault{
			{"update.plan-drops-parameters", "a plan update removes the parameters"},
		}},
		{"Updating a Service Instance", "the response has a new dashboard_url", "update-dashboard-url", []fault{
			{"update.dashboard-unreported", "the dashboard_url changes and the response does not have it"},
		}},
		{"Updating a Service Instance", "the instance exists", "update-unknown-instance", []fault{
			{"update.unknown-200", "200 for an unknown instance"},
			{"update.unknown-500", "500 for an unknown instance"},
		}},
		{"Updating a Service Instance", "the instance exists", "update-after-deprovision", []fault{
			{"update.deleted-200", "200 for a deleted instance"},
		}},
	}
}
