package specimen

func platformClauses() []clause {
	return []clause{
		{"URL Properties", "a URL that is registered with a slash at its end works", "cloudfoundry-double-slash", []fault{
			{"url.double-slash-redirect", "redirects //v2 to /v2"},
			{"url.double-slash-404", "404 for //v2"},
		}},
		{"Cloud Controller", "requests have version 2.15", "cloudfoundry-provision", []fault{
			{"version.not-2.15", "it is refused"},
		}},
		{"Fetching a Service Instance", "service_id and plan_id are optional", "cloudfoundry-fetch", []fault{
			{"fetch-instance.needs-service-id", "400 without service_id"},
		}},
		{"Cloud Controller", "previous_values.maintenance_info may be null", "cloudfoundry-update", []fault{
			{"update.previous-null-refused", "400"},
		}},
		{"Vendor Extension Fields", "unknown fields of bind_resource are ignored", "cloudfoundry-bind-app", []fault{
			{"bind.resource-extension-refused", "400"},
		}},
		{"Cloud Controller", "the bind_resource of service keys has no app_guid", "cloudfoundry-bind-key", []fault{
			{"bind.resource-needs-app-guid", "400"},
		}},
		{"Fetching a Service Binding", "service_id and plan_id are optional", "cloudfoundry-fetch-binding", []fault{
			{"fetch-binding.needs-service-id", "400 without service_id"},
		}},
		{"Cloud Controller", "the deletion of orphans has no originating identity", "cloudfoundry-unbind", []fault{
			{"unbind.identity-required", "400 for an unbind"},
		}},
		{"Cloud Controller", "the deletion of orphans has no originating identity", "cloudfoundry-deprovision", []fault{
			{"deprovision.identity-required", "400 for a deprovision"},
		}},
		{"Service Broker Errors", "an error response is a JSON object", "cloudfoundry-json-bodies", []fault{
			{"error.empty-on-410", "nothing, for a 410"},
		}},
		{"Service Broker Errors", "an error response is a JSON object", "cloudfoundry-known-422", []fault{
			{"error.empty-on-422", "nothing, for a 422"},
		}},
		{"Cloud Controller", "answers come within 60 s", "cloudfoundry-within-60s", []fault{
			{"catalog.after-61s", "the catalog takes 61 s"},
		}},
		{"Cloud Controller", "dashboard_url has at most 16,000 characters", "cloudfoundry-dashboard-url", []fault{
			{"instance.dashboard-16001", "more"},
		}},
		{"Cloud Controller", "an operation needs no escaping", "cloudfoundry-operation-url-safe", []fault{
			{"operation.with-spaces", "it has spaces"},
		}},
		{"Route Services", "route_service_url is https", "cloudfoundry-route-service-url", []fault{
			{"route.http", "http"},
		}},
		{"Cloud Controller", "there is a service", "cloudfoundry-catalog-service", []fault{
			{"catalog.services-empty", "there is none"},
		}},
		{"Cloud Controller", "names are not blank", "cloudfoundry-catalog-blank", []fault{
			{"catalog.service-name-blank", "two spaces"},
		}},
		{"Cloud Controller", "descriptions have at most 10,000 characters", "cloudfoundry-catalog-description", []fault{
			{"catalog.service-description-10001", "10,001"},
		}},
		{"Cloud Controller", "tags have at most 2,048 characters together", "cloudfoundry-catalog-tags", []fault{
			{"catalog.tags-2049", "2,049"},
		}},
		{"Cloud Controller", "a dashboard client has three fields and an id of its own", "cloudfoundry-catalog-dashboard-client", []fault{
			{"catalog.dashboard-client-duplicate", "two services have the same"},
			{"catalog.dashboard-client-without-redirect-uri", "no redirect_uri"},
		}},
		{"Cloud Controller", "maintenance_info has two fields only", "cloudfoundry-catalog-maintenance-info", []fault{
			{"catalog.maintenance-extension", "a third one"},
		}},
		{"Cloud Controller", "schemas are of draft 4 or 6", "cloudfoundry-catalog-schema-dialect", []fault{
			{"catalog.schema-draft-07", "draft 7"},
		}},
		{"Cloud Controller", "shareable is a boolean", "cloudfoundry-catalog-shareable", []fault{
			{"catalog.shareable-text", "a string"},
		}},
		{"Korifi", "parameters may be null", "korifi-provision", []fault{
			{"body.null-refused", "400"},
		}},
		{"Provisioning", "a repeated request is answered with 202 while it is in progress", "korifi-provision-again", []fault{
			{"provision.repeat-422-in-progress", "422"},
		}},
		{"Provisioning", "200 if the instance exists with the same attributes", "korifi-provision-afterwards", []fault{
			{"provision.repeat-202", "202"},
		}},
		{"Korifi", "service keys have an empty app_guid", "korifi-bind-key", []fault{
			{"bind.app-guid-empty-refused", "400"},
		}},
		{"Korifi", "a bind has no context", "korifi-bind", []fault{
			{"bind.context-needed", "400"},
		}},
		{"Korifi", "a failure is reported", "korifi-failed-provision", []fault{
			{"provision.failure-untold", "a request that comes before the poll begins anew"},
		}},
		{"Korifi", "a failure is reported", "korifi-failed-deprovision", []fault{
			{"deprovision.failure-untold", "a request that comes before the poll begins anew"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-poll", []fault{
			{"poll.content-type-refused", "400 for a poll"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-fetch-binding", []fault{
			{"fetch-binding.content-type-refused", "400 for a fetch"},
		}},
		{"Korifi", "after an asynchronous bind a PUT gives the credentials", "korifi-bind-again", []fault{
			{"bind.repeat-after-async-without-credentials", "there are none"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-unbind", []fault{
			{"unbind.content-type-refused", "400 for an unbind"},
		}},
		{"Unbinding", "a repeated request is answered with 202 while it is in progress", "korifi-unbind", []fault{
			{"unbind.repeat-422-in-progress", "422"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-deprovision", []fault{
			{"deprovision.content-type-refused", "400 for a deprovision"},
		}},
		{"Deprovisioning", "a repeated request is answered with 202 while it is in progress", "korifi-deprovision", []fault{
			{"deprovision.repeat-422-in-progress", "422"},
		}},
		{"Korifi", "documentationUrl is a string", "korifi-documentation-url", []fault{
			{"catalog.documentation-url-array", "an array"},
		}},
		{"Kubernetes service catalog", "the context is that of Kubernetes", "kubernetes-provision", []fault{
			{"context.kubernetes-refused-on-provision", "400 for a provision"},
		}},
		{"Kubernetes service catalog", "the context is that of Kubernetes", "kubernetes-update", []fault{
			{"context.kubernetes-refused-on-update", "400 for an update"},
		}},
		{"Kubernetes service catalog", "the context is that of Kubernetes", "kubernetes-bind", []fault{
			{"context.kubernetes-refused-on-bind", "400 for a bind"},
		}},
		{"Kubernetes service catalog", "unbind requests have 2.14", "kubernetes-unbind", []fault{
			{"version.not-2.14-on-unbind", "it is refused"},
		}},
		{"Kubernetes service catalog", "deletions have no Accept and no Content-Type", "kubernetes-unbind", []fault{
			{"unbind.accept-required", "406"},
		}},
		{"Kubernetes service catalog", "deletions have no Accept and no Content-Type", "kubernetes-deprovision", []fault{
			{"deprovision.accept-required", "406"},
		}},
		{"Kubernetes service catalog", "an id is used again after orphan mitigation", "kubernetes-provision-anew", []fault{
			{"provision.id-reuse-409", "409"},
		}},
		{"Kubernetes service catalog", "clients compare the description of AsyncRequired", "kubernetes-description-async-required", []fault{
			{"async.other-words", "another description"},
		}},
		{"Kubernetes service catalog", "clients compare the description of RequiresApp", "kubernetes-description-requires-app", []fault{
			{"bind.requires-app-other-words", "another description"},
		}},
		{"Kubernetes service catalog", "clients compare the description of ConcurrencyError", "kubernetes-description-concurrency-error", []fault{
			{"concurrency.other-words", "another description"},
		}},
		{"Kubernetes service catalog", "names of services have at most 63 characters", "kubernetes-services-63", []fault{
			{"catalog.service-name-64", "64"},
		}},
		{"Kubernetes service catalog", "names of plans have at most 63 characters", "kubernetes-plans-63", []fault{
			{"catalog.plan-name-64", "64"},
		}},
		{"Service Manager", "the catalog is read with 2.14", "sm-catalog", []fault{
			{"version.not-2.14-on-catalog", "it is refused"},
		}},
		{"Service Manager", "the context is that of Service Manager", "sm-provision", []fault{
			{"context.service-manager-refused", "400"},
			{"provision.place-must-be-a-guid", "400"},
		}},
		{"Service Manager", "instances are fetched with 2.14", "sm-fetch", []fault{
			{"version.not-2.14-on-fetch", "it is refused"},
		}},
		{"Service Manager", "bind requests have 2.13", "sm-bind", []fault{
			{"version.not-2.13-on-bind", "it is refused"},
		}},
		{"Service Manager", "the context is that of Service Manager", "sm-update", []fault{
			{"context.service-manager-refused-on-update", "400 for an update"},
		}},
		{"Service Manager", "there is no application", "sm-bind", []fault{
			{"context.service-manager-refused-on-bind", "400 for a bind"},
		}},
		{"Service Manager", "two bindings are made at once", "sm-two-binds", []fault{
			{"concurrency.two-service-manager-binds-500", "500"},
		}},
		{"Service Manager", "two bindings are deleted at once", "sm-two-unbinds", []fault{
			{"concurrency.two-unbinds-500", "500"},
		}},
		{"Service Manager", "polls are answered with 200, 404 or 503", "sm-polls", []fault{
			{"poll.second-500", "500 now and then"},
		}},
		{"Service Manager", "unbind requests have 2.13", "sm-unbind", []fault{
			{"version.not-2.13-on-unbind", "it is refused"},
		}},
		{"Service Manager", "deprovision requests have 2.13", "sm-deprovision", []fault{
			{"version.not-2.13-on-deprovision", "it is refused"},
		}},
		{"Service Manager", "answers come within 10 s", "sm-within-10s", []fault{
			{"catalog.after-11s", "the catalog takes 11 s"},
		}},
		{"Service Manager", "names have at most 255 characters", "sm-names-255", []fault{
			{"catalog.service-name-256", "256"},
		}},
	}
}
