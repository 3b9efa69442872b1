package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/openbroker/openbroker/internal/tree"
)

// A Schema is a JSON Schema of parameters, or why there is none: Build tells.
type Schema struct {
	parameters json.RawMessage
	err        error
}

// JSONSchema is a schema that is written in JSON.
func JSONSchema(schema string) Schema { return SchemaFrom(json.RawMessage(schema), nil) }

// FileSchema is a schema in a YAML or JSON file, of an embed.FS or of os.DirFS.
func FileSchema(files fs.FS, name string) Schema {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return Schema{err: err}
	}
	node, err := tree.Parse(name, data)
	var faults tree.Errors
	if errors.As(err, &faults) {
		return Schema{err: fmt.Errorf("%s:%d:%d: the file %s", name, faults[0].Line, faults[0].Column, faults[0].Message)}
	}
	if err != nil {
		return Schema{err: err}
	}
	return Schema{parameters: node.JSON()}
}

// SchemaFrom is the schema that another function made, with its error.
func SchemaFrom(schema json.RawMessage, err error) Schema {
	if err == nil && !json.Valid(schema) {
		err = errors.New("it is no valid JSON")
	}
	if err != nil {
		return Schema{err: err}
	}
	return Schema{parameters: schema}
}
