package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
)

func planChecks() []Check {
	const section, schemas = "Service Plan Object", "Input Parameters Schema Object"
	return inCatalog([]Check{
		{
			ID: "plan-id", Title: "Each plan has an id.", Level: Must,
			Clause: spec(section, "id is required. It is a non-empty string."), Expect: expect(member(plans, "id", text)),
		},
		{
			ID: "plan-id-unique", Title: "No two plans of the catalog have the same id.", Level: Must,
			Clause: spec(section, "id is globally unique."), Expect: expect(unique(plans, "id")),
		},
		{
			ID: "plan-id-guid", Title: "The ids of plans are GUIDs.", Level: Should,
			Clause: spec(section, "id should be a GUID."), Expect: expect(optional(plans, guid, "id")),
		},
		{
			ID: "plan-name", Title: "Each plan has a name.", Level: Must,
			Clause: spec(section, "name is required. It is a non-empty string."), Expect: expect(member(plans, "name", text)),
		},
		{
			ID: "plan-name-unique", Title: "No two plans of a service have the same name.", Level: Must,
			Clause: spec(section, "name is unique within the service."), Expect: expect(uniqueWithinService("name")),
		},
		{
			ID: "plan-name-cli-friendly", Title: "The names of plans are CLI-friendly.", Level: Should,
			Clause: spec(section, "name should be CLI-friendly: letters, digits, periods and hyphens."),
			Expect: expect(optional(plans, cliName, "name")),
		},
		{
			ID: "plan-description", Title: "Each plan has a description.", Level: Must,
			Clause: spec(section, "description is required. It is a non-empty string."),
			Expect: expect(member(plans, "description", text)),
		},
		{
			ID: "plan-strings-255", Title: "The strings of plans have at most 255 characters.", Level: Should,
			Clause: spec("Catalog Management", "Strings should not exceed 255 characters because some platforms have limits."),
			Expect: expect(optional(plans, atMost(255), "name", "id", "description")),
		},
		{
			ID: "plan-metadata", Title: "The metadata of a plan is an object.", Level: Must,
			Clause: spec(section, "metadata is an object."), If: declares(plans, "metadata"),
			Expect: expect(optional(plans, anObject.or(null), "metadata")),
		},
		{
			ID: "plan-flags", Title: "The flags of a plan are booleans.", Level: Must,
			Clause: spec(section, "These members are booleans."),
			Expect: expect(optional(plans, aBoolean, "free", "bindable", "binding_rotatable", "plan_updateable")),
		},
		{
			ID: "plan-maximum-polling-duration", Title: "The maximum polling duration is an integer.", Level: Must,
			Clause: spec(section, "maximum_polling_duration is an integer, in seconds."),
			If:     declares(plans, "maximum_polling_duration"), Expect: expect(optional(plans, seconds, "maximum_polling_duration")),
		},
		{
			ID: "plan-maintenance-version", Title: "maintenance_info has a semantic version.", Level: Must,
			Clause: spec("Maintenance Info Object", "version is required. It conforms to semantic versioning 2.0."),
			If:     declares(plans, "maintenance_info"),
			Expect: expect(catalogRule("maintenance_info, if present, has a semantic version", plans, func(e entry) string {
				info := e.object["maintenance_info"]
				if info == nil {
					return ""
				}
				version, found := lookup(info, "version")
				if !found {
					return "maintenance_info has no version"
				}
				return unless(semver, "maintenance_info.version", version)
			})),
		},
		{
			ID: "plan-maintenance-description", Title: "The description of maintenance_info is a string.", Level: Should,
			Clause: spec("Maintenance Info Object", "description is a string that describes the impact."),
			If:     declares(plans, "maintenance_info"), Expect: expect(optional(plans, aString, "maintenance_info.description")),
		},
		{
			ID: "plan-schemas", Title: "The schemas of a plan are objects.", Level: Must,
			Clause: spec("Schemas Object", "schemas and its members are objects."), If: declares(plans, "schemas"),
			Expect: expect(optional(plans, anObject.or(null), optionalObjects()[2:]...)),
		},
		{
			ID: "plan-schema-dialect", Title: "Each schema names its version of JSON Schema.", Level: Must,
			Clause: spec(schemas, "$schema is present."), If: declares(plans, "schemas"),
			Expect: expect(ofSchemas("a string $schema", func(schema map[string]any) string {
				if text.is(schema["$schema"]) {
					return ""
				}
				return "$schema is missing"
			})),
		},
		{
			ID: "plan-schema-no-external-references", Title: "No schema refers to another document.", Level: Must,
			Clause: spec(schemas, "Schemas must not contain external references."), If: declares(plans, "schemas"),
			Expect: expect(ofSchemas("each $ref begins with #", func(schema map[string]any) string {
				return externalReference(schema, false)
			})),
		},
		{
			ID: "plan-schema-size", Title: "No schema is larger than 64 kB.", Level: Must,
			Clause: spec(schemas, "Schemas must not be larger than 64 kB."), If: declares(plans, "schemas"),
			Expect: expect(ofSchemas("at most 65,536 bytes", func(schema map[string]any) string {
				if encoded, err := json.Marshal(schema); err == nil && len(encoded) > 65_536 {
					return fmt.Sprintf("%d bytes", len(encoded))
				}
				return ""
			})),
		},
		{
			ID: "plan-schema-object", Title: "Each schema describes an object.", Level: Should,
			Clause: spec(schemas, "Each input parameter is a property of a JSON object."), If: declares(plans, "schemas"),
			Expect: expect(ofSchemas(`no type other than "object"`, func(schema map[string]any) string {
				if kind, found := schema["type"]; found && kind != "object" {
					return "type is " + show(kind)
				}
				return ""
			})),
		},
		{
			ID: "plan-costs", Title: "Each cost of a plan has an amount and a unit.", Level: Must,
			Clause: profileDoc("Cost Object", "amount and unit are required. amount is an object of numbers, unit a string."),
			If:     declares(plans, "metadata.costs"),
			Expect: expect(catalogRule("each element of metadata.costs has amount and unit", plans, faultyCost)),
		},
		{
			ID: "plan-metadata-conventions", Title: "The metadata of plans has the conventional types.", Level: Should,
			Clause: profileDoc("Service Metadata", "Metadata should use these conventional names and types."),
			If:     declares(plans, "metadata"),
			Expect: expect(optional(plans, texts, "metadata.bullets"), optional(plans, aString, "metadata.displayName")),
		},
	})
}

