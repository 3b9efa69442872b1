package specimen

func fetchClauses() []clause {
	return []clause{
		{"Fetching a Service Instance", "422 ConcurrencyError while the plan changes", "fetch-while-updating-the-plan-422", []fault{
			{"fetch-instance.updating-plan-404", "404"},
		}},
		{"Fetching a Service Binding", "service_id and plan_id are optional", "fetch-binding-without-query", []fault{
			{"fetch-binding.needs-service-id", "400 without service_id"},
		}},
		{"Fetching a Service Instance", "200 for what exists, if instances_retrievable is declared", "fetch-instance", []fault{
			{"fetch-instance.unsupported", "501"},
		}},
		{"Fetching a Service Instance", "service_id and plan_id are optional", "fetch-instance-without-query", []fault{
			{"fetch-instance.needs-service-id", "400 without service_id"},
		}},
		{"Fetching a Service Instance", "404 for what does not exist", "fetch-instance-unknown", []fault{
			{"fetch-instance.unknown-200", "200"},
			{"fetch-instance.unknown-410", "410"},
			{"fetch-instance.unknown-400", "400"},
			{"fetch-instance.unknown-500", "500"},
		}},
		{"Fetching a Service Instance", "404 for what was deleted", "fetch-instance-deleted", []fault{
			{"fetch-instance.deleted-200", "200"},
		}},
		{"Fetching a Service Instance", "404 while it is being created", "fetch-instance-creating", []fault{
			{"fetch-instance.creating-200", "200"},
			{"fetch-instance.creating-422", "422"},
		}},
		{"Fetching a Service Instance", "422 ConcurrencyError while it is being updated", "fetch-instance-updating", []fault{
			{"fetch-instance.updating-404", "404"},
			{"fetch-instance.updating-422-without-code", "422 without an error code"},
		}},
		{"Fetching a Service Instance", "service_id and plan_id are those of the instance", "fetch-instance-ids", []fault{
			{"fetch-instance.plan-name", "the name of the plan"},
			{"fetch-instance.service-id-wrong", "another service_id"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "fetch-instance-parameters", []fault{
			{"fetch-instance.parameters-null", "null"},
			{"fetch-instance.parameters-text", "a string"},
			{"fetch-instance.parameters-wrong", "other ones"},
		}},
		{"Fetching a Service Instance", "maintenance_info has a version", "fetch-instance-maintenance", []fault{
			{"fetch-instance.maintenance-text", "a string"},
			{"fetch-instance.maintenance-without-version", "no version"},
			{"fetch-instance.maintenance-null", "null"},
		}},
		{"Fetching a Service Instance", "dashboard_url is a string", "fetch-instance-dashboard", []fault{
			{"fetch-instance.dashboard-null", "null"},
		}},
		{"Fetching a Service Binding", "200 for what exists, if bindings_retrievable is declared", "fetch-binding", []fault{
			{"fetch-binding.unsupported", "501"},
		}},
		{"Fetching a Service Binding", "404 for what does not exist", "fetch-binding-unknown", []fault{
			{"fetch-binding.unknown-200", "200"},
			{"fetch-binding.unknown-410", "410"},
			{"fetch-binding.unknown-500", "500"},
		}},
		{"Fetching a Service Binding", "404 for a binding of another instance", "fetch-binding-of-instance", []fault{
			{"fetch-binding.of-any-instance", "200"},
		}},
		{"Fetching a Service Binding", "404 for what was deleted", "fetch-binding-deleted", []fault{
			{"fetch-binding.deleted-200", "200"},
		}},
		{"Fetching a Service Binding", "404 while it is being created", "fetch-binding-creating", []fault{
			{"fetch-binding.creating-200", "200"},
			{"fetch-binding.creating-422", "422"},
		}},
		{"Fetching a Service Binding", "credentials are returned if the binding was created asynchronously", "fetch-binding-credentials", []fault{
			{"fetch-binding.no-credentials", "there are none"},
			{"fetch-binding.credentials-null", "null"},
			{"fetch-binding.credentials-text", "a string"},
		}},
		{"Fetching a Service Binding", "what is returned is what bind returned", "fetch-binding-same", []fault{
			{"fetch-binding.other-credentials", "other credentials"},
			{"bind.credentials-change", "other credentials each time"},
			{"fetch-binding.no-metadata", "no metadata"},
			{"fetch-binding.other-expiry", "another expires_at"},
			{"fetch-binding.drain-missing", "no syslog_drain_url"},
			{"fetch-binding.route-missing", "no route_service_url"},
			{"fetch-binding.volumes-missing", "no volume_mounts"},
		}},
		{"Fetching a Service Binding", "parameters are those of the binding", "fetch-binding-parameters", []fault{
			{"fetch-binding.parameters-null", "null"},
			{"fetch-binding.parameters-array", "an array"},
			{"fetch-binding.parameters-wrong", "other ones"},
		}},
	}
}
