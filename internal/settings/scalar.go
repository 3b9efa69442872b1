package settings

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// isScalarType reports whether values of the type are written as one scalar.
func isScalarType(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	default:
		return isUnmarshaler(t)
	}
}

// isSecret reports whether values of the type may hold a secret.
func (d *Decoder) isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[URL]() || d.Secrets[t] != nil
}

// isUnmarshaler reports whether the type reads its text itself.
func isUnmarshaler(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// scalar decodes a scalar.
func (d *Decoder) scalar(node *tree.Node, v reflect.Value, f Field, wrong func(string, ...any)) {
	if d.isSecret(v.Type()) {
		d.conceal(node)
	}
	switch {
	case isUnmarshaler(v.Type()):
		d.text(node, v, f, wrong)
	case v.Kind() == reflect.Bool:
		if node.Kind != tree.Bool {
			wrong("must be true or false")
			return
		}
		v.SetBool(node.Text == "true")
	case v.Kind() == reflect.Int || v.Kind() == reflect.Int64:
		d.integer(node, v, f, wrong)
	default:
		d.text(node, v, f, wrong)
	}
}

// The largest integers: of 32 bits, and of those that JSON keeps exactly everywhere.
const (
	maxInteger = 1<<31 - 1
	maxExact   = 1<<53 - 1
)

func (d *Decoder) integer(node *tree.Node, v reflect.Value, f Field, wrong func(string, ...any)) {
	low, high := limits(v.Type(), f.tag)
	number, err := strconv.ParseInt(node.Text, 10, 64)
	if allowed := enum(f.tag); len(allowed) > 0 && (node.Kind != tree.Number || !slices.Contains(allowed, node.Text)) {
		wrong("must be one of %s", strings.Join(allowed, ", "))
		return
	}
	if node.Kind != tree.Number || err != nil || number < low || number > high {
		wrong("must be a whole number from %d to %d", low, high)
		return
	}
	v.SetInt(number)
}

// limits returns the minimum and the maximum of an integer field.
func limits(t reflect.Type, tag reflect.StructTag) (low, high int64) {
	low, high = 0, maxInteger
	if t.Kind() == reflect.Int64 {
		high = maxExact
	}
	if value, err := strconv.ParseInt(tag.Get("min"), 10, 64); err == nil {
		low = value
	}
	if value, err := strconv.ParseInt(tag.Get("max"), 10, 64); err == nil {
		high = value
	}
	return low, high
}

func (d *Decoder) text(node *tree.Node, v reflect.Value, f Field, wrong func(string, ...any)) {
	if node.Kind != tree.String {
		switch {
		case isUnmarshaler(v.Type()):
			wrong("%v", unmarshalText(v, "")) // Its error describes a valid text.
		case d.Numbers[f.Path] != nil && node.Kind == tree.Number:
			wrong("%v", d.Numbers[f.Path](node.Text))
		case isScalar(node):
			wrong("must be a string: put it into quotes")
		default:
			wrong("must be a string")
		}
		return
	}
	resolved, err := d.resolve(node.Text)
	if err != nil && d.mayBeMissing(f.Path) {
		d.Document.Unresolved = append(d.Document.Unresolved, UnresolvedReference{f.Path, err})
		return
	}
	if err != nil {
		wrong("%v", err)
		return
	}
	if has := d.Secrets[v.Type()]; v.Type() == reflect.TypeFor[Secret]() || has != nil && has(node.Text) {
		d.noteSecret(node.Text, f.Path)
	}
	if resolved == "" {
		wrong("is empty: set a value, or remove it")
		return
	}
	if isUnmarshaler(v.Type()) {
		if err := unmarshalText(v, resolved); err != nil {
			wrong("%v", err)
		}
		return
	}
	if allowed := enum(f.tag); len(allowed) > 0 && !slices.Contains(allowed, resolved) {
		wrong("must be one of %s", strings.Join(allowed, ", "))
		return
	}
	switch v.Type() {
	case reflect.TypeFor[Path]():
		resolved = string(d.Absolute(resolved))
	case reflect.TypeFor[Directory]():
		resolved = string(d.Absolute(resolved))
		d.Document.Directories = append(d.Document.Directories, File{f.Path, resolved})
	}
	v.SetString(resolved)
}

func unmarshalText(v reflect.Value, text string) error {
	return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) //nolint:errcheck // See isScalarType.
}

// enum lists the values that a field may have, or nil if the tag names none.
func enum(tag reflect.StructTag) []string {
	if tag.Get("enum") == "" {
		return nil
	}
	return strings.Split(tag.Get("enum"), ",")
}

// isScalar reports whether the value is written as one scalar.
func isScalar(node *tree.Node) bool {
	return node.Kind != tree.Object && node.Kind != tree.Array && node.Kind != tree.Invalid
}

// number returns an integer if the literal is one and fits, or else a float.
func number(literal string) any {
	if integer, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return integer
	}
	if integer, err := strconv.ParseUint(literal, 10, 64); err == nil {
		return integer
	}
	float, _ := strconv.ParseFloat(literal, 64) // The literal is a number; one that is too large is infinite.
	return float
}
