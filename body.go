package openbroker

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"
)

// readBody reads the request body, one JSON object, member by member, and
// returns it.
func (c *call) readBody(read func(name string, value json.RawMessage) *Error) (Parameters, *Error) {
	if err := checkContentType(c.r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	if c.r.ContentLength > c.maxBodySize {
		return nil, c.tooLarge()
	}
	body, err := c.readAll()
	var tooLong *http.MaxBytesError
	osbError, refused := asError(err)
	switch {
	case refused:
		return nil, osbError // It comes from a reader that wraps the body, such as a limit.
	case errors.As(err, &tooLong):
		return nil, c.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		// Platforms treat a 408 as a request that did not arrive.
		return nil, NewError(http.StatusRequestTimeout, "", "The request body did not arrive in time.").WithCause(err)
	case err != nil:
		return nil, ErrBadRequest.WithDescription("The request body ended early or could not be read.").WithCause(err)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, ErrBadRequest.WithDescription("The request body is empty: a JSON object is required.")
	case !utf8.Valid(body):
		return nil, ErrBadRequest.WithDescription("The request body is not valid JSON: it is not UTF-8.")
	case !json.Valid(body):
		return nil, ErrBadRequest.WithDescription("%s", describeJSON(json.Unmarshal(body, new(any)), ""))
	case !isObject(body):
		return nil, ErrBadRequest.WithDescription("The request body must be a JSON object.")
	}
	body = bytes.TrimSpace(body)
	for name, value := range members(body) {
		if err := read(name, value); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func (c *call) tooLarge() *Error {
	return NewError(http.StatusRequestEntityTooLarge, "", fmt.Sprintf("The request body is too large: at most %d bytes are accepted.", c.maxBodySize))
}

// readAll reads the body, into a buffer of the right size if the length is known.
func (c *call) readAll() ([]byte, error) {
	limited := http.MaxBytesReader(c.w, c.r.Body, c.maxBodySize)
	if c.r.ContentLength <= 0 {
		return io.ReadAll(limited)
	}
	body := make([]byte, c.r.ContentLength)
	_, err := io.ReadFull(limited, body)
	return body, err
}

func checkContentType(header string) *Error {
	if header == "" || header == "application/json" {
		return nil
	}
	media, _, err := mime.ParseMediaType(header)
	if err == nil && (media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")) {
		return nil
	}
	return ErrBadRequest.WithDescription("The header Content-Type must be application/json or absent, not %q.", shorten(header))
}

// describeJSON describes a JSON error without values, which may be secret. prefix
// is the field that holds the JSON, or "".
func describeJSON(err error, prefix string) string {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		field := strings.Trim(prefix+"."+wrongType.Field, ".")
		if field == "" {
			field = "the value"
		}
		kind, _, _ := strings.Cut(wrongType.Value, " ") // "number 12345" repeats the value
		article := map[string]string{"array": "an array", "object": "an object", "bool": "a boolean"}[kind]
		return fmt.Sprintf("%s must be %s, not %s", field, describeType(wrongType.Type), cmp.Or(article, "a "+kind))
	case errors.As(err, &syntax):
		return fmt.Sprintf("The request body is not valid JSON: %v at byte %d.", syntax, syntax.Offset)
	case prefix != "":
		return prefix + " is not valid"
	default:
		return "The request body is not valid."
	}
}

func describeType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "an integer"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "of another type"
	}
}
