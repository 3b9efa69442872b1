package catalog

import (
	"encoding/json"
	"errors"
)

// A Schema is a JSON Schema of parameters, or why there is none: Build tells.
type Schema struct {
	parameters json.RawMessage
	err        error
}

// JSONSchema is a schema that is written in JSON.
func JSONSchema(schema string) Schema { return SchemaFrom(json.RawMessage(schema), nil) }

// SchemaFrom is the schema that another function made, with its error: of a struct,
// SchemaFrom(SchemaOf[Parameters]()), or of a file, SchemaFrom(ReadSchema(files, name)).
func SchemaFrom(schema json.RawMessage, err error) Schema {
	if err == nil && !json.Valid(schema) {
		err = errors.New("it is no valid JSON")
	}
	if err != nil {
		return Schema{err: err}
	}
	return Schema{parameters: schema}
}
