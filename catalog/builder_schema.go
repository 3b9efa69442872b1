package catalog

import (
	"encoding/json"
	"errors"
)

// A Schema is a JSON Schema of parameters, or an error, which [Build] returns.
type Schema struct {
	parameters json.RawMessage
	err        error
}

// JSONSchema returns a schema that is written in JSON.
func JSONSchema(schema string) Schema { return SchemaFrom(json.RawMessage(schema), nil) }

// SchemaFrom takes the results of another function: SchemaFrom(SchemaOf[Parameters]())
// for a struct, SchemaFrom(ReadSchema(files, name)) for a file.
func SchemaFrom(schema json.RawMessage, err error) Schema {
	if err == nil && !json.Valid(schema) {
		err = errors.New("it is not valid JSON")
	}
	if err != nil {
		return Schema{err: err}
	}
	return Schema{parameters: schema}
}
