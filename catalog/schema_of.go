package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"

	"github.com/openbroker/openbroker/internal/paramcheck"
	"github.com/openbroker/openbroker/internal/structschema"
)

// A Draft is a version of JSON Schema, as $schema names it.
type Draft string

// The drafts that [Validator] supports. Cloud Foundry accepts draft-04 and draft-06 only.
const (
	Draft04     Draft = "http://json-schema.org/draft-04/schema#"
	Draft06     Draft = "http://json-schema.org/draft-06/schema#"
	Draft07     Draft = "http://json-schema.org/draft-07/schema#"
	Draft201909 Draft = "https://json-schema.org/draft/2019-09/schema"
	Draft202012 Draft = "https://json-schema.org/draft/2020-12/schema"
)

// A SchemaOption configures [SchemaOf].
type SchemaOption func(*structSchemaOptions)

type structSchemaOptions struct {
	draft Draft
	open  bool
}

// WithDraft sets the draft of the schema, Draft04 by default.
func WithDraft(d Draft) SchemaOption {
	return func(o *structSchemaOptions) { o.draft = d }
}

// WithAdditionalProperties allows properties that the structs do not have. By default
// they are refused, because most are typing errors.
func WithAdditionalProperties() SchemaOption {
	return func(o *structSchemaOptions) { o.open = true }
}

// SchemaOf returns the JSON Schema of T, a struct or a map that parameters are decoded
// into, for [openbroker.InputParametersSchema]. Fields have the names of their json tags,
// and the keywords of their jsonschema tags, such as
//
//	Size int `json:"size" jsonschema:"minimum=1,maximum=64,description=in GiB"`
//
// docs/parameters.md lists the keywords. Fields are required unless they are pointers or
// have the option omitempty or omitzero. A type can describe itself with the method
// JSONSchema of package github.com/invopop/jsonschema.
//
// The schema is complete: it has references for recursive types only. The error lists
// fields that a schema cannot describe, unknown tags, and keywords that the draft does not
// have.
func SchemaOf[T any](options ...SchemaOption) (json.RawMessage, error) {
	o := structSchemaOptions{draft: Draft04}
	for _, option := range options {
		option(&o)
	}
	t := reflect.TypeFor[T]()
	text, err := o.schemaOf(t)
	if err != nil {
		return nil, fmt.Errorf("catalog: the schema of %s: %w", t, err)
	}
	return text, nil
}

func (o *structSchemaOptions) schemaOf(t reflect.Type) (json.RawMessage, error) {
	version, known := map[Draft]int{Draft04: 4, Draft06: 6, Draft07: 7, Draft201909: 2019, Draft202012: 2020}[o.draft]
	if !known {
		return nil, fmt.Errorf("unknown draft %q: use one of the constants", string(o.draft))
	}
	schema, err := structschema.Of(t, structschema.Options{Draft: version, Open: o.open})
	if err != nil {
		return nil, err
	}
	if schema["type"] != "object" {
		return nil, errors.New("parameters must be an object: use a struct, or a map with string keys")
	}
	schema["$schema"] = string(o.draft)
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	if _, err := paramcheck.Compile(text); err != nil {
		return nil, err
	}
	return text, nil
}

// ReadSchema returns the JSON Schema in a file, for [openbroker.InputParametersSchema]. It
// fails if the file cannot be read, or is not a schema for a plan: the schema must have a
// $schema, be at most 64 kB, have no references to other documents, and compile.
func ReadSchema(fsys fs.FS, name string) (json.RawMessage, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("catalog: reading a schema: %w", err)
	}
	if _, err := paramcheck.Compile(text); err != nil {
		return nil, fmt.Errorf("catalog: the schema in %s: %w", name, err)
	}
	var head struct {
		Schema string `json:"$schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Schema == "" {
		return nil, fmt.Errorf("catalog: the schema in %s has no $schema, which the specification requires: add \"$schema\": %q", name, Draft04)
	}
	return text, nil
}
