package structschema

import (
	"reflect"
	"slices"
	"strings"
)

// A field is a field of a struct, or of a struct embedded in it, under its name in JSON.
type field struct {
	reflect.StructField

	name string
}

// embeddedIn returns the struct that a field embeds, or nil.
func embeddedIn(f reflect.StructField) reflect.Type {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !f.Anonymous || t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// embedsItself reports whether a struct, or a struct embedded in it, embeds itself through
// a pointer. within has the enclosing structs.
func embedsItself(t reflect.Type, within ...reflect.Type) bool {
	if slices.Contains(within, t) {
		return true
	}
	within = append(within, t)
	for i := range t.NumField() {
		if embedded := embeddedIn(t.Field(i)); embedded != nil && embedsItself(embedded, within...) {
			return true
		}
	}
	return false
}

// fieldsOf returns the fields of a struct that does not embed itself.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || f.Tag.Get("jsonschema") == "-" {
			continue
		}
		switch embedded := embeddedIn(f); {
		case embedded != nil && name == "":
			fields = append(fields, fieldsOf(embedded)...)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			fields = append(fields, field{f, name})
		}
	}
	return fields
}

// tags returns the parts of the jsonschema tag. A comma after a backslash is part of a value.
func (f field) tags() []string {
	var parts []string
	for part := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		if n := len(parts); n > 0 && strings.HasSuffix(parts[n-1], `\`) {
			parts[n-1] = strings.TrimSuffix(parts[n-1], `\`) + "," + part
			continue
		}
		parts = append(parts, part)
	}
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}

// has reports whether the jsonschema tag has a word.
func (f field) has(word string) bool { return slices.Contains(f.tags(), word) }

// option reports whether the json tag has an option.
func (f field) option(name string) bool {
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return slices.Contains(strings.Split(options, ","), name)
}
