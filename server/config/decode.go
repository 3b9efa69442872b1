package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A decoder puts a YAML document into structs. It goes on after a problem, so
// that all are found. Package goccy/go-yaml decodes too, but stops at the first
// problem and quotes the lines around it, secrets included.
type decoder struct {
	document  *document
	problems  *collector
	directory string
	lookUp    func(string) (string, bool)
}

func (d *decoder) decode(body ast.Node, config *Config) {
	d.value(body, nil, reflect.ValueOf(config).Elem(), field{})
	// A path in a URL could not be seen as one before.
	if config.Store.SQLite != "" {
		config.Store.SQLite = d.absolute(string(config.Store.SQLite))
	}
}

// A field is what is known about the value that is to be decoded.
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

// value decodes node, which follows key (or nil), into v.
func (d *decoder) value(node, key ast.Node, v reflect.Value, f field) {
	at := placeOf(node, key)
	d.document.places[f.path] = at
	wrong := func(format string, args ...any) {
		if _, scalar := node.(ast.ScalarNode); !scalar || !isScalarType(v.Type()) {
			d.conceal(node) // Whatever this is meant to be.
		}
		d.problems.add(at, f.path, format, args...)
	}
	if problem := unsupported(node); problem != "" {
		d.conceal(node)
		wrong("%s", problem)
		return
	}
	if node.Type() == ast.NullType {
		wrong("has no value: give it one, or remove it")
		return
	}
	if isScalarType(v.Type()) {
		d.scalar(node, v, f, wrong)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(node, key, v.Elem(), f)
	case reflect.Struct:
		d.mapping(node, wrong, func(key, value ast.Node, name string) { d.structField(key, value, name, v, f) })
		d.required(node, at, v, f)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		d.mapping(node, wrong, func(key, value ast.Node, name string) {
			element := reflect.New(v.Type().Elem()).Elem()
			d.value(value, key, element, field{path: f.child(name)})
			v.SetMapIndex(reflect.ValueOf(name), element)
		})
	case reflect.Slice:
		sequence, ok := node.(*ast.SequenceNode)
		if !ok {
			wrong("must be a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values)))
		for i, element := range sequence.Values {
			d.value(element, nil, v.Index(i), field{path: f.path + "[" + strconv.Itoa(i) + "]"})
		}
	default: // any
		if value := d.free(node, f, wrong); value != nil {
			v.Set(reflect.ValueOf(value))
		}
	}
}

// mapping calls each for the entries of a mapping.
func (d *decoder) mapping(node ast.Node, wrong func(string, ...any), each func(key, value ast.Node, name string)) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		wrong("must be a mapping, name: value")
		return
	}
	for entries := mapping.MapRange(); entries.Next(); {
		key, value := entries.Key(), entries.Value()
		name := key.GetToken().Value
		if _, scalar := key.(ast.ScalarNode); !scalar || key.IsMergeKey() || unsupported(key) != "" || name == "" {
			d.conceal(value)
			d.problems.add(placeOf(key, nil), "", "only plain names can be keys: anchors, aliases, tags and merge keys are not supported")
			continue
		}
		each(key, value, name)
	}
}

func (d *decoder) structField(key, value ast.Node, name string, v reflect.Value, f field) {
	known := make([]string, v.NumField())
	for i := range v.NumField() {
		known[i] = v.Type().Field(i).Tag.Get("yaml")
		if known[i] == name && name != "" {
			d.value(value, key, v.Field(i), field{path: f.child(name), tag: v.Type().Field(i).Tag})
			return
		}
	}
	d.conceal(value)
	at := placeOf(key, key)
	where := "the file"
	if f.path != "" {
		where = f.path
	}
	d.problems.add(at, "", "%q is unknown: %s can have %s", name, where, strings.Join(strings.Fields(strings.Join(known, " ")), ", "))
}

// required reports fields that must be there.
func (d *decoder) required(node ast.Node, at place, v reflect.Value, f field) {
	if _, ok := node.(ast.MapNode); !ok {
		return
	}
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if _, there := d.document.places[f.child(tag.Get("yaml"))]; tag.Get("required") != "" && !there {
			d.problems.add(at, f.path, "has no %s, which is required", tag.Get("yaml"))
		}
	}
}

// free decodes what has no fixed form, as package json would.
func (d *decoder) free(node ast.Node, f field, wrong func(string, ...any)) any {
	switch node := node.(type) {
	case ast.MapNode:
		value := map[string]any{}
		d.mapping(node.(ast.Node), wrong, func(key, entry ast.Node, name string) { //nolint:errcheck // A map node is a node.
			element := reflect.New(reflect.TypeFor[any]()).Elem()
			d.value(entry, key, element, field{path: f.child(name)})
			value[name] = element.Interface()
		})
		return value
	case *ast.SequenceNode:
		list := make([]any, len(node.Values))
		for i, entry := range node.Values {
			element := reflect.New(reflect.TypeFor[any]()).Elem()
			d.value(entry, nil, element, field{path: fmt.Sprintf("%s[%d]", f.path, i)})
			list[i] = element.Interface()
		}
		return list
	case *ast.IntegerNode:
		return node.Value
	case *ast.FloatNode:
		return node.Value
	case *ast.BoolNode:
		return node.Value
	}
	text, ok := text(node)
	if !ok {
		wrong("must be a text, a number, true, false, a list or a mapping")
		return nil
	}
	resolved, err := d.resolve(text)
	if err != nil {
		wrong("%v", err)
	}
	return resolved
}

// conceal marks the lines of what may be a secret.
func (d *decoder) conceal(node ast.Node) {
	ast.Walk(concealer{d.document}, node)
}

type concealer struct{ document *document }

// Visit marks the lines of a node. A text of several lines may have its position
// at either end.
func (c concealer) Visit(node ast.Node) ast.Visitor {
	if node == nil {
		return nil
	}
	if token := node.GetToken(); token != nil && token.Position != nil {
		more := strings.Count(strings.TrimSpace(token.Origin), "\n")
		for line := token.Position.Line - more; line <= token.Position.Line+more; line++ {
			c.document.private[line] = true
		}
	}
	return c
}

// unsupported tells what is wrong with a node that is no plain value.
func unsupported(node ast.Node) string {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "has an anchor or an alias, which are not supported: write the value out"
	case *ast.TagNode:
		return "has a tag, which is not supported: remove it"
	default:
		return ""
	}
}

func (d *decoder) absolute(path string) Path {
	if filepath.IsAbs(path) {
		return Path(path)
	}
	return Path(filepath.Join(d.directory, path))
}
