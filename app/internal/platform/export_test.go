package platform

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// Exports for the external tests of this package.

var (
	Quote     = quote
	Attribute = attribute
)

// Typed parses -p with a schema.
func Typed(pair, schema string) (string, error) {
	f := &parameterFlags{pairs: []string{pair}}
	var s *openbroker.InputParametersSchema
	if schema != "" {
		s = &openbroker.InputParametersSchema{Parameters: json.RawMessage(schema)}
	}
	parameters, err := f.read(nil, s)
	return string(parameters), err
}

// Config parses -c.
func Config(config, stdin string) (string, error) {
	f := &parameterFlags{config: config}
	parameters, err := f.read(strings.NewReader(stdin), nil)
	return string(parameters), err
}

// Counter is the content of a document that counts changes.
type Counter struct {
	Count int      `json:"count"`
	Names []string `json:"names"`
}

func Count(ctx context.Context, path, name string) error {
	return document[Counter]{path}.change(ctx, func(c *Counter) error {
		c.Count++
		c.Names = append(c.Names, name)
		return nil
	})
}

func ReadCounter(path string) (Counter, error) { return document[Counter]{path}.read() }

func Touch(ctx context.Context, path string) error {
	return document[Counter]{path}.change(ctx, func(*Counter) error { return nil })
}

// ReadRecord reads a record as the commands do.
func ReadRecord(path string) error {
	_, err := document[record]{path}.read()
	return err
}

type hanging struct{ noVault }

func (hanging) get(string) (string, error) { select {} }

// HangingKeyring reads from a keyring that never responds.
func HangingKeyring(limit time.Duration) error {
	_, err := timedVault{hanging{}, limit}.get("x")
	return err
}
