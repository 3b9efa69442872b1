package specimen

// A Variation is a liberty that the specification gives: the broker stays
// compliant, but is unlike most others.
type Variation struct {
	// ID names the variation, for Config.Variation.
	ID string
	// Section is the heading of the specification under which the liberty
	// stands.
	Section string
	// Summary says what the broker does.
	Summary string
}

// Variations returns all variations.
func Variations() []Variation {
	return []Variation{
		{"version-unchecked", "API Version Header", "serves every version, also requests without one"},
		{"content-type-charset", "Content Type", "says application/json; charset=utf-8"},
		{"content-type-ignored", "Content Type", "reads a JSON body whatever its Content-Type says"},
		{"no-etag", "Catalog Management", "sends neither ETag nor Last-Modified"},
		{"only-sync", "Synchronous Operations", "has one service with one plan, and does everything at once"},
		{"nothing-retrievable", "Catalog Management", "lets nothing be fetched"},
		{"always-async", "Asynchronous Operations", "works asynchronously if the client accepts it, else at once"},
		{"operation-escaped", "URL Properties", "has operations of characters that must be percent-encoded"},
		{"operation-longest", "Provisioning", "has operations of exactly 10,000 characters"},
		{"no-operation", "Provisioning", "sends no operation with 202"},
		{"no-retry-after", "Polling Last Operation for Service Instances", "sends no Retry-After"},
		{"no-description", "Polling Last Operation for Service Instances", "describes no operation"},
		{"poll-deleted-410", "Polling Last Operation for Service Instances", "answers polls of what it has deleted with 410"},
		{"empty-hints", "Fetching a Service Instance", "takes empty hints for absent ones"},
		{"place-unchecked", "Provisioning", "needs no organization and space"},
		{"deletes-while-updating", "Deprovisioning", "deletes at once what is being updated"},
		{"no-optional-fields", "Provisioning", "sends no optional field of an instance or binding"},
		{"extension-fields", "Vendor Extension Fields", "sends fields of its own"},
		{"dashboard-null", "Provisioning", "sends null as dashboard_url"},
		{"fetch-while-updating", "Fetching a Service Instance", "lets instances be fetched while they are updated"},
		{"parameters-not-fetched", "Fetching a Service Instance", "keeps parameters to itself"},
		{"route-out-of-band", "Route Services", "leaves the routing to others and sends no route_service_url"},
		{"unknown-path-plain", "Service Broker Errors", "leaves paths that the specification does not have to its HTTP server"},
		{"recreates-while-deleting", "Blocking Operations", "creates anew what is being deleted"},
		{"maintenance-type-conflict", "Provisioning", "takes maintenance information that is no object for another version"},
		{"version-missing-412", "API Version Header", "takes a missing version for one that it does not serve"},
		{"predecessor-ignored-with-plan", "Request (Rotating a Service Binding)", "takes a rotation that names service and plan for another binding"},
		{"unknown-plan-ignored", "Binding", "knows the service and plan of an instance, whatever a bind or update says"},
		{"catalog-nulls", "Service Offering Object", "has null for objects of the catalog that are absent"},
		{"repeats-422", "Blocking Operations", "refuses repeated updates and deletions with 422 ConcurrencyError"},
		{"halts-at-once", "Deprovisioning", "halts what is being created at once, with 200"},
		{"updates-while-busy", "Updating a Service Instance", "applies updates while the instance is being created or deleted"},
		{"only-renew-before", "Binding Metadata Object", "tells when to renew a binding, not when it expires"},
	}
}

func variationIDs() []string {
	var ids []string
	for _, v := range Variations() {
		ids = append(ids, v.ID)
	}
	return ids
}
