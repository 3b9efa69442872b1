package specimen

func catalogClauses() []clause {
	return []clause{
		{"Catalog Management", "200", "catalog-200", []fault{
			{"catalog.201", "201"},
		}},
		{"Catalog Management", "services is an array of objects", "catalog-services", []fault{
			{"catalog.array", "the body is the array"},
			{"catalog.services-missing", "it is missing"},
			{"catalog.services-null", "null"},
			{"catalog.services-object", "an object by name"},
			{"catalog.service-null", "with a null in it"},
		}},
		{"Catalog Management", "Last-Modified as in RFC 7232", "catalog-last-modified-304", []fault{
			{"modified.never-304", "never 304"},
		}},
		{"Change Policy for Minor Versions", "unknown query parameters are ignored", "catalog-unknown-query", []fault{
			{"catalog.unknown-query-400", "400 for the catalog"},
		}},
		{"Catalog Management", "ids do not change between queries", "catalog-stable", []fault{
			{"catalog.service-id-changes", "that of a service does"},
			{"catalog.plan-id-changes", "that of a plan does"},
		}},
		{"Catalog Management", "ETag as in RFC 7232", "catalog-etag", []fault{
			{"etag.unstable", "another one for the same catalog"},
			{"etag.always-304", "304 whatever the client has"},
			{"etag.never-304", "never 304"},
			{"etag.412", "412 instead of 304"},
		}},
		{"Service Offering Object", "id is a non-empty string", "catalog-service-id", []fault{
			{"catalog.service-id-missing", "missing"},
			{"catalog.service-id-empty", "empty"},
			{"catalog.service-id-number", "a number"},
		}},
		{"Service Offering Object", "id is unique", "catalog-service-id-unique", []fault{
			{"catalog.service-id-duplicate", "two services have the same"},
		}},
		{"Service Offering Object", "id is a GUID", "catalog-service-id-guid", []fault{
			{"catalog.service-id-not-guid", "it is a name"},
		}},
		{"Service Offering Object", "name is a non-empty string", "catalog-service-name", []fault{
			{"catalog.service-name-missing", "missing"},
			{"catalog.service-name-empty", "empty"},
		}},
		{"Service Offering Object", "name is unique", "catalog-service-name-unique", []fault{
			{"catalog.service-name-duplicate", "two services have the same"},
		}},
		{"Service Offering Object", "name is CLI-friendly", "catalog-service-name-friendly", []fault{
			{"catalog.service-name-unfriendly", "with spaces and punctuation"},
		}},
		{"Service Offering Object", "description is a non-empty string", "catalog-service-description", []fault{
			{"catalog.service-description-missing", "missing"},
			{"catalog.service-description-empty", "empty"},
		}},
		{"Catalog Management", "strings have at most 255 characters", "catalog-lengths", []fault{
			{"catalog.service-description-long", "the description of a service has more"},
			{"catalog.plan-description-long", "the description of a plan has more"},
		}},
		{"Service Offering Object", "bindable is a boolean, and present", "catalog-bindable", []fault{
			{"catalog.bindable-missing", "missing"},
			{"catalog.bindable-text", "a string"},
		}},
		{"Service Offering Object", "tags is an array of strings", "catalog-tags", []fault{
			{"catalog.tags-text", "a string"},
			{"catalog.tags-null", "null"},
			{"catalog.tags-of-numbers", "numbers"},
		}},
		{"Service Offering Object", "requires is an array of the three permissions", "catalog-requires", []fault{
			{"catalog.requires-unknown", "another permission"},
			{"catalog.requires-text", "a string"},
		}},
		{"Service Offering Object", "optional fields have their types", "catalog-service-types", []fault{
			{"catalog.instances-retrievable-text", "instances_retrievable is a string"},
			{"catalog.bindings-retrievable-number", "bindings_retrievable is a number"},
			{"catalog.allow-context-updates-text", "allow_context_updates is a string"},
			{"catalog.service-metadata-array", "metadata is an array"},
			{"catalog.service-plan-updateable-text", "plan_updateable is a string"},
			{"catalog.dashboard-client-text", "dashboard_client is a string"},
		}},
		{"Service Offering Object", "plans has at least one plan", "catalog-plans", []fault{
			{"catalog.plans-missing", "missing"},
			{"catalog.plans-empty", "empty"},
			{"catalog.plans-null", "null"},
		}},
		{"Service Plan Object", "id is a non-empty string", "catalog-plan-id", []fault{
			{"catalog.plan-id-missing", "missing"},
			{"catalog.plan-id-empty", "empty"},
		}},
		{"Service Plan Object", "id is unique", "catalog-plan-id-unique", []fault{
			{"catalog.plan-id-duplicate", "two plans of a service have the same"},
			{"catalog.plan-id-of-other-service", "two plans of two services have the same"},
		}},
		{"Service Plan Object", "id is a GUID", "catalog-plan-id-guid", []fault{
			{"catalog.plan-id-not-guid", "it is a name"},
		}},
		{"Service Plan Object", "name is a non-empty string", "catalog-plan-name", []fault{
			{"catalog.plan-name-missing", "missing"},
			{"catalog.plan-name-empty", "empty"},
		}},
		{"Service Plan Object", "name is unique within the service", "catalog-plan-name-unique", []fault{
			{"catalog.plan-name-duplicate", "two plans have the same"},
		}},
		{"Service Plan Object", "name is CLI-friendly", "catalog-plan-name-friendly", []fault{
			{"catalog.plan-name-unfriendly", "with spaces"},
		}},
		{"Service Plan Object", "description is a non-empty string", "catalog-plan-description", []fault{
			{"catalog.plan-description-missing", "missing"},
			{"catalog.plan-description-empty", "empty"},
		}},
		{"Service Plan Object", "optional fields have their types", "catalog-plan-types", []fault{
			{"catalog.plan-metadata-text", "metadata is a string"},
			{"catalog.free-text", "free is a string"},
			{"catalog.plan-bindable-text", "bindable is a string"},
			{"catalog.plan-bindable-null", "bindable is null"},
			{"catalog.binding-rotatable-text", "binding_rotatable is a string"},
			{"catalog.plan-updateable-number", "plan_updateable is a number"},
		}},
		{"Service Plan Object", "maximum_polling_duration is a number of seconds", "catalog-polling-duration", []fault{
			{"catalog.polling-duration-text", "a string"},
			{"catalog.polling-duration-fraction", "a fraction"},
			{"catalog.polling-duration-negative", "negative"},
		}},
		{"Schemas Object", "schemas are objects", "catalog-schemas", []fault{
			{"catalog.schemas-array", "schemas is an array"},
			{"catalog.schema-text", "a schema is a string"},
		}},
		{"Input Parameters Schema Object", "$schema is present", "catalog-schema-declared", []fault{
			{"catalog.schema-undeclared", "not for provision"},
			{"catalog.update-schema-undeclared", "not for update"},
			{"catalog.binding-schema-undeclared", "not for bind"},
		}},
		{"Input Parameters Schema Object", "no external references", "catalog-schema-references", []fault{
			{"catalog.schema-external-reference", "there is one"},
		}},
		{"Input Parameters Schema Object", "at most 64 kB", "catalog-schema-size", []fault{
			{"catalog.schema-too-large", "more"},
		}},
		{"Maintenance Info Object", "version is a semantic version", "catalog-maintenance-info", []fault{
			{"catalog.maintenance-text", "maintenance_info is a string"},
			{"catalog.maintenance-empty", "no version"},
			{"catalog.maintenance-not-semantic", "another kind of version"},
			{"catalog.maintenance-number", "a number"},
			{"catalog.maintenance-description-number", "description is a number"},
		}},
	}
}
