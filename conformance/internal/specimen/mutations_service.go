package specimen

func serviceClauses() []clause {
	return []clause{
		{"Dashboard Client Object", "id and secret are required", "service-dashboard-client", []fault{
			{"catalog.dashboard-client-without-secret", "no secret"},
		}},
		{"Service Metadata", "the conventional metadata of services has its types", "service-metadata-conventions", []fault{
			{"catalog.display-name-number", "displayName is a number"},
		}},
	}
}
