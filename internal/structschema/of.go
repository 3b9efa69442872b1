package structschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// Options configure a schema.
type Options struct {
	// Draft is 4, 6, 7, 2019 or 2020.
	Draft int
	// Open allows properties that the structs do not have.
	Open bool
}

// Of returns the schema of a type, without $schema. The error lists all fields that a schema
// cannot describe and all unknown tags, or the keywords that the draft lacks.
func Of(t reflect.Type, options Options) (map[string]any, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	e := &examiner{open: map[reflect.Type]bool{}, recursive: map[reflect.Type]bool{}}
	e.examine(t, t.String(), "")
	if err := errors.Join(e.problems...); err != nil {
		return nil, err
	}
	r := &reflector{options: options, root: t, names: map[reflect.Type]string{}}
	for recursive := range e.order() {
		r.name(recursive)
	}
	schema, err := r.tree(t)
	if err != nil {
		return nil, err
	}
	definitions := map[string]any{}
	for recursive, name := range r.names {
		if recursive == t {
			continue
		}
		if definitions[name], err = r.tree(recursive); err != nil {
			return nil, err
		}
	}
	if len(definitions) > 0 {
		schema["$defs"] = definitions
	}
	return convert(schema, options.Draft)
}

// A reflector makes the schemas of a type and of the recursive types in it.
type reflector struct {
	options Options
	root    reflect.Type
	// names has the names of the definitions of recursive types. The schema refers to
	// these types, and contains all other types in place.
	names map[reflect.Type]string
}

// name returns the name of the definition of a recursive type.
func (r *reflector) name(t reflect.Type) {
	base := strings.Map(func(c rune) rune {
		if c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return c
		}
		return '_'
	}, t.Name())
	name := base
	for taken, i := true, 2; taken; i++ {
		taken = false
		for _, other := range r.names {
			taken = taken || other == name
		}
		if taken {
			name = fmt.Sprintf("%s_%d", base, i)
		}
	}
	r.names[t] = name
}

// tree returns the schema of a type in draft 2020-12.
func (r *reflector) tree(t reflect.Type) (schema map[string]any, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("%s: it has no schema: %v", t, value)
		}
	}()
	within := false
	reflected := (&jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, AllowAdditionalProperties: r.options.Open,
		Mapper: func(found reflect.Type) *jsonschema.Schema {
			if found == t && !within {
				within = true
				return nil
			}
			return r.known(found)
		},
	}).ReflectFromType(t)
	reflected.Version = ""
	relax(t, reflected)
	encoded, err := json.Marshal(reflected)
	if err != nil {
		return nil, fmt.Errorf("%s: it has no schema: %w", t, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&schema); err != nil {
		return nil, fmt.Errorf("%s: its schema is not an object: %w", t, err)
	}
	return schema, nil
}

// known returns the schema of a type that the library must not examine, or nil.
func (r *reflector) known(t reflect.Type) *jsonschema.Schema {
	if r.names[t] != "" {
		if t == r.root {
			return &jsonschema.Schema{Ref: "#"}
		}
		return &jsonschema.Schema{Ref: "#/$defs/" + r.names[t]}
	}
	switch kindOf(t) {
	case kindNumber:
		if t == numberType {
			return &jsonschema.Schema{Type: "number"}
		}
	case kindText:
		if t != timeType {
			return &jsonschema.Schema{Type: "string"}
		}
	default: // The library supports it.
	}
	return nil
}

// relax makes pointer fields optional, unless their tag says otherwise. The library only
// considers omitempty and omitzero.
func relax(t reflect.Type, s *jsonschema.Schema) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s == nil || s.Ref != "" {
		return
	}
	switch kindOf(t) {
	case kindStruct:
		for _, f := range fieldsOf(t) {
			property, ok := s.Properties.Get(f.name)
			if !ok {
				continue
			}
			if f.Type.Kind() == reflect.Pointer && !f.has("required") {
				kept := s.Required[:0]
				for _, name := range s.Required {
					if name != f.name {
						kept = append(kept, name)
					}
				}
				s.Required = kept
			}
			if f.has("nullable") && len(property.OneOf) > 0 {
				property = property.OneOf[0]
			}
			relax(f.Type, property)
		}
	case kindArray:
		relax(t.Elem(), s.Items)
	case kindMap:
		relax(t.Elem(), s.AdditionalProperties)
	default: // It has no fields.
	}
}
