package settings

import (
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// A Decoder puts a document into structs. It goes on after a problem, so that it finds
// all of them.
type Decoder struct {
	Document *Document
	Problems *Collector
	// Directory is what relative paths are relative to.
	Directory string
	// LookUp finds environment variables. Without it, texts have no references.
	LookUp func(string) (string, bool)
	// Optional are the sections whose references may be missing.
	Optional []string
	// Secrets are further types that may hold a secret, with a function that reports
	// whether a text, as it is written, has one.
	Secrets map[reflect.Type]func(text string) bool
	// Custom decode values of their types.
	Custom map[reflect.Type]func(node *tree.Node, member *tree.Member, v reflect.Value, f Field)
	// Numbers explain what is wrong with a number where the field at a path has a text.
	Numbers map[string]func(text string) error
	// Defaults sets absent fields to their "default".
	Defaults bool
}

// Decode decodes a document into a struct.
func (d *Decoder) Decode(body *tree.Node, into any) {
	d.Value(body, nil, reflect.ValueOf(into).Elem(), Field{})
}

// DecodeAt is Decode for a part of a document: path and JSON pointer lead to it.
func (d *Decoder) DecodeAt(body *tree.Node, path, pointer string, into any) {
	d.Value(body, nil, reflect.ValueOf(into).Elem(), Field{Path: path, pointer: pointer})
}

// A Field is what is known about the value to decode.
type Field struct {
	// Path leads to it, with dots.
	Path    string
	pointer string
	tag     reflect.StructTag
}

// Child is a member of the value.
func (f Field) Child(name string) Field {
	path := name
	if f.Path != "" {
		path = f.Path + "." + name
	}
	return Field{Path: path, pointer: f.pointer + "/" + jsonpointer.Escape(name)}
}

func (f Field) element(i int) Field {
	return Field{Path: f.Path + "[" + strconv.Itoa(i) + "]", pointer: f.pointer + "/" + strconv.Itoa(i)}
}

// Value decodes node, the value of member (or nil), into v.
func (d *Decoder) Value(node *tree.Node, member *tree.Member, v reflect.Value, f Field) {
	at := placeOf(node, member, f.pointer)
	d.Document.Places[f.Path] = at
	wrong := func(format string, args ...any) {
		if !isScalar(node) || !isScalarType(v.Type()) {
			d.conceal(node) // It may be a misplaced secret.
		}
		d.Problems.Add(at, f.Path, format, args...)
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
	if custom := d.Custom[v.Type()]; custom != nil {
		custom(node, member, v, f)
		return
	}
	if isScalarType(v.Type()) {
		d.scalar(node, v, f, wrong)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.Value(node, member, v.Elem(), f)
	case reflect.Struct:
		if d.Defaults {
			d.applyDefaults(v)
		}
		d.mapping(node, f, wrong, func(member *tree.Member) { d.structField(member, v, f) })
		d.required(node, at, v, f)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		d.mapping(node, f, wrong, func(member *tree.Member) {
			element := reflect.New(v.Type().Elem()).Elem()
			d.Value(member.Value, member, element, f.Child(member.Name))
			v.SetMapIndex(reflect.ValueOf(member.Name), element)
		})
	case reflect.Slice:
		if node.Kind != tree.Array {
			wrong("must be a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(node.Elements), len(node.Elements)))
		for i, element := range node.Elements {
			d.Value(element, nil, v.Index(i), f.element(i))
		}
	default: // any
		v.Set(reflect.ValueOf(d.free(node, f, wrong)))
	}
}

// mapping calls each for every entry of a mapping.
func (d *Decoder) mapping(node *tree.Node, f Field, wrong func(string, ...any), each func(member *tree.Member)) {
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
			d.Problems.Add(placeOfName(member, f.Child(member.Name).pointer), "", "the key must be a plain string without a tag")
		case first != nil:
			d.conceal(member.Value)
			d.Problems.Add(placeOfName(member, f.Child(member.Name).pointer), "", "%q is already on line %d: remove one of the two", member.Name, first.Line)
		default:
			each(member)
		}
	}
}

func (d *Decoder) structField(member *tree.Member, v reflect.Value, f Field) {
	known := make([]string, v.NumField())
	for i := range v.NumField() {
		known[i] = v.Type().Field(i).Tag.Get("yaml")
		if known[i] == member.Name {
			child := f.Child(member.Name)
			child.tag = v.Type().Field(i).Tag
			d.Value(member.Value, member, v.Field(i), child)
			return
		}
	}
	d.conceal(member.Value)
	where := "the file"
	if f.Path != "" {
		where = f.Path
	}
	known = slices.DeleteFunc(known, func(name string) bool { return name == "" })
	if near := spelling.Nearest(member.Name, known); near != "" {
		d.Problems.Add(placeOfName(member, f.Child(member.Name).pointer), "", "%q is unknown: did you mean %q? %s can have %s", member.Name, near, upperFirst(where), strings.Join(known, ", "))
		return
	}
	d.Problems.Add(placeOfName(member, f.Child(member.Name).pointer), "", "%q is unknown: %s can have %s", member.Name, where, strings.Join(known, ", "))
}

func upperFirst(text string) string {
	if text == "the file" {
		return "The file"
	}
	return text // Keys are case-sensitive.
}

// required reports required fields that are missing.
func (d *Decoder) required(node *tree.Node, at Place, v reflect.Value, f Field) {
	if node.Kind != tree.Object {
		return
	}
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if _, present := d.Document.Places[f.Child(tag.Get("yaml")).Path]; tag.Get("required") != "" && !present {
			d.Problems.Add(at, f.Path, "has no %s, which is required", tag.Get("yaml"))
		}
	}
}

// free decodes a value without a fixed type, like package encoding/json.
func (d *Decoder) free(node *tree.Node, f Field, wrong func(string, ...any)) any {
	switch node.Kind {
	case tree.Object:
		value := map[string]any{}
		d.mapping(node, f, wrong, func(member *tree.Member) {
			element := reflect.New(reflect.TypeFor[any]()).Elem()
			d.Value(member.Value, member, element, f.Child(member.Name))
			value[member.Name] = element.Interface()
		})
		return value
	case tree.Array:
		list := make([]any, len(node.Elements))
		for i, entry := range node.Elements {
			element := reflect.New(reflect.TypeFor[any]()).Elem()
			d.Value(entry, nil, element, f.element(i))
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
func (d *Decoder) conceal(node *tree.Node) { d.Document.private[node] = true }

// Absolute returns a path that is relative to the file.
func (d *Decoder) Absolute(path string) Path {
	if filepath.IsAbs(path) {
		return Path(path)
	}
	return Path(filepath.Join(d.Directory, path))
}
