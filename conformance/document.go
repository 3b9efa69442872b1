package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A document is a body parsed as JSON.
type document struct {
	// value is nil if the body is empty, not JSON, or null.
	value any
	// fault says why the body is not JSON, or is "".
	fault string
	// duplicate is the name of a member that occurs twice in an object.
	duplicate string
}

// maxDepth is the deepest nesting that is read.
const maxDepth = 200

// readDocument parses a body. Numbers keep their notation.
func readDocument(body []byte) document {
	if len(bytes.TrimSpace(body)) == 0 {
		return document{fault: "the body is empty"}
	}
	if !utf8.Valid(body) {
		return document{fault: "the body is not UTF-8"}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var doc document
	value, err := doc.read(decoder, 0)
	if err == nil {
		_, err = decoder.Token()
		if errors.Is(err, io.EOF) {
			doc.value = value
			return doc
		}
		if err == nil {
			err = errors.New("it has data after the JSON value")
		}
	}
	return document{fault: "the body is not JSON: " + clip(err.Error(), 120)}
}

func (d *document) read(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			key, _ := name.(string)
			if _, found := object[key]; found {
				d.duplicate = key
			}
			if object[key], err = d.read(decoder, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = decoder.Token()
		return object, err
	case json.Delim('['):
		array := []any{}
		for decoder.More() {
			element, err := d.read(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			array = append(array, element)
		}
		_, err = decoder.Token()
		return array, err
	default:
		return token, nil
	}
}
