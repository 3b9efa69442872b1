package specimen

func fetchClauses() []clause {
	return []clause{
		{"Fetching a Service Instance", "numbers keep their digits", "fetch-large-numbers", []fault{
			{"fetch-instance.numbers-rounded", "they are rounded to doubles"},
		}},
		{"URL Properties", "ids may have any characters; they are percent-encoded", "fetch-encoded-otherwise", []fault{
			{"url.not-decoded", "does not decode ids"},
		}},
		{"Provisioning", "202 while it is in progress", "fetch-after-provision", []fault{
			{"provision.201-in-progress", "201"},
			{"provision.not-created", "it does not"},
			{"provision.succeeds-too-early", "not when the operation has succeeded"},
			{"fetch-instance.unsupported", "501"},
		}},
		{"Cloud Controller", "GET has no query", "fetch-without-query", []fault{
			{"fetch-instance.needs-plan-id", "400 for an instance"},
		}},
		{"Fetching a Service Instance", "service_id and plan_id are those of the instance", "fetch-service-and-plan", []fault{
			{"fetch-instance.plan-name", "the name of the plan"},
			{"fetch-instance.service-id-wrong", "another service_id"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "fetch-body", []fault{
			{"fetch-instance.parameters-text", "a string"},
			{"fetch-instance.maintenance-text", "a string"},
			{"fetch-instance.maintenance-without-version", "no version"},
		}},
		{"Provisioning", "dashboard_url is returned with the first response", "fetch-dashboard-url", []fault{
			{"provision.dashboard-late", "not with a 202"},
			{"fetch-instance.other-dashboard", "the instance has another one"},
			{"fetch-instance.dashboard-null", "null"},
		}},
		{"Fetching a Service Instance", "parameters are those of the instance", "fetch-parameters", []fault{
			{"fetch-instance.parameters-wrong", "other ones"},
		}},
		{"Fetching a Service Instance", "404 while it is being created", "fetch-while-creating-404", []fault{
			{"fetch-instance.creating-200", "200"},
			{"fetch-instance.creating-422", "422"},
		}},
		{"Fetching a Service Instance", "422 ConcurrencyError while it is being updated", "fetch-while-updating-422", []fault{
			{"fetch-instance.updating-404", "404"},
			{"fetch-instance.updating-422-without-code", "422 without an error code"},
		}},
		{"Fetching a Service Instance", "422 ConcurrencyError while the plan changes", "fetch-while-updating-the-plan-422", []fault{
			{"fetch-instance.updating-plan-404", "404"},
		}},
		{"Fetching a Service Instance", "404 for what does not exist", "fetch-unknown-404", []fault{
			{"fetch-instance.unknown-200", "200"},
			{"fetch-instance.unknown-410", "410"},
			{"fetch-instance.unknown-400", "400"},
			{"fetch-instance.unknown-500", "500"},
		}},
		{"Fetching a Service Instance", "404 for what was deleted", "fetch-after-deprovision-404", []fault{
			{"fetch-instance.deleted-200", "200"},
		}},
		{"Binding", "what was created exists", "fetch-binding-after-bind", []fault{
			{"bind.not-created", "it does not"},
			{"fetch-binding.unsupported", "501"},
		}},
		{"Cloud Controller", "GET has no query", "fetch-binding-without-query", []fault{
			{"fetch-binding.needs-plan-id", "400 for a binding"},
		}},
		{"Fetching a Service Binding", "what is returned is what bind returned", "fetch-binding-same", []fault{
			{"fetch-binding.other-credentials", "other credentials"},
			{"fetch-binding.no-metadata", "no metadata"},
			{"fetch-binding.other-expiry", "another expires_at"},
			{"fetch-binding.drain-missing", "no syslog_drain_url"},
			{"fetch-binding.route-missing", "no route_service_url"},
			{"fetch-binding.volumes-missing", "no volume_mounts"},
		}},
		{"Fetching a Service Binding", "what is returned is what bind returned", "fetch-binding-stable", []fault{
			{"bind.credentials-change", "other credentials each time"},
		}},
		{"Fetching a Service Binding", "parameters are those of the binding", "fetch-binding-parameters", []fault{
			{"fetch-binding.parameters-wrong", "other ones"},
		}},
		{"Fetching a Service Binding", "404 for a binding of another instance", "fetch-binding-other-instance-404", []fault{
			{"fetch-binding.of-any-instance", "200"},
		}},
		{"Fetching a Service Binding", "404 while it is being created", "fetch-binding-while-creating-404", []fault{
			{"fetch-binding.creating-200", "200"},
			{"fetch-binding.creating-422", "422"},
		}},
		{"Fetching a Service Binding", "404 for what does not exist", "fetch-binding-unknown-404", []fault{
			{"fetch-binding.unknown-200", "200"},
			{"fetch-binding.unknown-410", "410"},
			{"fetch-binding.unknown-500", "500"},
		}},
		{"Fetching a Service Binding", "404 for what was deleted", "fetch-binding-after-unbind-404", []fault{
			{"fetch-binding.deleted-200", "200"},
		}},
	}
}
