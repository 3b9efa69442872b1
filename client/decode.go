package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"
)

// decodeObject returns the members of a body that must be a JSON object. The caller
// matches names exactly, as the specification requires; encoding/json would also
// accept OPERATION for operation.
//
// The lenient mode accepts a byte order mark, Latin-1, an empty body and content
// after the object. The strict mode returns an error for them. Errors do not repeat
// values.
func decodeObject(a *brokerResponse, strict bool) (map[string]json.RawMessage, error) {
	body := a.body
	if strict {
		if err := checkStrict(a); err != nil {
			return nil, err
		}
	} else {
		body = bytes.TrimPrefix(body, byteOrderMark)
		if len(bytes.TrimSpace(body)) == 0 {
			return map[string]json.RawMessage{}, nil
		}
		if !utf8.Valid(body) {
			body = fromLatin1(body)
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var fields map[string]json.RawMessage
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, fmt.Errorf("the body is %s, not a JSON object", describeBody(a))
	}
	if strict && len(bytes.TrimSpace(body[decoder.InputOffset():])) > 0 {
		return nil, errors.New("the body continues after the JSON object")
	}
	return fields, nil
}

var byteOrderMark = []byte("\uFEFF")

func fromLatin1(body []byte) []byte {
	text := make([]rune, len(body))
	for i, b := range body {
		text[i] = rune(b)
	}
	return []byte(string(text))
}

func describeBody(a *brokerResponse) string {
	body := bytes.TrimSpace(bytes.TrimPrefix(a.body, byteOrderMark))
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return "empty"
	case !json.Valid(body) && media != "" && !isJSON(media):
		return fmt.Sprintf("%d bytes of %s", len(a.body), media)
	case !json.Valid(body):
		return "not valid JSON"
	}
	switch body[0] {
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	default:
		return "a number"
	}
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

func checkStrict(a *brokerResponse) error {
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case err != nil || !isJSON(media):
		return errors.New("the Content-Type is not application/json")
	case bytes.HasPrefix(a.body, byteOrderMark):
		return errors.New("the body begins with a byte order mark")
	case !utf8.Valid(a.body):
		return errors.New("the body is not UTF-8")
	case !json.Valid(a.body):
		// The decoder reports it, and bounds the depth.
		return nil
	}
	return checkNames(json.NewDecoder(bytes.NewReader(a.body)), "")
}

// checkNames returns an error if an object has two members of the same name. The
// JSON must be valid.
func checkNames(decoder *json.Decoder, path string) error {
	token, err := decoder.Token()
	if err != nil {
		return nil //nolint:nilerr // The JSON is valid.
	}
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for decoder.More() {
			token, err := decoder.Token()
			name, ok := token.(string)
			if err != nil || !ok {
				return nil //nolint:nilerr // The JSON is valid.
			}
			if seen[name] {
				return fmt.Errorf("the field %s%s occurs twice", path, name)
			}
			seen[name] = true
			if err := checkNames(decoder, path+name+"."); err != nil {
				return err
			}
		}
		_, _ = decoder.Token()
	case json.Delim('['):
		for decoder.More() {
			if err := checkNames(decoder, path); err != nil {
				return err
			}
		}
		_, _ = decoder.Token()
	}
	return nil
}

// A reader decodes the defined fields of a response. It keeps the first error.
type reader struct {
	fields map[string]json.RawMessage
	strict bool
	known  []string
	err    error
}

// read decodes the field name into v and keeps every digit of numbers. A null counts
// as absent, except in strict mode.
func (r *reader) read(name string, v any) {
	r.known = append(r.known, name)
	raw, present := r.fields[name]
	if !present || r.err != nil {
		return
	}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		if r.strict {
			r.err = fmt.Errorf("%s is null: a field without a value must be omitted", name)
		}
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
		r.err = errors.New(describeField(name, err))
	}
}

// nullable works like read for a field that may be null by the specification.
func (r *reader) nullable(name string, v any) {
	if string(bytes.TrimSpace(r.fields[name])) == "null" {
		r.known = append(r.known, name)
		return
	}
	r.read(name, v)
}

// optional works like read for a field that the response can do without: the lenient
// mode ignores a value that it cannot decode.
func (r *reader) optional(name string, v any) {
	before := r.err
	r.read(name, v)
	if !r.strict {
		r.err = before
	}
}

// finish returns the first error. In strict mode, it also reports names that differ
// from a defined name only in case.
func (r *reader) finish() error {
	if r.err != nil || !r.strict {
		return r.err
	}
	for name := range r.fields {
		if slices.Contains(r.known, name) {
			continue
		}
		for _, known := range r.known {
			if strings.EqualFold(name, known) {
				return fmt.Errorf("the field %s must be spelled %s", name, known)
			}
		}
	}
	return nil
}

// describeField describes an invalid field without repeating its value.
func describeField(name string, err error) string {
	var wrongType *json.UnmarshalTypeError
	if !errors.As(err, &wrongType) {
		return name + " has an invalid value"
	}
	if wrongType.Field != "" {
		name += "." + wrongType.Field
	}
	kind, _, _ := strings.Cut(wrongType.Value, " ")
	return fmt.Sprintf("%s has the wrong type %s", name, kind)
}
