package sqlitefile

import (
	"encoding/json"

	"github.com/openbroker/openbroker"
)

// The ids of the catalog. They never change.
const (
	ServiceID   = "5b8e3a52-6a0e-4f43-9d0b-5c2f7d1d6a10"
	SmallPlanID = "e2c1a7de-8f6b-4a3c-b1a5-0d6f3f1c9b21"
	LargePlanID = "9a4d5c3b-7e21-4d8f-8c6a-2b7e4f0d8c32"
)

// The quotas of the plans, in pages of PageSize bytes: 1 MiB and 64 MiB.
const (
	PageSize   = 4096
	SmallPages = 256
	LargePages = 16384
)

// The schemas are draft-04, because Cloud Foundry refuses draft-07 and later.
const (
	noParameters = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false}`

	bindParameters = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,` +
		`"properties":{"mode":{"type":"string","enum":["rw","ro"],"default":"rw",` +
		`"description":"rw to read and write, ro to read only"}}}`
)

// Catalog returns the service sqlite with the plans small and large.
func Catalog() *openbroker.Catalog {
	shareable := true
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID:                   ServiceID,
		Name:                 "sqlite",
		Description:          "A SQLite database in a file of its own.",
		Tags:                 []string{"sqlite", "sql", "relational"},
		Bindable:             true,
		InstancesRetrievable: true,
		BindingsRetrievable:  true,
		PlanUpdateable:       true,
		Metadata: &openbroker.ServiceMetadata{
			DisplayName: "SQLite",
			LongDescription: "A SQLite database in a file on the machine of the service broker. Bindings get a path and a DSN, " +
				"to read and write or to read only. The quota of the plan applies to clients that use the DSN.",
			DocumentationURL: "https://www.sqlite.org/docs.html",
			Shareable:        &shareable,
		},
		Plans: []openbroker.Plan{
			plan(SmallPlanID, "small", "A database of at most 1 MiB.", "1 MiB"),
			plan(LargePlanID, "large", "A database of at most 64 MiB.", "64 MiB"),
		},
	}}}
}

func plan(id, name, description, size string) openbroker.Plan {
	free := true
	return openbroker.Plan{
		ID: id, Name: name, Description: description, Free: &free,
		Metadata: &openbroker.PlanMetadata{
			DisplayName: name,
			Bullets:     []string{"At most " + size, "Moves to the other plan at any time, if the database fits"},
		},
		Schemas: &openbroker.Schemas{
			ServiceInstance: &openbroker.InstanceSchemas{Create: schema(noParameters), Update: schema(noParameters)},
			ServiceBinding:  &openbroker.BindingSchemas{Create: schema(bindParameters)},
		},
	}
}

func schema(parameters string) *openbroker.InputParametersSchema {
	return &openbroker.InputParametersSchema{Parameters: json.RawMessage(parameters)}
}
