package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// CheckType returns what keeps a type from being decoded or described: it must be a
// struct whose fields have the tags "yaml" and "doc", types that a [Decoder] supports,
// defaults of their types, and no tag that the decoder ignores. Forbidden types must not occur.
func CheckType(t reflect.Type, forbidden ...reflect.Type) []error {
	c := &typeCheck{forbidden: forbidden, seen: map[reflect.Type]bool{}}
	if t.Kind() != reflect.Struct || isScalarType(t) {
		return []error{fmt.Errorf("%s is not a struct", t)}
	}
	c.check(t, t.String())
	return c.problems
}

type typeCheck struct {
	forbidden []reflect.Type
	seen      map[reflect.Type]bool
	problems  []error
}

func (c *typeCheck) report(where, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s %s", where, fmt.Sprintf(format, args...)))
}

func (c *typeCheck) check(t reflect.Type, where string) {
	if slices.Contains(c.forbidden, t) {
		c.report(where, "must not be a %s", t.Name())
		return
	}
	if isScalarType(t) {
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		c.check(t.Elem(), where)
	case reflect.Map:
		if t.Key() != reflect.TypeFor[string]() {
			c.report(where, "is a map whose keys are not strings")
		}
		c.check(t.Elem(), where)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			c.report(where, "has the type %s, which is not supported", t)
		}
	case reflect.Struct:
		c.checkStruct(t)
	default:
		c.report(where, "has the type %s, which is not supported", t)
	}
}

func (c *typeCheck) checkStruct(t reflect.Type) {
	if c.seen[t] {
		return
	}
	c.seen[t] = true
	names := map[string]bool{}
	for i := range t.NumField() {
		field := t.Field(i)
		where := t.String() + "." + field.Name
		name := field.Tag.Get("yaml")
		switch {
		case !field.IsExported():
			c.report(where, "is not exported")
			continue
		case name == "" || strings.ContainsAny(name, `,.[]/~ "'`):
			c.report(where, "needs a tag yaml with a plain name")
		case names[name]:
			c.report(where, "has the name of another field, %q", name)
		case field.Tag.Get("doc") == "":
			c.report(where, "needs a tag doc")
		}
		names[name] = true
		for _, problem := range tagProblems(field) {
			c.report(where, "%s", problem)
		}
		if value, ok := field.Tag.Lookup("default"); ok {
			if err := setDefault(reflect.New(field.Type).Elem(), field.Tag, value); err != nil {
				c.report(where, "has the default %q: %v", value, err)
			}
		}
		c.check(field.Type, where)
	}
}

// tagProblems returns what is wrong with the tags about the values of a field. A tag that
// the decoder would ignore is a mistake of the author.
func tagProblems(field reflect.StructField) []string {
	var problems []string
	t := field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	number := (t.Kind() == reflect.Int || t.Kind() == reflect.Int64) && !isUnmarshaler(t)
	if value, ok := field.Tag.Lookup("required"); ok && value != "true" {
		problems = append(problems, fmt.Sprintf(`has required:%q: write "true", or leave it out`, value))
	}
	if _, ok := field.Tag.Lookup("enum"); ok && !number && (t.Kind() != reflect.String || isUnmarshaler(t)) {
		problems = append(problems, "has enum, which only strings and integers can have")
	}
	for _, name := range []string{"min", "max"} {
		value, ok := field.Tag.Lookup(name)
		if _, err := strconv.ParseInt(value, 10, 64); ok && (err != nil || !number) {
			problems = append(problems, fmt.Sprintf("has %s:%q: it must be an integer, and the field too", name, value))
		}
	}
	if low, high := limits(t, field.Tag); number && low > high {
		problems = append(problems, fmt.Sprintf("has limits from %d to %d", low, high))
	}
	return problems
}
