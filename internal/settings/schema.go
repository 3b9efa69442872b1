package settings

import (
	"reflect"
	"strconv"
)

// An Object is a JSON object.
type Object = map[string]any

// A Schemas makes JSON Schemas (draft 2020-12) of types. It has those of types that
// describe themselves.
type Schemas map[reflect.Type]func() Object

// referencePattern matches texts with a reference.
const referencePattern = `\$\{`

// TextLike returns the schema of a text that one of the patterns matches, or that has a
// reference.
func TextLike(patterns ...string) Object {
	var alternatives []Object
	for _, pattern := range append(patterns, referencePattern) {
		alternatives = append(alternatives, Object{"pattern": pattern})
	}
	return Object{"type": "string", "anyOf": alternatives}
}

// Of returns the schema of a type. It knows about ${env:NAME} in texts.
func (s Schemas) Of(t reflect.Type) Object { return s.of(t, "") }

func (s Schemas) of(t reflect.Type, tag reflect.StructTag) Object {
	if own := s[t]; own != nil {
		return own()
	}
	if t == reflect.TypeFor[Duration]() {
		return TextLike(durationPattern)
	}
	if isUnmarshaler(t) {
		return Object{"type": "string", "minLength": 1}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), tag)
	case reflect.Bool:
		return Object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		if allowed := enum(tag); len(allowed) > 0 {
			numbers := make([]any, len(allowed))
			for i, value := range allowed {
				numbers[i] = number(value)
			}
			return Object{"type": "integer", "enum": numbers}
		}
		low, high := limits(t, tag)
		return Object{"type": "integer", "minimum": low, "maximum": high}
	case reflect.String:
		schema := Object{"type": "string", "minLength": 1}
		if allowed := enum(tag); len(allowed) > 0 {
			schema = Object{"type": "string", "anyOf": []Object{{"enum": allowed}, {"pattern": referencePattern}}}
		}
		return schema
	case reflect.Slice:
		return Object{"type": "array", "items": s.of(t.Elem(), "")}
	case reflect.Map:
		return Object{"type": "object", "additionalProperties": s.of(t.Elem(), "")}
	case reflect.Struct:
		return s.ofStruct(t)
	default:
		return Object{}
	}
}

func (s Schemas) ofStruct(t reflect.Type) Object {
	properties, required := Object{}, []string{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name := tag.Get("yaml")
		if name == "" {
			continue
		}
		property := s.of(t.Field(i).Type, tag)
		property["description"] = tag.Get("doc")
		if value, ok := tag.Lookup("default"); ok {
			property["default"] = defaultOf(t.Field(i).Type, value)
		}
		properties[name] = property
		if tag.Get("required") != "" {
			required = append(required, name)
		}
	}
	schema := Object{"type": "object", "additionalProperties": false, "properties": properties}
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
	if t.Kind() == reflect.Int || t.Kind() == reflect.Int64 && !isUnmarshaler(t) {
		if number, err := strconv.ParseInt(value, 10, 64); err == nil {
			return number
		}
	}
	return value
}
