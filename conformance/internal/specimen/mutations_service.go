package specimen

func serviceClauses() []clause {
	return []clause{
		{"Service Offering Object", "name is a non-empty string", "service-name", []fault{
			{"catalog.service-name-missing", "missing"},
			{"catalog.service-name-empty", "empty"},
		}},
		{"Service Offering Object", "name is unique", "service-name-unique", []fault{
			{"catalog.service-name-duplicate", "two services have the same name"},
		}},
		{"Service Offering Object", "name is CLI-friendly", "service-name-cli-friendly", []fault{
			{"catalog.service-name-unfriendly", "the name has spaces and punctuation"},
		}},
		{"Service Offering Object", "id is a non-empty string", "service-id", []fault{
			{"catalog.service-id-missing", "missing"},
			{"catalog.service-id-empty", "empty"},
			{"catalog.service-id-number", "a number"},
		}},
		{"Service Offering Object", "id is unique", "service-id-unique", []fault{
			{"catalog.service-id-duplicate", "two services have the same id"},
		}},
		{"Service Offering Object", "id is a GUID", "service-id-guid", []fault{
			{"catalog.service-id-not-guid", "the id is a name"},
		}},
		{"Service Offering Object", "description is a non-empty string", "service-description", []fault{
			{"catalog.service-description-missing", "missing"},
			{"catalog.service-description-empty", "empty"},
		}},
		{"Service Offering Object", "bindable is a boolean, and present", "service-bindable", []fault{
			{"catalog.bindable-missing", "missing"},
			{"catalog.bindable-text", "a string"},
		}},
		{"Service Offering Object", "plans has at least one plan", "service-plans", []fault{
			{"catalog.plans-missing", "missing"},
			{"catalog.plans-empty", "empty"},
			{"catalog.plans-null", "null"},
		}},
		{"Service Offering Object", "tags is an array of strings", "service-tags", []fault{
			{"catalog.tags-text", "a string"},
			{"catalog.tags-null", "null"},
			{"catalog.tags-of-numbers", "numbers"},
		}},
		{"Service Offering Object", "requires is an array of the three permissions", "service-requires", []fault{
			{"catalog.requires-unknown", "another permission"},
			{"catalog.requires-text", "a string"},
		}},
		{"Service Offering Object", "optional fields have their types", "service-flags", []fault{
			{"catalog.instances-retrievable-text", "instances_retrievable is a string"},
			{"catalog.bindings-retrievable-number", "bindings_retrievable is a number"},
			{"catalog.allow-context-updates-text", "allow_context_updates is a string"},
			{"catalog.service-plan-updateable-text", "plan_updateable is a string"},
		}},
		{"Service Offering Object", "optional fields have their types", "service-metadata", []fault{
			{"catalog.service-metadata-array", "metadata is an array"},
		}},
		{"Catalog Management", "strings have at most 255 characters", "service-strings-255", []fault{
			{"catalog.service-description-long", "the description of a service has more characters"},
		}},
		{"Service Offering Object", "optional fields have their types", "service-dashboard-client", []fault{
			{"catalog.dashboard-client-text", "dashboard_client is a string"},
			{"catalog.dashboard-client-without-secret", "no secret"},
		}},
		{"Service Metadata", "the conventional metadata of services has its types", "service-metadata-conventions", []fault{
			{"catalog.display-name-number", "displayName is a number"},
		}},
	}
}
