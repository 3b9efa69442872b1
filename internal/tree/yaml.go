package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// parseYAML reads a YAML document of plain values: what has an anchor, an alias
// or a tag, or what JSON cannot say, is a fault.
func parseYAML(file *File) (node *Node, faults Errors, err *Error) {
	defer func() {
		if recover() != nil {
			node, faults, err = nil, nil, &Error{Place{file, 1, 1}, "is no valid YAML"}
		}
	}()
	if at := strangeBreak(file.data); at >= 0 {
		return nil, nil, &Error{file.at(at), "has a line break that is neither LF nor CR LF: in a text, write it as \\r, \\N, \\L or \\P between double quotes"}
	}
	var documents []yaml.Node
	limits := yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))
	if err := yaml.Load(file.data, &documents, limits, yaml.WithAllDocuments()); err != nil {
		return nil, nil, yamlError(file, err)
	}
	r := &yamlReader{file: file}
	for i := range documents {
		value, err := r.value(documents[i].Content[0], 0)
		switch {
		case err != nil:
			return nil, nil, err
		case node == nil || node.Kind == Null:
			node = value
		case value.Kind != Null:
			return nil, nil, &Error{value.Place, "has a second document: keep one"}
		}
	}
	return node, r.faults, nil
}

// strangeBreak returns where the document has a character that YAML 1.1 took for
// a line break and YAML 1.2 or editors do not, or -1. Lines would not be those
// that people see.
func strangeBreak(data []byte) int {
	for i := range data {
		switch c := data[i]; {
		case c == '\r' && !bytes.HasPrefix(data[i:], []byte("\r\n")),
			c == 0xc2 && bytes.HasPrefix(data[i:], []byte("\u0085")),
			c == 0xe2 && (bytes.HasPrefix(data[i:], []byte("\u2028")) || bytes.HasPrefix(data[i:], []byte("\u2029"))):
			return i
		}
	}
	return -1
}

func yamlError(file *File, err error) *Error {
	found := &Error{Place{file, 1, 1}, "is no valid YAML"}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return found
	}
	at := load.Mark
	if strings.Contains(load.Message, "end of stream") && load.ContextMark.Line > 0 {
		at = load.ContextMark // Where it began says more.
	}
	if at.Line > 0 {
		found.Line, found.Column = at.Line, max(at.Column, 1)
	}
	switch {
	case strings.Contains(load.Message, "unknown anchor"):
		// The rest of the message is text of the file.
		found.Message = noAlias
	case strings.Contains(load.Message, "max depth"):
		return tooDeep(found.Place)
	case load.Message != "":
		found.Message += ": " + strings.TrimPrefix(load.Message, "yaml: ")
	}
	return found
}

const (
	noAlias = "has an anchor, an alias or a merge key, which are not supported: write the value out"
	noTag   = "has a tag, which is not supported: remove it"
)

// A yamlReader makes a tree of the nodes of the parser.
type yamlReader struct {
	file   *File
	faults Errors
	values int
}

func (r *yamlReader) value(from *yaml.Node, depth int) (*Node, *Error) {
	node := &Node{Place: Place{r.file, from.Line, from.Column}}
	r.values++
	switch {
	case r.values > maxValues:
		return nil, tooMany(node.Place)
	case depth > maxDepth:
		return nil, tooDeep(node.Place)
	case from.Kind == yaml.AliasNode || from.Anchor != "":
		return r.invalid(node, noAlias), nil
	case from.Style&yaml.TaggedStyle != 0:
		return r.invalid(node, noTag), nil
	}
	switch from.Kind {
	case yaml.MappingNode:
		node.Kind = Object
		node.Members = make([]Member, 0, len(from.Content)/2)
		for i := 0; i+1 < len(from.Content); i += 2 {
			member := r.name(from.Content[i])
			value, err := r.value(from.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			member.Value = value
			node.Members = append(node.Members, member)
		}
	case yaml.SequenceNode:
		node.Kind = Array
		node.Elements = make([]*Node, 0, len(from.Content))
		for _, element := range from.Content {
			value, err := r.value(element, depth+1)
			if err != nil {
				return nil, err
			}
			node.Elements = append(node.Elements, value)
		}
	default:
		r.scalar(node, from)
	}
	return node, nil
}

func (r *yamlReader) fault(at Place, message string) string {
	r.faults = append(r.faults, &Error{at, message})
	return message
}

func (r *yamlReader) invalid(node *Node, message string) *Node {
	node.Kind, node.Fault = Invalid, r.fault(node.Place, message)
	return node
}

// name returns a member without its value. Numbers and booleans stand for their
// text.
func (r *yamlReader) name(key *yaml.Node) Member {
	member := Member{Place: Place{r.file, key.Line, key.Column}, Name: key.Value}
	switch {
	case key.Kind == yaml.AliasNode || key.Anchor != "" || key.Tag == "!!merge":
		member.Fault = r.fault(member.Place, noAlias)
	case key.Style&yaml.TaggedStyle != 0 || key.Kind != yaml.ScalarNode || key.Tag == "!!null":
		member.Fault = r.fault(member.Place, "has a key that is no plain name")
	}
	return member
}

func (r *yamlReader) scalar(node *Node, from *yaml.Node) {
	switch from.Tag {
	case "!!null":
		node.Kind = Null
	case "!!bool":
		node.Kind, node.Text = Bool, strings.ToLower(from.Value)
	case "!!int", "!!float":
		node.Kind, node.Text = Number, strings.TrimPrefix(from.Value, "+")
		if !isNumber(node.Text) {
			r.invalid(node, fmt.Sprintf("has the number %.40s, which JSON cannot say: write it in decimals, or put it into quotes", from.Value))
		}
	default: // A date is a text too.
		node.Kind, node.Text = String, from.Value
		if from.Style == 0 && isNumber(from.Value) {
			node.Kind = Number // One that is too large for the parser.
		}
	}
}

// isNumber reports whether the text is a number as JSON writes it.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && json.Valid([]byte(text))
}
