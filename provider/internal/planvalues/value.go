package planvalues

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Decode returns JSON as data for templates: objects as map[string]any, lists as []any,
// numbers with their digits.
func Decode(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// Object is Decode for an object. Anything else is an empty one.
func Object(raw []byte) map[string]any {
	value, err := Decode(raw)
	if object, ok := value.(map[string]any); err == nil && ok {
		return object
	}
	return map[string]any{}
}

// encoded returns a value as JSON.
func encoded(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // Decoded JSON can be encoded.
	return strings.TrimSuffix(out.String(), "\n")
}

// textOf returns the text of a value.
func textOf(value any) (string, error) {
	value, err := present(value)
	if err != nil {
		return "", err
	}
	switch v := value.(type) {
	case string:
		return v, nil
	case json.Number:
		return string(v), nil
	case bool:
		return encoded(v), nil
	default:
		return "", wrongf("a text is needed, not %s; json makes one", kindOf(value))
	}
}

func textsOf(values []any) ([]string, error) {
	texts := make([]string, len(values))
	for i, value := range values {
		var err error
		if texts[i], err = textOf(value); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// isTrue reports whether a value is not false, 0 or empty.
func isTrue(value any) (bool, error) {
	value, err := present(value)
	if err != nil {
		return false, err
	}
	switch v := value.(type) {
	case bool:
		return v, nil
	case json.Number:
		return strings.Trim(strings.SplitN(strings.ToLower(string(v)), "e", 2)[0], "-0.") != "", nil
	default:
		return sizeOf(value) > 0, nil
	}
}

func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return "null"
	}
}

// sizeOf returns the size of a value: the bytes of its texts, and one for each value in
// it.
func sizeOf(value any) int {
	switch v := value.(type) {
	case string:
		return len(v)
	case json.Number:
		return len(v)
	case []any:
		size := len(v)
		for _, element := range v {
			size += sizeOf(element)
		}
		return size
	case map[string]any:
		size := len(v)
		for name, member := range v {
			size += len(name) + sizeOf(member)
		}
		return size
	default:
		return 0
	}
}
