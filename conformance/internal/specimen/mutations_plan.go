package specimen

func planClauses() []clause {
	return []clause{
		{"Service Plan Object", "id is a non-empty string", "plan-id", []fault{
			{"catalog.plan-id-missing", "missing"},
			{"catalog.plan-id-empty", "empty"},
		}},
		{"Service Plan Object", "id is unique", "plan-id-unique", []fault{
			{"catalog.plan-id-duplicate", "two plans of a service have the same id"},
			{"catalog.plan-id-of-other-service", "plans of two services have the same id"},
		}},
		{"Service Plan Object", "id is a GUID", "plan-id-guid", []fault{
			{"catalog.plan-id-not-guid", "the id is a name"},
		}},
		{"Service Plan Object", "name is a non-empty string", "plan-name", []fault{
			{"catalog.plan-name-missing", "missing"},
			{"catalog.plan-name-empty", "empty"},
		}},
		{"Service Plan Object", "name is unique within the service", "plan-name-unique", []fault{
			{"catalog.plan-name-duplicate", "two plans have the same name"},
		}},
		{"Service Plan Object", "name is CLI-friendly", "plan-name-cli-friendly", []fault{
			{"catalog.plan-name-unfriendly", "the name has spaces"},
		}},
		{"Service Plan Object", "description is a non-empty string", "plan-description", []fault{
			{"catalog.plan-description-missing", "missing"},
			{"catalog.plan-description-empty", "empty"},
		}},
		{"Catalog Management", "strings have at most 255 characters", "plan-strings-255", []fault{
			{"catalog.plan-description-long", "the description of a plan has more characters"},
		}},
		{"Service Plan Object", "optional fields have their types", "plan-metadata", []fault{
			{"catalog.plan-metadata-text", "metadata is a string"},
		}},
		{"Service Plan Object", "optional fields have their types", "plan-flags", []fault{
			{"catalog.free-text", "free is a string"},
			{"catalog.plan-bindable-text", "bindable is a string"},
			{"catalog.plan-bindable-null", "bindable is null"},
			{"catalog.binding-rotatable-text", "binding_rotatable is a string"},
			{"catalog.plan-updateable-number", "plan_updateable is a number"},
		}},
		{"Service Plan Object", "maximum_polling_duration is a number of seconds", "plan-maximum-polling-duration", []fault{
			{"catalog.polling-duration-text", "a string"},
			{"catalog.polling-duration-fraction", "a fraction"},
			{"catalog.polling-duration-negative", "negative"},
		}},
		{"Maintenance Info Object", "version is a semantic version", "plan-maintenance-version", []fault{
			{"catalog.maintenance-text", "maintenance_info is a string"},
			{"catalog.maintenance-empty", "no version"},
			{"catalog.maintenance-not-semantic", "the version is not semantic"},
			{"catalog.maintenance-number", "a number"},
		}},
		{"Maintenance Info Object", "version is a semantic version", "plan-maintenance-description", []fault{
			{"catalog.maintenance-description-number", "description is a number"},
		}},
		{"Schemas Object", "schemas are objects", "plan-schemas", []fault{
			{"catalog.schemas-array", "schemas is an array"},
			{"catalog.schema-text", "a schema is a string"},
		}},
		{"Input Parameters Schema Object", "$schema is present", "plan-schema-dialect", []fault{
			{"catalog.schema-undeclared", "a schema for provisioning does not have it"},
			{"catalog.update-schema-undeclared", "a schema for updates does not have it"},
			{"catalog.binding-schema-undeclared", "a schema for bindings does not have it"},
		}},
		{"Input Parameters Schema Object", "schemas have no external references", "plan-schema-no-external-references", []fault{
			{"catalog.schema-external-reference", "a schema has an external reference"},
		}},
		{"Input Parameters Schema Object", "schemas have at most 64 kB", "plan-schema-size", []fault{
			{"catalog.schema-too-large", "a schema is larger"},
		}},
		{"Input Parameters Schema Object", "parameters are an object", "plan-schema-object", []fault{
			{"catalog.schema-of-string", "the schema describes a string"},
		}},
		{"Cost Object", "amount is an object of numbers, unit a string", "plan-costs", []fault{
			{"catalog.costs-amount-number", "amount is a number"},
			{"catalog.costs-amount-text", "an amount is a string"},
			{"catalog.costs-object", "costs is an object"},
			{"catalog.costs-without-unit", "no unit"},
		}},
		{"Service Metadata", "the conventional metadata of plans has its types", "plan-metadata-conventions", []fault{
			{"catalog.bullets-text", "bullets is a string"},
		}},
	}
}
