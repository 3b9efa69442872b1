package config

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for
// editors. It allows references such as ${env:NAME} in texts.
func Schema() ([]byte, error) {
	schema := schemaOf(reflect.TypeFor[Config](), "")
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "openbroker configuration"
	encoded, err := json.MarshalIndent(schema, "", "  ")
	return append(encoded, '\n'), err
}

type object = map[string]any

// referencePattern matches texts with a reference.
const referencePattern = `\$\{`

func schemaOf(t reflect.Type, tag reflect.StructTag) object {
	switch t {
	case reflect.TypeFor[Duration]():
		return object{"type": "string", "anyOf": []object{{"pattern": durationPattern}, {"pattern": referencePattern}}}
	case reflect.TypeFor[Store]():
		return object{"type": "string", "anyOf": []object{{"pattern": "^sqlite:."}, {"pattern": "^postgres(ql)?://"}, {"pattern": referencePattern}}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), tag)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		if allowed := enum(tag); len(allowed) > 0 {
			numbers := make([]any, len(allowed))
			for i, value := range allowed {
				numbers[i] = number(value)
			}
			return object{"type": "integer", "enum": numbers}
		}
		low, high := limits(tag)
		return object{"type": "integer", "minimum": low, "maximum": high}
	case reflect.String:
		schema := object{"type": "string", "minLength": 1}
		if allowed := enum(tag); len(allowed) > 0 {
			schema = object{"type": "string", "anyOf": []object{{"enum": allowed}, {"pattern": referencePattern}}}
		}
		return schema
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem(), "")}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem(), "")}
	case reflect.Struct:
		return structSchema(t)
	default:
		return object{}
	}
}

func structSchema(t reflect.Type) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name := tag.Get("yaml")
		if name == "" {
			continue
		}
		property := schemaOf(t.Field(i).Type, tag)
		property["description"] = tag.Get("doc")
		if value, ok := tag.Lookup("default"); ok {
			property["default"] = defaultOf(t.Field(i).Type, value)
		}
		properties[name] = property
		if tag.Get("required") != "" {
			required = append(required, name)
		}
	}
	schema := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// defaultOf returns the value of a "default" tag in the type of the field.
func defaultOf(t reflect.Type, value string) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Bool {
		return value == "true"
	}
	if t.Kind() == reflect.Int {
		if number, err := strconv.Atoi(value); err == nil {
			return number
		}
	}
	return value
}
