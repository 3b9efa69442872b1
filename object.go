package openbroker

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// The handler reads request bodies member by member and not into structs: names
// match exactly, null counts as absent, every error names its field, and objects
// that are passed on are not copied.

// members yields the names and values of a valid JSON object in order. Values are
// slices of object.
func members(object []byte) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for i := nextToken(object, 1); i < len(object) && object[i] == '"'; i = nextToken(object, i) {
			end := skipString(object, i)
			name := object[i:end]
			i = nextToken(object, end)
			end = skipValue(object, i)
			if !yield(stringOf(name), json.RawMessage(object[i:end:end])) {
				return
			}
			i = end
		}
	}
}

// nextToken returns the index of the next byte that is neither white space nor a
// separator.
func nextToken(data []byte, i int) int {
	for i < len(data) {
		switch data[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			return i
		}
	}
	return i
}

// skipString returns the end of the string that starts at i.
func skipString(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return i
}

// skipValue returns the end of the value that starts at i.
func skipValue(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			i = skipString(data, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				// Below zero, the bracket ends the object around a number or literal.
				return i + 1 + depth
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

// stringOf decodes a valid JSON string.
func stringOf(quoted []byte) string {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // A valid string cannot fail.
	return s
}

// isObject reports whether valid JSON is an object.
func isObject(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{'
}

func isNull(value json.RawMessage) bool { return len(value) > 0 && value[0] == 'n' }

// readString reads a member that must be a string. Null counts as absent.
func readString(into *string, field string, value json.RawMessage) *Error {
	switch {
	case value[0] == '"':
		*into = stringOf(value)
	case isNull(value):
		*into = ""
	default:
		return wrongType(field, "a string", value)
	}
	return nil
}

// readObject reads a member that must be an object. Null counts as absent, because
// Korifi sends "parameters": null.
func readObject[T ~[]byte](into *T, field string, value json.RawMessage) *Error {
	switch {
	case value[0] == '{':
		*into = T(value)
	case isNull(value):
		*into = nil
	default:
		return wrongType(field, "an object", value)
	}
	return nil
}

// readMembers reads a member that must be an object, member by member. Null counts
// as absent; present is then false.
func readMembers(field string, value json.RawMessage, read func(name string, value json.RawMessage) *Error) (present bool, err *Error) {
	var object json.RawMessage
	if err := readObject(&object, field, value); err != nil || object == nil {
		return false, err
	}
	for name, value := range members(object) {
		if err := read(name, value); err != nil {
			return true, err
		}
	}
	return true, nil
}

func wrongType(field, want string, got json.RawMessage) *Error {
	return ErrBadRequest.WithDescription("%s must be %s, not %s", field, want, kindOf(got))
}

func kindOf(value json.RawMessage) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}
