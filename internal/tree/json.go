package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// parseJSON reads a JSON document. Package json validates it first, so that the reader can
// assume valid syntax.
func parseJSON(file *File) (*Node, Errors, *Error) {
	if len(bytes.TrimSpace(file.data)) == 0 {
		return nil, nil, &Error{Place{file, 1, 1}, "is empty"}
	}
	var whole json.RawMessage
	if err := json.Unmarshal(file.data, &whole); err != nil {
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) {
			return nil, nil, &Error{Place{file, 1, 1}, "is not valid JSON"}
		}
		offset := int(syntax.Offset)
		if !strings.HasPrefix(syntax.Error(), "unexpected end") {
			offset-- // The offset follows the character.
		}
		return nil, nil, &Error{file.at(offset), "is not valid JSON: " + syntax.Error()}
	}
	r := &jsonReader{file: file, data: file.data, line: 1}
	node, err := r.value(0)
	return node, nil, err
}

// A jsonReader walks a valid JSON document.
type jsonReader struct {
	file *File
	data []byte
	pos  int

	// line and column belong to the byte at counted. place continues to count there,
	// so that a document of one long line takes linear time.
	line, column, counted int

	values int
}

// next skips white space and separators.
func (r *jsonReader) next() byte {
	for {
		switch c := r.data[r.pos]; c {
		case '\n':
			r.pos++
			r.line, r.column, r.counted = r.line+1, 0, r.pos
		case ' ', '\t', '\r', ',', ':':
			r.pos++
		default:
			return c
		}
	}
}

func (r *jsonReader) place() Place {
	r.column += utf8.RuneCount(r.data[r.counted:r.pos])
	r.counted = r.pos
	return Place{r.file, r.line, r.column + 1}
}

func (r *jsonReader) value(depth int) (*Node, *Error) {
	first := r.next()
	node := &Node{Place: r.place()}
	if depth > maxDepth {
		return nil, tooDeep(node.Place)
	}
	if r.values++; r.values > maxValues {
		return nil, tooMany(node.Place)
	}
	start := r.pos
	switch first {
	case '{':
		node.Kind = Object
		r.pos++
		for r.next() == '"' {
			place := r.place()
			name := r.text()
			value, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			node.Members = append(node.Members, Member{Place: place, Name: name, Value: value})
		}
		r.pos++
	case '[':
		node.Kind = Array
		r.pos++
		for r.next() != ']' {
			value, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			node.Elements = append(node.Elements, value)
		}
		r.pos++
	case '"':
		node.Kind, node.Text = String, r.text()
	default:
		r.literal(node, first)
	}
	node.raw = r.data[start:r.pos:r.pos]
	return node, nil
}

// text returns the value of the string at pos.
func (r *jsonReader) text() string {
	start, escaped := r.pos, false
	for r.pos++; r.data[r.pos] != '"'; r.pos++ {
		if r.data[r.pos] == '\\' {
			escaped = true
			r.pos++
		}
	}
	r.pos++
	quoted := r.data[start:r.pos]
	if !escaped {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	_ = json.Unmarshal(quoted, &text) // The string is valid.
	return text
}

// literal reads a number, true, false or null.
func (r *jsonReader) literal(node *Node, first byte) {
	start := r.pos
	for r.pos < len(r.data) && !strings.ContainsRune(",]} \t\r\n", rune(r.data[r.pos])) {
		r.pos++
	}
	switch first {
	case 'n':
		node.Kind = Null
		return
	case 't', 'f':
		node.Kind = Bool
	default:
		node.Kind = Number
	}
	node.Text = string(r.data[start:r.pos])
}

func tooMany(at Place) *Error {
	return &Error{at, fmt.Sprintf("has more than %d values", maxValues)}
}

func tooDeep(at Place) *Error {
	return &Error{at, fmt.Sprintf("is nested more than %d levels deep", maxDepth)}
}
