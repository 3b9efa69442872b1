package specimen

func platformClauses() []clause {
	return []clause{
		{"URL Properties", "a registered URL that ends in a slash works", "cloudfoundry-double-slash", []fault{
			{"url.double-slash-redirect", "redirects //v2 to /v2"},
			{"url.double-slash-404", "404 for //v2"},
		}},
		{"Cloud Controller", "requests have version 2.15", "cloudfoundry-provision", []fault{
			{"version.not-2.15", "refuses 2.15"},
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
		{"Cloud Controller", "requests of orphan mitigation have no originating identity", "cloudfoundry-unbind", []fault{
			{"unbind.identity-required", "400 for an unbind"},
		}},
		{"Cloud Controller", "requests of orphan mitigation have no originating identity", "cloudfoundry-deprovision", []fault{
			{"deprovision.identity-required", "400 for a deprovision"},
		}},
		{"Service Broker Errors", "an error response is a JSON object", "cloudfoundry-json-bodies", []fault{
			{"error.empty-on-410", "the body of a 410 is empty"},
		}},
		{"Service Broker Errors", "an error response is a JSON object", "cloudfoundry-known-422", []fault{
			{"error.empty-on-422", "the body of a 422 is empty"},
		}},
		{"Cloud Controller", "responses come within 60 s", "cloudfoundry-within-60s", []fault{
			{"catalog.after-61s", "the catalog takes 61 s"},
		}},
		{"Cloud Controller", "dashboard_url has at most 16,000 characters", "cloudfoundry-dashboard-url", []fault{
			{"instance.dashboard-16001", "dashboard_url has more characters"},
		}},
		{"Cloud Controller", "an operation needs no escaping", "cloudfoundry-operation-url-safe", []fault{
			{"operation.with-spaces", "an operation has spaces"},
		}},
		{"Route Services", "route_service_url is https", "cloudfoundry-route-service-url", []fault{
			{"route.http", "http"},
		}},
		{"Cloud Controller", "the catalog has a service", "cloudfoundry-catalog-service", []fault{
			{"catalog.services-empty", "the catalog has no service"},
		}},
		{"Cloud Controller", "names are not blank", "cloudfoundry-catalog-blank", []fault{
			{"catalog.service-name-blank", "a name is two spaces"},
		}},
		{"Cloud Controller", "descriptions have at most 10,000 characters", "cloudfoundry-catalog-description", []fault{
			{"catalog.service-description-10001", "10,001"},
		}},
		{"Cloud Controller", "tags have at most 2,048 characters in all", "cloudfoundry-catalog-tags", []fault{
			{"catalog.tags-2049", "2,049"},
		}},
		{"Cloud Controller", "a dashboard client has three fields and a unique id", "cloudfoundry-catalog-dashboard-client", []fault{
			{"catalog.dashboard-client-duplicate", "two services have the same id"},
			{"catalog.dashboard-client-without-redirect-uri", "no redirect_uri"},
		}},
		{"Cloud Controller", "maintenance_info has only two fields", "cloudfoundry-catalog-maintenance-info", []fault{
			{"catalog.maintenance-extension", "a third field"},
		}},
		{"Cloud Controller", "schemas have a draft from 1 to 4, or draft 6", "cloudfoundry-catalog-schema-dialect", []fault{
			{"catalog.schema-draft-07", "draft 7"},
		}},
		{"Cloud Controller", "shareable is a boolean", "cloudfoundry-catalog-shareable", []fault{
			{"catalog.shareable-text", "a string"},
		}},
		{"Korifi", "parameters may be null", "korifi-provision", []fault{
			{"body.null-refused", "400"},
		}},
		{"Provisioning", "a repeated request is answered with 202 while the operation is in progress", "korifi-provision-again", []fault{
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
			{"provision.failure-unreported", "a request before the poll starts a new operation"},
		}},
		{"Korifi", "a failure is reported", "korifi-failed-deprovision", []fault{
			{"deprovision.failure-unreported", "a request before the poll starts a new operation"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-poll", []fault{
			{"poll.content-type-refused", "400 for a poll"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-fetch-binding", []fault{
			{"fetch-binding.content-type-refused", "400 for a fetch"},
		}},
		{"Korifi", "after an asynchronous bind, another PUT returns the credentials", "korifi-bind-again", []fault{
			{"bind.repeat-after-async-without-credentials", "returns no credentials"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-unbind", []fault{
			{"unbind.content-type-refused", "400 for an unbind"},
		}},
		{"Unbinding", "a repeated request is answered with 202 while the operation is in progress", "korifi-unbind", []fault{
			{"unbind.repeat-422-in-progress", "422"},
		}},
		{"Korifi", "requests without a body have a Content-Type", "korifi-deprovision", []fault{
			{"deprovision.content-type-refused", "400 for a deprovision"},
		}},
		{"Deprovisioning", "a repeated request is answered with 202 while the operation is in progress", "korifi-deprovision", []fault{
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
			{"version.not-2.14-on-unbind", "refuses 2.14"},
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
			{"version.not-2.14-on-catalog", "refuses 2.14"},
		}},
		{"Service Manager", "the context is that of Service Manager", "sm-provision", []fault{
			{"context.service-manager-refused", "400"},
			{"provision.place-must-be-a-guid", "400"},
		}},
		{"Service Manager", "instances are fetched with 2.14", "sm-fetch", []fault{
			{"version.not-2.14-on-fetch", "refuses 2.14"},
		}},
		{"Service Manager", "bind requests have 2.13", "sm-bind", []fault{
			{"version.not-2.13-on-bind", "refuses 2.13"},
		}},
		{"Service Manager", "the context is that of Service Manager", "sm-update", []fault{
			{"context.service-manager-refused-on-update", "400 for an update"},
		}},
		{"Service Manager", "a bind has no application", "sm-bind", []fault{
			{"context.service-manager-refused-on-bind", "400 for a bind"},
		}},
		{"Service Manager", "it creates two bindings at the same time", "sm-two-binds", []fault{
			{"concurrency.two-service-manager-binds-500", "500"},
		}},
		{"Service Manager", "it deletes two bindings at the same time", "sm-two-unbinds", []fault{
			{"concurrency.two-unbinds-500", "500"},
		}},
		{"Service Manager", "polls are answered with 200, 404 or 503", "sm-polls", []fault{
			{"poll.second-500", "500 for one poll"},
		}},
		{"Service Manager", "unbind requests have 2.13", "sm-unbind", []fault{
			{"version.not-2.13-on-unbind", "refuses 2.13"},
		}},
		{"Service Manager", "deprovision requests have 2.13", "sm-deprovision", []fault{
			{"version.not-2.13-on-deprovision", "refuses 2.13"},
		}},
		{"Service Manager", "responses come within 10 s", "sm-within-10s", []fault{
			{"catalog.after-11s", "the catalog takes 11 s"},
		}},
		{"Service Manager", "names have at most 255 characters", "sm-names-255", []fault{
			{"catalog.service-name-256", "256"},
		}},
	}
}
