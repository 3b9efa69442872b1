package structschema

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// An examiner finds recursive types and types that a schema cannot describe, for which
// the library would panic or omit the field.
type examiner struct {
	// open has the structs that are being examined.
	open, recursive map[reflect.Type]bool
	problems        []error
}

func (e *examiner) problem(path, format string, args ...any) {
	e.problems = append(e.problems, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// order yields the recursive types in the order of their names.
func (e *examiner) order() iter.Seq[reflect.Type] {
	types := make([]reflect.Type, 0, len(e.recursive))
	for t := range e.recursive {
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b reflect.Type) int {
		return strings.Compare(a.PkgPath()+"."+a.String(), b.PkgPath()+"."+b.String())
	})
	return slices.Values(types)
}

// examine examines a type. fromField is the Go name of the field with the type.
func (e *examiner) examine(t reflect.Type, path, fromField string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if fromField != "" {
		path += "." + fromField
	}
	if named := t.Name() != "" && (t.Kind() == reflect.Struct || t.Kind() == reflect.Map || t.Kind() == reflect.Slice); named {
		if e.open[t] {
			e.recursive[t] = true
			return
		}
		e.open[t] = true
		defer delete(e.open, t)
	}
	switch kindOf(t) {
	case kindNone:
		e.problem(path, "%s has no JSON Schema", t)
	case kindMarshaler:
		e.problem(path, "%s has a MarshalJSON, so that its JSON is unknown: add a method JSONSchema() *jsonschema.Schema", t)
	case kindStruct:
		e.fields(t, path)
	case kindArray:
		e.examine(t.Elem(), path+"[]", "")
	case kindMap:
		if t.Key().Kind() != reflect.String {
			e.problem(path, "%s has keys that are not strings: use a map with string keys", t)
		}
		e.examine(t.Elem(), path+"{}", "")
	case kindAny:
		if t.Kind() == reflect.Interface && t.NumMethod() > 0 {
			e.problem(path, "%s is an interface: a schema can describe only any", t)
		}
	default: // Other kinds contain no types.
	}
}

func (e *examiner) fields(t reflect.Type, path string) {
	if embedsItself(t) {
		e.problem(path, "%s embeds itself: give the field a name", t)
		return
	}
	seen := map[string]bool{}
	for _, f := range fieldsOf(t) {
		if seen[f.name] {
			e.problem(path+"."+f.Name, "another field also has the name %q in JSON", f.name)
		}
		seen[f.name] = true
		if f.option("inline") {
			e.problem(path+"."+f.Name, "encoding/json has no option inline: embed the struct")
		}
		e.tags(f, path+"."+f.Name)
		e.examine(f.Type, path, f.Name)
	}
}

// words has the tags without a value. texts has the tags whose value is a text. Both apply
// to all kinds.
var (
	words = []string{"required", "nullable"}
	texts = []string{"title", "description", "type", "oneof_required", "anyof_required", "oneof_type", "anyof_type"}
)

// byKind has the tags of each kind, with the check of their values.
var byKind = map[kind]map[string]func(string) bool{
	kindText: {
		"minLength": isCount, "maxLength": isCount, "pattern": isText, "format": isText, "enum": isText, "default": isText,
		"example": isText, "readOnly": isBoolean, "writeOnly": isBoolean,
	},
	kindNumber:  numeric,
	kindInteger: numeric,
	kindBoolean: {"default": isBoolean},
	kindArray: {
		"minItems": isCount, "maxItems": isCount, "uniqueItems": isText, "default": isText, "format": isText, "pattern": isText,
	},
}

var numeric = map[string]func(string) bool{
	"minimum": isNumber, "maximum": isNumber, "exclusiveMinimum": isNumber, "exclusiveMaximum": isNumber, "multipleOf": isNumber,
	"enum": isNumber, "default": isNumber, "example": isNumber,
}

// tags finds tags that the library would ignore.
func (e *examiner) tags(f field, path string) {
	t := f.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	k := kindOf(t)
	if f.option("string") && (k == kindInteger || k == kindNumber || k == kindBoolean) {
		k = kindText
	}
	element := kindNone
	if k == kindArray {
		if t = t.Elem(); t.Kind() != reflect.Pointer {
			element = kindOf(t)
		}
	}
	for _, tag := range f.tags() {
		name, value, hasValue := strings.Cut(tag, "=")
		check := byKind[k][name]
		if check == nil && element != kindArray {
			check = byKind[element][name]
		}
		switch {
		case !hasValue && slices.Contains(words, name), hasValue && slices.Contains(texts, name):
		case k == kindCustom && hasValue:
			e.problem(path, "the jsonschema tag %q has no effect on %s, which describes itself", name, f.Type)
		case check == nil || !hasValue:
			e.problem(path, "%[2]s has no jsonschema tag %[1]q", name, k)
		case !check(value):
			e.problem(path, "the jsonschema tag %q cannot have the value %q", name, value)
		}
	}
}

func isText(string) bool { return true }

func isCount(value string) bool {
	_, err := strconv.ParseUint(value, 10, 31)
	return err == nil
}

func isNumber(value string) bool {
	_, err := strconv.ParseFloat(value, 64)
	return err == nil && strings.Trim(value, "+-.0123456789eE") == ""
}

func isBoolean(value string) bool { return value == "true" || value == "false" }
