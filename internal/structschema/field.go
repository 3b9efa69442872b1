package structschema

import (
	"reflect"
	"slices"
	"strings"
)

// A field is one of a struct, as encoding/json sees it: those of embedded structs
// are among the others.
type field struct {
	reflect.StructField

	name string
}

// fieldsOf returns the fields of a struct.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || f.Tag.Get("jsonschema") == "-" {
			continue
		}
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case f.Anonymous && name == "" && embedded.Kind() == reflect.Struct:
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

// tags returns the parts of the jsonschema tag. A comma behind a backslash is part
// of a value.
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
