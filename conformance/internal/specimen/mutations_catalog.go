package specimen

func catalogClauses() []clause {
	return []clause{
		{"Catalog Management", "200", "catalog-200", []fault{
			{"catalog.201", "201"},
		}},
		{"Catalog Management", "services is an array of objects", "catalog-services", []fault{
			{"catalog.array", "the body is the array of services"},
			{"catalog.services-missing", "services is missing"},
			{"catalog.services-null", "services is null"},
			{"catalog.services-object", "services is an object"},
			{"catalog.service-null", "services has a null"},
		}},
		{"Catalog Management", "ids do not change between queries", "catalog-ids-stable", []fault{
			{"catalog.service-id-changes", "the id of a service changes"},
			{"catalog.plan-id-changes", "the id of a plan changes"},
		}},
		{"Catalog Management", "ETag as in RFC 7232", "catalog-etag-304", []fault{
			{"etag.never-304", "never 304"},
		}},
		{"Catalog Management", "ETag as in RFC 7232", "catalog-conditional", []fault{
			{"etag.412", "412 instead of 304"},
		}},
		{"Catalog Management", "ETag as in RFC 7232", "catalog-etag-stable", []fault{
			{"etag.unstable", "the ETag changes with each request"},
		}},
		{"Catalog Management", "ETag as in RFC 7232", "catalog-etag-other", []fault{
			{"etag.always-304", "304 for any ETag"},
		}},
		{"Catalog Management", "Last-Modified as in RFC 7232", "catalog-last-modified-304", []fault{
			{"modified.never-304", "never 304"},
		}},
		{"Catalog Management", "ETag as in RFC 7232", "catalog-304-etag", []fault{
			{"etag.not-on-304", "a 304 has no ETag"},
		}},
		{"Catalog Management", "Last-Modified as in RFC 7232", "catalog-modified-since", []fault{
			{"modified.always-304", "304 for any date"},
		}},
		{"Catalog Management", "Last-Modified as in RFC 7232", "catalog-last-modified", []fault{
			{"modified.format", "another format"},
			{"modified.future", "in the future"},
		}},
		{"Service Offering Object", "optional objects are left out", "catalog-no-null", []fault{
			{"catalog.nulls", "null"},
		}},
		{"Change Policy for Minor Versions", "unknown query parameters are ignored", "catalog-unknown-query", []fault{
			{"catalog.unknown-query-400", "400 for the catalog"},
		}},
	}
}
