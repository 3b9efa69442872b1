package specimen

func bindingClauses() []clause {
	return []clause{
		{"Fetching a Service Binding", "credentials are returned if the binding was created asynchronously", "binding-credentials", []fault{
			{"fetch-binding.credentials-text", "a string"},
		}},
		{"Fetching a Service Binding", "parameters are those of the binding", "binding-parameters", []fault{
			{"fetch-binding.parameters-array", "an array"},
		}},
		{"Binding", "the broker returns only what the service requires in the catalog", "binding-syslog-drain-declared", []fault{
			{"binding.drain-unannounced", "a syslog_drain_url"},
		}},
		{"Binding", "the broker returns only what the service requires in the catalog", "binding-route-service-declared", []fault{
			{"binding.route-unannounced", "a route_service_url"},
		}},
		{"Binding", "the broker returns only what the service requires in the catalog", "binding-volume-mounts-declared", []fault{
			{"binding.volume-unannounced", "volume_mounts"},
		}},
		{"Log Drain", "syslog_drain_url is returned", "binding-syslog-drain-url", []fault{
			{"drain.missing", "syslog_drain_url is missing"},
			{"drain.object", "an object"},
		}},
		{"Volume Mount Object", "volume_mounts is returned", "binding-volume-mounts", []fault{
			{"volume.missing", "volume_mounts is missing"},
		}},
		{"Log Drain", "syslog_drain_url is returned", "binding-urls", []fault{
			{"drain.not-a-url", "a word"},
			{"route.array", "an array"},
			{"route.not-a-url", "a word"},
		}},
		{"Volume Mount Object", "volume_mounts is returned", "binding-volume-mount", []fault{
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
		{"Endpoint Object", "host and ports are required, protocol is one of three", "binding-endpoint", []fault{
			{"endpoint.object", "endpoints is an object"},
			{"endpoint.text", "an endpoint is a string"},
			{"endpoint.host-missing", "no host"},
			{"endpoint.host-empty", "an empty host"},
			{"endpoint.ports-missing", "no ports"},
			{"endpoint.ports-empty", "an empty array of ports"},
			{"endpoint.ports-numbers", "ports are numbers"},
			{"endpoint.ports-text", "ports is a string"},
			{"endpoint.ports-range", "another kind of range"},
		}},
		{"Endpoint Object", "host and ports are required, protocol is one of three", "binding-endpoint-protocol", []fault{
			{"endpoint.protocol", "another protocol"},
		}},
		{"Binding Metadata Object", "metadata is an object", "binding-metadata", []fault{
			{"binding.metadata-array", "an array"},
		}},
		{"Binding Metadata Object", "expires_at follows the pattern", "binding-expires-at", []fault{
			{"metadata.expires-at-number", "a number"},
			{"metadata.expires-at-format", "another format"},
			{"metadata.expires-at-offset", "with an offset"},
			{"metadata.expires-at-no-fraction", "without a fraction"},
		}},
		{"Binding Metadata Object", "expires_at follows the pattern", "binding-expires-in-future", []fault{
			{"metadata.expires-at-past", "in the past"},
		}},
		{"Binding Metadata Object", "renew_before follows the pattern", "binding-renew-before", []fault{
			{"metadata.renew-before-format", "another format"},
			{"metadata.renew-before-null", "null"},
		}},
		{"Binding Metadata Object", "renew_before is not after expires_at", "binding-renew-before-expiry", []fault{
			{"metadata.renew-before-late", "renew_before is after expires_at"},
		}},
	}
}
