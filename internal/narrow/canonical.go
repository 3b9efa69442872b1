package narrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// decode reads one JSON value, and keeps numbers as text.
func decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text follows the value")
	}
	return value, nil
}

// Same reports whether two JSON texts have the same value: white space, the order of members
// and the spelling of numbers and strings may differ. Texts that are not JSON are the same
// if their bytes are.
func Same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	left, err := decode(a)
	if err != nil {
		return false
	}
	right, err := decode(b)
	return err == nil && canonical(left) == canonical(right)
}

// canonical returns the same text for equal values.
func canonical(value any) string {
	var text strings.Builder
	writeCanonical(&text, value)
	return text.String()
}

func writeCanonical(text *strings.Builder, value any) {
	switch value := value.(type) {
	case nil:
		text.WriteString("null")
	case bool:
		text.WriteString(strconv.FormatBool(value))
	case string:
		text.WriteString(strconv.Quote(value))
	case json.Number:
		if d, ok := parseDecimal(value); ok {
			text.WriteString(d.String())
		} else {
			text.WriteString(string(value))
		}
	case []any:
		text.WriteByte('[')
		for _, element := range value {
			writeCanonical(text, element)
			text.WriteByte(',')
		}
		text.WriteByte(']')
	case map[string]any:
		text.WriteByte('{')
		for _, name := range slices.Sorted(maps.Keys(value)) {
			text.WriteString(strconv.Quote(name))
			text.WriteByte(':')
			writeCanonical(text, value[name])
			text.WriteByte(',')
		}
		text.WriteByte('}')
	}
}

// brief returns a value for a message.
func brief(value any) string {
	const most = 60
	encoded, err := json.Marshal(value)
	if err != nil {
		return "a value"
	}
	if runes := []rune(string(encoded)); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return string(encoded)
}
