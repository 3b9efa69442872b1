package specimen

// A Variation uses a freedom that the specification gives. The broker stays
// compliant but differs from most brokers.
type Variation struct {
	// ID names the variation, for Config.Variation.
	ID string
	// Section is the section of the specification that gives the freedom.
	Section string
	// Summary says what the broker does.
	Summary string
}

// Variations returns all variations.
func Variations() []Variation {
	return []Variation{
		{"version-unchecked", "API Version Header", "accepts every version, and requests without a version"},
		{"content-type-charset", "Content Type", "sends application/json; charset=utf-8"},
		{"content-type-ignored", "Content Type", "reads a JSON body with any Content-Type"},
		{"no-etag", "Catalog Management", "sends neither ETag nor Last-Modified"},
		{"only-sync", "Synchronous Operations", "has one service with one plan, and is synchronous"},
		{"nothing-retrievable", "Catalog Management", "has no fetch endpoints"},
		{"always-async", "Asynchronous Operations", "is asynchronous if the client accepts it, else synchronous"},
		{"operation-escaped", "URL Properties", "has operations with characters that must be percent-encoded"},
		{"operation-longest", "Provisioning", "has operations of exactly 10,000 characters"},
		{"no-operation", "Provisioning", "sends no operation with 202"},
		{"no-retry-after", "Polling Last Operation for Service Instances", "sends no Retry-After"},
		{"no-description", "Polling Last Operation for Service Instances", "sends no description of an operation"},
		{"poll-deleted-410", "Polling Last Operation for Service Instances", "answers polls of deleted resources with 410"},
		{"empty-hints", "Fetching a Service Instance", "treats empty hints as absent"},
		{"place-unchecked", "Provisioning", "does not require organization and space"},
		{"deletes-while-updating", "Deprovisioning", "deletes an instance immediately during an update"},
		{"no-optional-fields", "Provisioning", "sends no optional field of an instance or binding"},
		{"extension-fields", "Vendor Extension Fields", "sends extension fields"},
		{"dashboard-null", "Provisioning", "sends null as dashboard_url"},
		{"fetch-while-updating", "Fetching a Service Instance", "answers fetches during an update"},
		{"parameters-not-fetched", "Fetching a Service Instance", "does not return parameters"},
		{"route-out-of-band", "Route Services", "sends no route_service_url"},
		{"unknown-path-plain", "Service Broker Errors", "answers unknown paths with a plain 404 of its HTTP server"},
		{"recreates-while-deleting", "Blocking Operations", "creates a new instance during a deprovision"},
		{"maintenance-type-conflict", "Provisioning", "treats maintenance_info that is not an object as another version"},
		{"version-missing-412", "API Version Header", "treats a missing version as unsupported"},
		{"predecessor-ignored-with-plan", "Request (Rotating a Service Binding)", "treats a rotation with service_id and plan_id as a bind"},
		{"unknown-plan-ignored", "Binding", "ignores the service and plan of a bind or update"},
		{"catalog-nulls", "Service Offering Object", "has null for absent objects of the catalog"},
		{"repeats-422", "Blocking Operations", "refuses repeated updates and deletions with 422 ConcurrencyError"},
		{"halts-at-once", "Deprovisioning", "halts a creation immediately with 200"},
		{"updates-while-busy", "Updating a Service Instance", "applies updates during a provision or deprovision"},
		{"only-renew-before", "Binding Metadata Object", "sends renew_before without expires_at"},
	}
}

func variationIDs() []string {
	var ids []string
	for _, v := range Variations() {
		ids = append(ids, v.ID)
	}
	return ids
}
