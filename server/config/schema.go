package config

import (
	"encoding/json"
	"reflect"

	"github.com/openbroker/openbroker/internal/settings"
	"github.com/openbroker/openbroker/provider"
)

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for
// editors, with the settings of the providers. It knows about ${env:NAME} in texts.
func Schema(providers *provider.Set) ([]byte, error) {
	schemas := settings.Schemas{
		reflect.TypeFor[Store](): func() settings.Object { return settings.TextLike("^sqlite:.", "^postgres(ql)?://") },
	}
	schemas[reflect.TypeFor[Provider]()] = func() settings.Object { return providerSchema(schemas, providers) }
	schemas[reflect.TypeFor[Providers]()] = func() settings.Object {
		return settings.Object{
			"type": "object", "minProperties": 1,
			"propertyNames": settings.Object{"pattern": provider.NamePattern}, "additionalProperties": providerSchema(schemas, providers),
		}
	}
	schema := schemas.Of(reflect.TypeFor[Config]())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "openbroker configuration"
	encoded, err := json.MarshalIndent(schema, "", "  ")
	return append(encoded, '\n'), err
}

func providerSchema(schemas settings.Schemas, providers *provider.Set) settings.Object {
	properties := settings.Object{}
	for _, d := range providers.Definitions() {
		property := schemas.Of(d.SettingsType())
		property["description"] = d.Doc()
		properties[d.Name()] = property
	}
	return settings.Object{
		"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": properties,
	}
}
