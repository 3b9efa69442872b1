package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// A decoder decodes a document into structs. It continues after a problem to find
// all problems.
type decoder struct {
	document  *document
	problems  *collector
	directory string
	lookUp    func(string) (string, bool)
	// optional are the sections whose references may be missing.
	optional []string
}

func (d *decoder) decode(body *tree.Node, config *Config) {
	d.value(body, nil, reflect.ValueOf(config).Elem(), field{})
	// Before, it was unknown whether the URL has a path.
	if config.Store.SQLite != "" {
		config.Store.SQLite = d.absolute(string(config.Store.SQLite))
	}
}

// A field is the path and the tag of a value.
type field struct {
	path string
	tag  reflect.StructTag
}

func (f field) child(name string) string {
	if f.path == "" {
		return name
	}
	return f.path + "." + name
}

// value decodes node, the value of member (or nil), into v.
func (d *decoder) value(node *tree.Node, member *tree.Member, v reflect.Value, f field) {
	at := placeOf(node, member)
	d.document.places[f.path] = at
	wrong := func(format string, args ...any) {
		if !isScalar(node) || !isScalarType(v.Type()) {
			d.conceal(node) // It may be a misplaced secret.
		}
		d.problems.add(at, f.path, format, args...)
	}
	switch node.Kind {
	case tree.Invalid:
		d.conceal(node)
		wrong("%s", node.Fault)
		return
	case tree.Null:
		wrong("has no value: set a value, or remove it")
		return
	default:
	}
	if isScalarType(v.Type()) {
		d.scalar(node, v, f, wrong)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(node, member, v.Elem(), f)
	case reflect.Struct:
		d.mapping(node, wrong, func(member *tree.Member) { d.structField(member, v, f) })
		d.required(node, at, v, f)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		d.mapping(node, wrong, func(member *tree.Member) {
			element := reflect.New(v.Type().Elem()).Elem()
			d.value(member.Value, member, element, field{path: f.child(member.Name)})
			v.SetMapIndex(reflect.ValueOf(member.Name), element)
		})
	case reflect.Slice:
		if node.Kind != tree.Array {
			wrong("must be a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(node.Elements), len(node.Elements)))
		for i, element := range node.Elements {
			d.value(element, nil, v.Index(i), field{path: f.path + "[" + strconv.Itoa(i) + "]"})
		}
	default: // any
		v.Set(reflect.ValueOf(d.free(node, f, wrong)))
	}
}

// mapping calls each for every entry of a mapping.
func (d *decoder) mapping(node *tree.Node, wrong func(string, ...any), each func(member *tree.Member)) {
	if node.Kind != tree.Object {
		wrong("must be a mapping, name: value")
		return
	}
	repeated := map[int]*tree.Member{}
	for i, first := range node.Repeated() {
		repeated[i] = first
	}
	for i := range node.Members {
		member := &node.Members[i]
		first := repeated[i]
		switch {
		case member.Fault != "" || member.Name == "":
			d.conceal(member.Value)
			d.problems.add(placeOfName(member), "", "the key must be a plain string without a tag")
		case first != nil:
			d.conceal(member.Value)
			d.problems.add(placeOfName(member), "", "%q is already on line %d: remove one of the two", member.Name, first.Line)
		default:
			each(member)
		}
	}
}

func (d *decoder) structField(member *tree.Member, v reflect.Value, f field) {
	known := make([]string, v.NumField())
	for i := range v.NumField() {
		known[i] = v.Type().Field(i).Tag.Get("yaml")
		if known[i] == member.Name {
			d.value(member.Value, member, v.Field(i), field{path: f.child(member.Name), tag: v.Type().Field(i).Tag})
			return
		}
	}
	d.conceal(member.Value)
	where := "the file"
	if f.path != "" {
		where = f.path
	}
	known = slices.DeleteFunc(known, func(name string) bool { return name == "" })
	if near := spelling.Nearest(member.Name, known); near != "" {
		d.problems.add(placeOfName(member), "", "%q is unknown: did you mean %q? %s can have %s", member.Name, near, upperFirst(where), strings.Join(known, ", "))
		return
	}
	d.problems.add(placeOfName(member), "", "%q is unknown: %s can have %s", member.Name, where, strings.Join(known, ", "))
}

func upperFirst(text string) string {
	if text == "the file" {
		return "The file"
	}
	return text // Keys are case-sensitive.
}

// required reports required fields that are missing.
func (d *decoder) required(node *tree.Node, at place, v reflect.Value, f field) {
	if node.Kind != tree.Object {
		return
	}
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if _, present := d.document.places[f.child(tag.Get("yaml"))]; tag.Get("required") != "" && !present {
			d.problems.add(at, f.path, "has no %s, which is required", tag.Get("yaml"))
		}
	}
}

// free decodes a value without a fixed type, like package encoding/json.
func (d *decoder) free(node *tree.Node, f field, wrong func(string, ...any)) any {
	switch node.Kind {
	case tree.Object:
		value := map[string]any{}
		d.mapping(node, wrong, func(member *tree.Member) {
			element := reflect.New(reflect.TypeFor[any]()).Elem()
			d.value(member.Value, member, element, field{path: f.child(member.Name)})
			value[member.Name] = element.Interface()
		})
		return value
	case tree.Array:
		list := make([]any, len(node.Elements))
		for i, entry := range node.Elements {
			element := reflect.New(reflect.TypeFor[any]()).Elem()
			d.value(entry, nil, element, field{path: fmt.Sprintf("%s[%d]", f.path, i)})
			list[i] = element.Interface()
		}
		return list
	case tree.Bool:
		return node.Text == "true"
	case tree.Number:
		return number(node.Text)
	default:
	}
	resolved, err := d.resolve(node.Text)
	if err != nil {
		wrong("%v", err)
	}
	return resolved
}

// conceal marks a value that may be a secret.
func (d *decoder) conceal(node *tree.Node) { d.document.private[node] = true }

func (d *decoder) absolute(path string) Path {
	if filepath.IsAbs(path) {
		return Path(path)
	}
	return Path(filepath.Join(d.directory, path))
}
