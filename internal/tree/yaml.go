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
// or a tag, or what JSON cannot say, is refused.
func parseYAML(file *File) (node *Node, err error) {
	defer func() {
		if recover() != nil {
			node, err = nil, &Error{Place{file, 1, 1}, "is no valid YAML"}
		}
	}()
	if at := strangeBreak(file.data); at >= 0 {
		return nil, &Error{file.at(at), "has a line break that is neither LF nor CR LF: in a text, write it as \\r, \\N, \\L or \\P between double quotes"}
	}
	var document yaml.Node
	if err := yaml.Load(file.data, &document, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))); err != nil {
		return nil, yamlError(file, err)
	}
	if len(document.Content) != 1 {
		return nil, &Error{Place{file, 1, 1}, "is empty"}
	}
	return convert(file, document.Content[0], 0)
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
	if load.Mark.Line > 0 {
		found.Line, found.Column = load.Mark.Line, max(load.Mark.Column, 1)
	}
	switch {
	case strings.Contains(load.Message, "unknown anchor"):
		// The rest of the message is text of the file.
		found.Message = noAlias
	case strings.Contains(load.Message, "no documents"):
		found.Message = "is empty"
	case strings.Contains(load.Message, "found multiple"):
		found.Message = "has more than one document: keep one"
	case strings.Contains(load.Message, "max depth"):
		return tooDeep(found.Place)
	case load.Message != "":
		found.Message += ": " + strings.TrimPrefix(load.Message, "yaml: ")
	}
	return found
}

const noAlias = "has an anchor, an alias or a merge key, which are not supported: write the value out"

func convert(file *File, from *yaml.Node, depth int) (*Node, error) {
	node := &Node{Place: Place{file, from.Line, from.Column}}
	switch {
	case depth > maxDepth:
		return nil, tooDeep(node.Place)
	case from.Kind == yaml.AliasNode || from.Anchor != "":
		return nil, &Error{node.Place, noAlias}
	case from.Style&yaml.TaggedStyle != 0:
		return nil, &Error{node.Place, "has a tag, which is not supported: remove it"}
	}
	switch from.Kind {
	case yaml.MappingNode:
		node.Kind = Object
		node.Members = make([]Member, 0, len(from.Content)/2)
		for i := 0; i+1 < len(from.Content); i += 2 {
			key := from.Content[i]
			name, err := name(file, key)
			if err != nil {
				return nil, err
			}
			value, err := convert(file, from.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			node.Members = append(node.Members, Member{Place{file, key.Line, key.Column}, name, value})
		}
	case yaml.SequenceNode:
		node.Kind = Array
		node.Elements = make([]*Node, 0, len(from.Content))
		for _, element := range from.Content {
			value, err := convert(file, element, depth+1)
			if err != nil {
				return nil, err
			}
			node.Elements = append(node.Elements, value)
		}
	default:
		return node, scalar(node, from)
	}
	return node, nil
}

// name returns the name of a member. Numbers and booleans stand for their text.
func name(file *File, key *yaml.Node) (string, error) {
	switch at := (Place{file, key.Line, key.Column}); {
	case key.Kind == yaml.AliasNode || key.Anchor != "" || key.Tag == "!!merge":
		return "", &Error{at, noAlias}
	case key.Style&yaml.TaggedStyle != 0 || key.Kind != yaml.ScalarNode || key.Tag == "!!null":
		return "", &Error{at, "has a key that is no plain name"}
	default:
		return key.Value, nil
	}
}

func scalar(node *Node, from *yaml.Node) error {
	switch from.Tag {
	case "!!null":
		node.Kind = Null
	case "!!bool":
		node.Kind, node.Text = Bool, strings.ToLower(from.Value)
	case "!!int", "!!float":
		node.Kind, node.Text = Number, strings.TrimPrefix(from.Value, "+")
		if !isNumber(node.Text) {
			return &Error{node.Place, fmt.Sprintf("has the number %.40s, which JSON cannot say: write it in decimals, or put it into quotes", from.Value)}
		}
	default: // A date is a text too.
		node.Kind, node.Text = String, from.Value
		if from.Style == 0 && isNumber(from.Value) {
			node.Kind = Number // One that is too large for the parser.
		}
	}
	return nil
}

// isNumber reports whether the text is a number as JSON writes it.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && json.Valid([]byte(text))
}
