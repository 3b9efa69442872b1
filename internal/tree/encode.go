package tree

import (
	"bytes"
	"encoding/json"
)

// JSON returns the value as JSON. Numbers keep their notation. If a name is repeated in
// an object, the first member counts.
func (n *Node) JSON() []byte { return n.AppendJSON(nil) }

// AppendJSON appends the value as JSON.
func (n *Node) AppendJSON(to []byte) []byte {
	switch n.Kind {
	case Object:
		to = append(to, '{')
		first := true
		for member := range n.Unique() {
			if !first {
				to = append(to, ',')
			}
			first = false
			to = append(appendString(to, member.Name), ':')
			to = member.Value.AppendJSON(to)
		}
		return append(to, '}')
	case Array:
		to = append(to, '[')
		for i, element := range n.Elements {
			if i > 0 {
				to = append(to, ',')
			}
			to = element.AppendJSON(to)
		}
		return append(to, ']')
	case String:
		if n.raw != nil {
			return append(to, n.raw...)
		}
		return appendString(to, n.Text)
	case Null, Invalid:
		return append(to, "null"...)
	default:
		return append(to, n.Text...)
	}
}

func appendString(to []byte, text string) []byte {
	if !isPlain(text) {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(text) // Encoding a string does not fail.
		return append(to, bytes.TrimSuffix(out.Bytes(), []byte{'\n'})...)
	}
	to = append(to, '"')
	to = append(to, text...)
	return append(to, '"')
}

// isPlain reports whether JSON needs no escapes for the text.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Value returns the value as package json decodes it, with numbers as [json.Number].
func (n *Node) Value() any {
	switch n.Kind {
	case Object:
		object := make(map[string]any, len(n.Members))
		for member := range n.Unique() {
			object[member.Name] = member.Value.Value()
		}
		return object
	case Array:
		array := make([]any, len(n.Elements))
		for i, element := range n.Elements {
			array[i] = element.Value()
		}
		return array
	case String:
		return n.Text
	case Number:
		return json.Number(n.Text)
	case Bool:
		return n.Text == "true"
	default:
		return nil
	}
}
