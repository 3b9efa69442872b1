package specimen

func bindClauses() []clause {
	const section, rotation = "Binding", "Binding Rotation"
	return []clause{
		{section, "201 if the binding was created", "bind-201", []fault{
			{"bind.200-created", "200"},
			{"bind.204-created", "204"},
		}},
		{section, "the body is an object", "bind-body", []fault{
			{"bind.body-empty", "empty"},
			{"bind.body-array", "an array"},
		}},
		{section, "what was created exists", "bind-exists", []fault{
			{"bind.not-created", "it does not"},
		}},
		{section, "202 only if the client accepts it", "bind-202-unasked", []fault{
			{"bind.202-unasked", "works asynchronously all the same"},
			{"bind.202-for-sync", "202, although it is done"},
		}},
		{section, "202 while it is in progress", "bind-202", []fault{
			{"bind.201-in-progress", "201"},
			{"bind.200-in-progress", "200"},
		}},
		{section, "no credentials with a 202", "bind-202-without-credentials", []fault{
			{"bind.credentials-in-202", "there are some"},
		}},
		{section, "422 AsyncRequired if the client does not accept 202", "bind-async-required", []fault{
			{"bind.async-required-400", "400"},
			{"bind.async-required-code", "another error code"},
		}},
		{section, "what is refused has no effect", "bind-refused-no-effect", []fault{
			{"bind.async-required-but-created", "creates what it refuses with AsyncRequired"},
			{"bind.refused-but-created", "creates what it refuses with 400"},
		}},
		{section, "service_id and plan_id are required", "bind-ids-required", []fault{
			{"bind.service-id-missing-accepted", "goes on without service_id"},
			{"bind.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{section, "service_id and plan_id are those of the instance", "bind-ids", []fault{
			{"bind.other-service-accepted", "accepts those of another service"},
			{"bind.other-plan-accepted", "accepts another plan"},
		}},
		{section, "the instance exists", "bind-unknown-instance", []fault{
			{"bind.unknown-instance-accepted", "201 for an unknown one"},
			{"bind.unknown-instance-500", "500 for an unknown one"},
		}},
		{section, "the instance is ready", "bind-creating", []fault{
			{"bind.creating-accepted", "201 while it is being created"},
		}},
		{section, "the plan is bindable", "bind-not-bindable", []fault{
			{"bind.not-bindable-accepted", "binds all the same"},
		}},
		{section, "422 RequiresApp if an application is needed", "bind-requires-app", []fault{
			{"bind.requires-app-400", "400"},
			{"bind.requires-app-code", "another error code"},
			{"bind.requires-app-no-code", "no error code"},
		}},
		{"Bind Resource Object", "app_guid is given in bind_resource, or not at all", "bind-app", []fault{
			{"bind.only-old-app-guid", "looks at the deprecated field only"},
			{"bind.app-guid-always-needed", "400 without the deprecated field"},
		}},
		{section, "parameters are validated", "bind-parameters", []fault{
			{"bind.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{section, "200 if the binding exists with the same parameters", "bind-repeated", []fault{
			{"bind.repeat-201", "201"},
			{"bind.repeat-409", "409"},
		}},
		{section, "the response to a repeated request has the credentials", "bind-repeated-credentials", []fault{
			{"bind.repeat-without-credentials", "there are none"},
			{"bind.repeat-other-credentials", "there are others"},
		}},
		{section, "a repeated request is answered with 202 while it is in progress", "bind-repeated-202", []fault{
			{"bind.repeat-200-in-progress", "200"},
			{"bind.repeat-409-in-progress", "409"},
		}},
		{section, "the operation is that of the original request", "bind-repeated-operation", []fault{
			{"bind.repeat-other-operation", "it is another one"},
		}},
		{section, "409 if the binding exists with different parameters", "bind-conflict", []fault{
			{"bind.conflict-missed", "200"},
			{"bind.conflict-missed-for-parameters", "200 for other parameters"},
			{"bind.conflict-missed-for-app", "200 for another application"},
			{"bind.conflict-422", "422"},
		}},
		{section, "409 also while it is in progress", "bind-conflict-in-progress", []fault{
			{"bind.conflict-missed-in-progress", "202"},
		}},
		{section, "409 changes nothing", "bind-conflict-no-effect", []fault{
			{"bind.conflict-but-applied", "applies the different parameters"},
		}},
		{rotation, "predecessor_binding_id is all that is needed", "rotation", []fault{
			{"rotation.unsupported", "501, although binding_rotatable is declared"},
			{"rotation.needs-service-id", "400 without service_id"},
			{"rotation.ignores-predecessor", "takes it for any binding"},
		}},
		{rotation, "the predecessor is a binding of the same instance", "rotation-predecessor", []fault{
			{"rotation.unknown-predecessor-accepted", "accepts an unknown one"},
			{"rotation.unknown-predecessor-500", "500 for an unknown one"},
			{"rotation.other-instance-accepted", "accepts one of another instance"},
			{"rotation.expired-accepted", "accepts one that has expired"},
		}},
		{rotation, "bindings of a plan that is not binding_rotatable are not rotated", "rotation-not-rotatable", []fault{
			{"rotation.not-rotatable-accepted", "they are"},
		}},
		{rotation, "both bindings are valid", "rotation-both-valid", []fault{
			{"rotation.ends-predecessor", "the predecessor is gone"},
			{"rotation.renames-predecessor", "the predecessor becomes the successor"},
		}},
		{rotation, "the successor has the parameters of the predecessor", "rotation-parameters", []fault{
			{"rotation.parameters-lost", "it has none"},
		}},
	}
}

func bindingClauses() []clause {
	const section, metadata, endpoint, volume = "Binding", "Binding Metadata Object", "Endpoint Object", "Volume Mount Object"
	const fetching = "Fetching a Service Binding"
	return []clause{
		{section, "credentials are returned", "binding-credentials", []fault{
			{"bind.no-credentials", "there are none"},
			{"bind.credentials-text", "a string"},
			{"bind.credentials-null", "null"},
			{"bind.credentials-array", "an array"},
		}},
		{"Credentials", "credentials are unique to a binding", "binding-credentials-unique", []fault{
			{"bind.same-credentials", "they are the same for all"},
		}},
		{metadata, "expires_at follows the pattern", "binding-expires-at", []fault{
			{"metadata.expires-at-number", "a number"},
			{"metadata.expires-at-format", "another format"},
			{"metadata.expires-at-offset", "with an offset"},
			{"metadata.expires-at-no-fraction", "without a fraction"},
			{"metadata.expires-at-past", "in the past"},
		}},
		{metadata, "renew_before follows the pattern", "binding-renew-before", []fault{
			{"metadata.renew-before-format", "another format"},
			{"metadata.renew-before-null", "null"},
		}},
		{metadata, "renew_before is not after expires_at", "binding-renew-before-expiry", []fault{
			{"metadata.renew-before-late", "it is"},
		}},
		{metadata, "metadata is an object", "binding-metadata", []fault{
			{"binding.metadata-array", "an array"},
		}},
		{endpoint, "host and ports are required, protocol is one of three", "binding-endpoints", []fault{
			{"endpoint.object", "endpoints is an object"},
			{"endpoint.text", "an endpoint is a string"},
			{"endpoint.host-missing", "no host"},
			{"endpoint.host-empty", "an empty host"},
			{"endpoint.ports-missing", "no ports"},
			{"endpoint.ports-empty", "an empty array of ports"},
			{"endpoint.ports-numbers", "ports are numbers"},
			{"endpoint.ports-text", "ports is a string"},
			{"endpoint.ports-range", "another kind of range"},
			{"endpoint.protocol", "another protocol"},
		}},
		{"Log Drain", "syslog_drain_url is returned", "binding-syslog-drain", []fault{
			{"drain.missing", "it is not"},
			{"drain.object", "an object"},
			{"drain.not-a-url", "a word"},
		}},
		{"Route Services", "route_service_url is a URL", "binding-route-service", []fault{
			{"route.array", "an array"},
			{"route.not-a-url", "a word"},
		}},
		{"Route Services", "route_service_url is https", "binding-route-https", []fault{
			{"route.http", "http"},
		}},
		{volume, "volume_mounts is returned", "binding-volume-mounts", []fault{
			{"volume.missing", "it is not"},
			{"volume.object", "an object"},
			{"volume.driver-missing", "no driver"},
			{"volume.container-dir-missing", "no container_dir"},
			{"volume.mode", "another mode"},
			{"volume.mode-missing", "no mode"},
			{"volume.device-type", "another device_type"},
			{"volume.device-missing", "no device"},
			{"volume.volume-id-missing", "no volume_id"},
			{"volume.mount-config-text", "mount_config is a string"},
		}},
		{section, "only what requires announces is returned", "binding-requires", []fault{
			{"binding.drain-unannounced", "a syslog_drain_url"},
			{"binding.route-unannounced", "a route_service_url"},
			{"binding.volume-unannounced", "volume_mounts"},
		}},
		{fetching, "fields are left out rather than null", "binding-nulls", []fault{
			{"binding.nulls", "they are null"},
		}},
		{fetching, "200 for what exists, if bindings_retrievable is declared", "fetch-binding", []fault{
			{"fetch-binding.unsupported", "501"},
		}},
		{fetching, "service_id and plan_id are optional", "fetch-binding-without-query", []fault{
			{"fetch-binding.needs-service-id", "400 without service_id"},
		}},
		{fetching, "404 for what does not exist", "fetch-binding-unknown", []fault{
			{"fetch-binding.unknown-200", "200"},
			{"fetch-binding.unknown-410", "410"},
			{"fetch-binding.unknown-500", "500"},
		}},
		{fetching, "404 for a binding of another instance", "fetch-binding-of-instance", []fault{
			{"fetch-binding.of-any-instance", "200"},
		}},
		{fetching, "404 for what was deleted", "fetch-binding-deleted", []fault{
			{"fetch-binding.deleted-200", "200"},
		}},
		{fetching, "404 while it is being created", "fetch-binding-creating", []fault{
			{"fetch-binding.creating-200", "200"},
			{"fetch-binding.creating-422", "422"},
		}},
		{fetching, "credentials are returned if the binding was created asynchronously", "fetch-binding-credentials", []fault{
			{"fetch-binding.no-credentials", "there are none"},
			{"fetch-binding.credentials-null", "null"},
			{"fetch-binding.credentials-text", "a string"},
		}},
		{fetching, "what is returned is what bind returned", "fetch-binding-same", []fault{
			{"fetch-binding.other-credentials", "other credentials"},
			{"bind.credentials-change", "other credentials each time"},
			{"fetch-binding.no-metadata", "no metadata"},
			{"fetch-binding.other-expiry", "another expires_at"},
			{"fetch-binding.drain-missing", "no syslog_drain_url"},
			{"fetch-binding.route-missing", "no route_service_url"},
			{"fetch-binding.volumes-missing", "no volume_mounts"},
		}},
		{fetching, "parameters are those of the binding", "fetch-binding-parameters", []fault{
			{"fetch-binding.parameters-null", "null"},
			{"fetch-binding.parameters-array", "an array"},
			{"fetch-binding.parameters-wrong", "other ones"},
		}},
	}
}

func unbindClauses() []clause {
	const section = "Unbinding"
	return []clause{
		{section, "200 if the binding was deleted", "unbind-200", []fault{
			{"unbind.204", "204"},
			{"unbind.410-deleted", "410"},
		}},
		{section, "the body is an object", "unbind-body", []fault{
			{"unbind.body-empty", "empty"},
			{"unbind.body-null", "null"},
			{"unbind.202-body-empty", "empty, with a 202"},
		}},
		{section, "what was deleted does not exist", "unbind-deletes", []fault{
			{"unbind.not-deleted", "it does"},
			{"unbind.async-not-deleted", "it does when the operation has succeeded"},
		}},
		{section, "other bindings stay", "unbind-others-stay", []fault{
			{"unbind.deletes-all", "they are deleted too"},
		}},
		{section, "202 only if the client accepts it", "unbind-202-unasked", []fault{
			{"unbind.202-unasked", "works asynchronously all the same"},
			{"unbind.202-for-sync", "202, although it is done"},
		}},
		{section, "202 while it is in progress", "unbind-202", []fault{
			{"unbind.200-in-progress", "200"},
		}},
		{section, "422 AsyncRequired if the client does not accept 202", "unbind-async-required", []fault{
			{"unbind.async-required-400", "400"},
			{"unbind.async-required-code", "another error code"},
		}},
		{section, "what is refused has no effect", "unbind-refused-no-effect", []fault{
			{"unbind.async-required-but-deleted", "deletes what it refuses with AsyncRequired"},
		}},
		{section, "service_id and plan_id are required", "unbind-ids-required", []fault{
			{"unbind.service-id-missing-accepted", "goes on without service_id"},
			{"unbind.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{section, "service_id and plan_id are those of the binding", "unbind-ids", []fault{
			{"unbind.other-service-accepted", "accepts those of another service"},
			{"unbind.other-plan-accepted", "accepts another plan"},
		}},
		{section, "410 if the binding does not exist", "unbind-unknown", []fault{
			{"unbind.unknown-200", "200"},
			{"unbind.unknown-404", "404"},
			{"unbind.unknown-500", "500"},
		}},
		{section, "410 if the binding was deleted", "unbind-repeated", []fault{
			{"unbind.repeat-200", "200"},
		}},
		{section, "a repeated request is answered with 202 while it is in progress", "unbind-repeated-202", []fault{
			{"unbind.repeat-200-in-progress", "200"},
			{"unbind.repeat-410-in-progress", "410"},
			{"unbind.repeat-422-in-progress", "422"},
		}},
		{section, "the operation is that of the original request", "unbind-repeated-operation", []fault{
			{"unbind.repeat-other-operation", "it is another one"},
		}},
		{section, "a creation that is going on is halted", "unbind-creating", []fault{
			{"unbind.creation-goes-on", "it goes on"},
			{"unbind.creating-200", "200, and it goes on"},
			{"unbind.creating-410", "410, and it goes on"},
		}},
	}
}