func faultyCost(e entry) string {
	costs, found := lookup(e.object, "metadata.costs")
	if !found {
		return ""
	}
	list, ok := costs.([]any)
	if !ok {
		return unless(anArray, "metadata.costs", costs)
	}
	for _, cost := range list {
		amount, _ := lookup(cost, "amount")
		currencies, ok := amount.(map[string]any)
		if !ok {
			return "a cost has no amount"
		}
		for currency, value := range currencies {
			if _, ok := value.(json.Number); !ok {
				return fmt.Sprintf("the amount in %s is not a number", clip(currency, 20))
			}
		}
		if unit, _ := lookup(cost, "unit"); !text.is(unit) {
			return "a cost has no unit"
		}
	}
	return ""
}

// ofSchemas makes an expectation on each schema of each plan.
func ofSchemas(words string, fault func(map[string]any) string) Expectation {
	return catalogRule("each schema: "+words, plans, func(e entry) string {
		for _, path := range []string{"service_instance.create", "service_instance.update", "service_binding.create"} {
			value, _ := lookup(e.object, "schemas."+path+".parameters")
			if schema, ok := value.(map[string]any); ok {
				if what := fault(schema); what != "" {
					return "schemas." + path + ": " + what
				}
			}
		}
		return ""
	})
}

// externalReference describes a $ref to another document, or returns "". If names is
// true, the members are named by users, as within "properties", and $ref is the name of
// a parameter.
func externalReference(value any, names bool) string {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if reference, ok := inner.(string); ok && name == "$ref" && !names && !strings.HasPrefix(reference, "#") {
				return "$ref is " + show(reference)
			}
			if !names && (name == "enum" || name == "const" || name == "default" || name == "examples") {
				continue
			}
			named := !names && (name == "properties" || name == "patternProperties" || name == "definitions" || name == "$defs")
			if what := externalReference(inner, named); what != "" {
				return what
			}
		}
	case []any:
		for _, inner := range value {
			if what := externalReference(inner, false); what != "" {
				return what
			}
		}
	}
	return ""
}
