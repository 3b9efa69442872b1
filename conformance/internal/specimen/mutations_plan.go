package specimen

func planClauses() []clause {
	return []clause{
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
		{"Provisioning", "the plan is one of the service", "plan-of-service", []fault{
			{"catalog.plan-of-other-service-accepted", "accepts a plan of another service"},
		}},
	}
}
