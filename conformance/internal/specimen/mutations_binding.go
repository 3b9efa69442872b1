package specimen

func bindingClauses() []clause {
	return []clause{
		{"Binding", "credentials are returned", "binding-credentials", []fault{
			{"bind.no-credentials", "there are none"},
			{"bind.credentials-text", "a string"},
			{"bind.credentials-null", "null"},
			{"bind.credentials-array", "an array"},
		}},
		{"Volume Mount Object", "volume_mounts is returned", "binding-volume-mounts", []fault{
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
		{"Binding Metadata Object", "metadata is an object", "binding-metadata", []fault{
			{"binding.metadata-array", "an array"},
		}},
		{"Binding Metadata Object", "expires_at follows the pattern", "binding-expires-at", []fault{
			{"metadata.expires-at-number", "a number"},
			{"metadata.expires-at-format", "another format"},
			{"metadata.expires-at-offset", "with an offset"},
			{"metadata.expires-at-no-fraction", "without a fraction"},
			{"metadata.expires-at-past", "in the past"},
		}},
		{"Binding Metadata Object", "renew_before follows the pattern", "binding-renew-before", []fault{
			{"metadata.renew-before-format", "another format"},
			{"metadata.renew-before-null", "null"},
		}},
		{"Binding Metadata Object", "renew_before is not after expires_at", "binding-renew-before-expiry", []fault{
			{"metadata.renew-before-late", "it is"},
		}},
		{"Credentials", "credentials are unique to a binding", "binding-credentials-unique", []fault{
			{"bind.same-credentials", "they are the same for all"},
		}},
		{"Endpoint Object", "host and ports are required, protocol is one of three", "binding-endpoints", []fault{
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
		{"Binding", "only what requires announces is returned", "binding-requires", []fault{
			{"binding.drain-unannounced", "a syslog_drain_url"},
			{"binding.route-unannounced", "a route_service_url"},
			{"binding.volume-unannounced", "volume_mounts"},
		}},
		{"Fetching a Service Binding", "fields are left out rather than null", "binding-nulls", []fault{
			{"binding.nulls", "they are null"},
		}},
	}
}
