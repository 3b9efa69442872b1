package specimen

func fetchClauses() []clause {
	return []clause{
		{"Fetching a Service Instance", "numbers keep their digits", "fetch-large-numbers", []fault{
			{"fetch-instance.numbers-rounded", "rounds numbers to doubles"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "fetch-encoded-otherwise", []fault{
			{"url.not-decoded", "does not decode ids"},
		}},
		{"Provisioning", "202 while the operation is in progress", "fetch-after-provision", []fault{
			{"provision.201-in-progress", "201"},
			{"provision.not-created", "does not create the instance"},
			{"provision.succeeds-too-early", "the instance cannot be fetched after the operation has succeeded"},
			{"fetch-instance.unsupported", "501"},
		}},
		{"Cloud Controller", "GET has no query", "fetch-without-query", []fault{
			{"fetch-instance.needs-plan-id", "400 without plan_id for an instance"},
		}},
		{"Fetching a Service Instance", "service_id and plan_id are those of the instance", "fetch-service-and-plan", []fault{
			{"fetch-instance.plan-name", "returns the name of the plan"},
			{"fetch-instance.service-id-wrong", "returns another service_id"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "fetch-body", []fault{
			{"fetch-instance.parameters-text", "parameters is a string"},
			{"fetch-instance.maintenance-text", "maintenance_info is a string"},
			{"fetch-instance.maintenance-without-version", "maintenance_info has no version"},
		}},
		{"Provisioning", "dashboard_url is returned with the first response", "fetch-dashboard-url", []fault{
			{"provision.dashboard-late", "a 202 has no dashboard_url"},
			{"fetch-instance.other-dashboard", "a fetch returns another dashboard_url"},
			{"fetch-instance.dashboard-null", "a fetch returns null"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "fetch-parameters", []fault{
			{"fetch-instance.parameters-wrong", "returns other parameters"},
		}},
		{"Fetching a Service Instance", "404 during the creation", "fetch-while-creating-404", []fault{
			{"fetch-instance.creating-200", "200"},
			{"fetch-instance.creating-422", "422"},
		}},
		{"Fetching a Service Instance", "422 ConcurrencyError during an update", "fetch-while-updating-422", []fault{
			{"fetch-instance.updating-404", "404"},
			{"fetch-instance.updating-422-without-code", "422 without an error code"},
		}},
		{"Fetching a Service Instance", "422 ConcurrencyError during a plan update", "fetch-while-updating-the-plan-422", []fault{
			{"fetch-instance.updating-plan-404", "404"},
		}},
		{"Fetching a Service Instance", "404 for an unknown resource", "fetch-unknown-404", []fault{
			{"fetch-instance.unknown-200", "200"},
			{"fetch-instance.unknown-410", "410"},
			{"fetch-instance.unknown-400", "400"},
			{"fetch-instance.unknown-500", "500"},
		}},
		{"Fetching a Service Instance", "404 for a deleted resource", "fetch-after-deprovision-404", []fault{
			{"fetch-instance.deleted-200", "200"},
		}},
		{"Binding", "a created binding exists", "fetch-binding-after-bind", []fault{
			{"bind.not-created", "does not create the binding"},
			{"fetch-binding.unsupported", "501"},
		}},
		{"Cloud Controller", "GET has no query", "fetch-binding-without-query", []fault{
			{"fetch-binding.needs-plan-id", "400 without plan_id for a binding"},
		}},
		{"Fetching a Service Binding", "a fetch returns what the bind returned", "fetch-binding-same", []fault{
			{"fetch-binding.other-credentials", "other credentials"},
			{"fetch-binding.no-metadata", "no metadata"},
			{"fetch-binding.other-expiry", "another expires_at"},
			{"fetch-binding.drain-missing", "no syslog_drain_url"},
			{"fetch-binding.route-missing", "no route_service_url"},
			{"fetch-binding.volumes-missing", "no volume_mounts"},
		}},
		{"Fetching a Service Binding", "a fetch returns what the bind returned", "fetch-binding-stable", []fault{
			{"bind.credentials-change", "returns other credentials each time"},
		}},
		{"Fetching a Service Binding", "parameters are those of the binding", "fetch-binding-parameters", []fault{
			{"fetch-binding.parameters-wrong", "returns other parameters"},
		}},
		{"Fetching a Service Binding", "404 for a binding of another instance", "fetch-binding-other-instance-404", []fault{
			{"fetch-binding.of-any-instance", "200"},
		}},
		{"Fetching a Service Binding", "404 during the creation", "fetch-binding-while-creating-404", []fault{
			{"fetch-binding.creating-200", "200"},
			{"fetch-binding.creating-422", "422"},
		}},
		{"Fetching a Service Binding", "404 for an unknown resource", "fetch-binding-unknown-404", []fault{
			{"fetch-binding.unknown-200", "200"},
			{"fetch-binding.unknown-410", "410"},
			{"fetch-binding.unknown-500", "500"},
		}},
		{"Fetching a Service Binding", "404 for a deleted resource", "fetch-binding-after-unbind-404", []fault{
			{"fetch-binding.deleted-200", "200"},
		}},
	}
}
