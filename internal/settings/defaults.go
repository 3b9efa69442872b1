package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// applyDefaults sets the fields of a struct to their defaults, and those of structs in
// it. [CheckType] has found the defaults that cannot be set.
func (d *Decoder) applyDefaults(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		if value, ok := field.Tag.Lookup("default"); ok {
			_ = setDefault(v.Field(i), field.Tag, value)
			if isPath(field.Type) {
				v.Field(i).SetString(string(d.Absolute(value)))
			}
		} else if field.Type.Kind() == reflect.Struct && !isScalarType(field.Type) {
			d.applyDefaults(v.Field(i))
		}
	}
}

// setDefault sets a field to the value of its tag.
func setDefault(v reflect.Value, tag reflect.StructTag, value string) error {
	if allowed := enum(tag); len(allowed) > 0 && !slices.Contains(allowed, value) {
		return fmt.Errorf("must be one of %s", strings.Join(allowed, ", "))
	}
	if v.Kind() == reflect.Pointer {
		pointed := reflect.New(v.Type().Elem())
		v.Set(pointed)
		return setDefault(pointed.Elem(), tag, value)
	}
	switch {
	case isUnmarshaler(v.Type()):
		return unmarshalText(v, value)
	case v.Kind() == reflect.Bool && (value == "true" || value == "false"):
		v.SetBool(value == "true")
	case v.Kind() == reflect.Int || v.Kind() == reflect.Int64:
		number, err := strconv.ParseInt(value, 10, 64)
		if low, high := limits(v.Type(), tag); err != nil || number < low || number > high {
			return fmt.Errorf("must be a whole number from %d to %d", low, high)
		}
		v.SetInt(number)
	case isPath(v.Type()) && value != ".":
		return errors.New("the only default of a path is the directory of the file, \".\"")
	case v.Type() == reflect.TypeFor[Secret]():
		return fmt.Errorf("a %s has no default", v.Type().Name())
	case v.Kind() == reflect.String:
		v.SetString(value)
	default:
		return fmt.Errorf("a %s has no default", v.Type())
	}
	return nil
}

func isPath(t reflect.Type) bool {
	return t == reflect.TypeFor[Path]() || t == reflect.TypeFor[Directory]()
}
