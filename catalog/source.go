package catalog

import (
	"encoding/json"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog/internal/rules"
	"github.com/openbroker/openbroker/catalog/internal/source"
)

// A Source is the text of a catalog, with the position of each value. It is immutable, and
// safe for concurrent use. Package lint checks it.
type Source source.Source

// LoadSource reads the text of a catalog from a YAML or JSON file, or from a directory.
//
// In a directory, it reads all files *.yaml, *.yml and *.json that are not hidden, sorted
// by name. Each file is a catalog, a list of services or one service. LoadSource joins the
// services in this order, and leaves out JSON Schemas, which have a $schema. Instead of a
// schema of parameters, {$file: PATH} names a YAML or JSON file with the schema. The path
// is relative to the file, and must not leave the directory.
//
// The error is [Errors] if the files can be read, but are not a catalog. [Source.Catalog]
// and package lint find other faults.
func LoadSource(path string) (*Source, error) { return LoadSourceAt(path, "") }

// LoadSourceAt is [LoadSource] for a catalog that is a part of a file, such as the
// configuration of a broker. The pointer (RFC 6901) leads to the catalog, to a list of
// services or to a service. An empty pointer means the whole file.
func LoadSourceAt(path, pointer string) (*Source, error) {
	return usable(source.Load(path, pointer))
}

// ParseSource is [LoadSource] for the content of one file that is not on disk. It cannot
// refer to other files. It is JSON if the name ends in .json, else YAML. The error is
// [Errors].
func ParseSource(name string, data []byte) (*Source, error) {
	return usable(source.Parse(name, data))
}

// ParseResponse reads the response of a running broker to GET /v2/catalog. Positions refer
// to the indented body, or to the original body if the indented one would be too large;
// their file is the URL. The error is [Errors], also for a status other than 200 (spec.md,
// "Catalog Management").
func ParseResponse(url string, status int, header http.Header, body []byte) (*Source, error) {
	return usable(source.ParseResponse(url, status, header, body))
}

// SourceOf returns the source of a catalog that is written in Go. Findings have pointers
// instead of positions. SourceOf fails if an extension field or a schema is not JSON.
func SourceOf(c *openbroker.Catalog) (*Source, error) {
	if c == nil {
		c = &openbroker.Catalog{}
	}
	encoded, err := c.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return usable(source.Generate(encoded))
}

// usable returns a source without faults.
func usable(s *source.Source, err error) (*Source, error) {
	if err != nil {
		return nil, err
	}
	if err := errorsOf(rules.Faults(s)); err != nil {
		return nil, err
	}
	return (*Source)(s), nil
}

// Catalog decodes the catalog without validating it. Fields that the specification and
// its profile define must have the right type. Catalog leaves out those that are null,
// because the specification has no null. It keeps all other fields as extensions, with
// numbers and strings as they are written. The error is [Errors].
func (s *Source) Catalog() (*openbroker.Catalog, error) {
	text := (*source.Source)(s)
	if err := errorsOf(rules.Decoding(text)); err != nil {
		return nil, err
	}
	c := &openbroker.Catalog{}
	if err := json.Unmarshal(text.DefinedJSON(), c); err != nil {
		return nil, errorsOf(rules.Undecodable(text, err))
	}
	return c, nil
}
