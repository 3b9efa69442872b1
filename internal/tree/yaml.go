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

// parseYAML reads a YAML document of plain values. It expands aliases and merge keys. A tag
// or a value that JSON cannot represent is a fault.
func parseYAML(file *File) (node *Node, faults Errors, err *Error) {
	defer func() {
		if recover() != nil {
			node, faults, err = nil, nil, &Error{Place{file, 1, 1}, "is not valid YAML"}
		}
	}()
	if at := yaml11Break(file.data); at >= 0 {
		return nil, nil, &Error{file.at(at), "has a line break that is neither LF nor CR LF: in a text, write it as \\r, \\N, \\L or \\P between double quotes"}
	}
	var documents []yaml.Node
	limits := yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))
	if err := yaml.Load(file.data, &documents, limits, yaml.WithAllDocuments()); err != nil {
		return nil, nil, yamlError(file, err)
	}
	r := &yamlReader{file: file, expansion: expansion{open: map[*yaml.Node]bool{}, reported: map[Error]bool{}}}
	for i := range documents {
		value, err := r.value(documents[i].Content[0], 0)
		switch {
		case err != nil:
			return nil, nil, err
		case node == nil || node.Kind == Null:
			node = value
		case value.Kind != Null:
			return nil, nil, &Error{value.Place, "has a second document: keep one of them"}
		}
	}
	return node, r.faults, nil
}

// yaml11Break returns the offset of a character that is a line break in YAML 1.1, but not
// in YAML 1.2 or in editors, or -1. With such a character, the line numbers of errors would
// differ from those in editors.
func yaml11Break(data []byte) int {
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
	found := &Error{Place{file, 1, 1}, "is not valid YAML"}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return found
	}
	at := load.Mark
	if strings.Contains(load.Message, "end of stream") && load.ContextMark.Line > 0 {
		at = load.ContextMark // Point to the beginning of the value instead of the end of the file.
	}
	if at.Line > 0 {
		found.Line, found.Column = at.Line, max(at.Column, 1)
	}
	switch {
	case strings.Contains(load.Message, "unknown anchor"):
		// The rest of the message may show a secret of the file.
		found.Message = noAnchor
	case strings.Contains(load.Message, "max depth"):
		return tooDeep(found.Place)
	case file.tabAround(&found.Place):
		found.Message = "has a tab before its first word: indent with spaces"
	case load.Message != "":
		found.Message += ": " + strings.TrimPrefix(load.Message, "yaml: ")
	}
	return found
}

// tabAround moves the place of a fault to a tab in the indentation of a line around it, and
// reports whether there is one. YAML forbids such tabs, but the parser reports only the
// consequences.
func (f *File) tabAround(at *Place) bool {
	for _, number := range [...]int{at.Line, at.Line + 1, at.Line - 1} {
		line := f.Line(number)
		indentation := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indentation, '\t'); tab >= 0 && len(indentation) < len(line) {
			at.Line, at.Column = number, tab+1
			return true
		}
	}
	return false
}

const noTag = "has a tag, which is not supported: remove it"

// A yamlReader turns the nodes of the parser into a tree.
type yamlReader struct {
	file   *File
	faults Errors
	values int
	expansion
}

func (r *yamlReader) placeOf(from *yaml.Node) Place { return Place{r.file, from.Line, from.Column} }

func (r *yamlReader) value(from *yaml.Node, depth int) (node *Node, err *Error) {
	if from.Kind == yaml.AliasNode {
		err = r.expand(from, func(target *yaml.Node) *Error {
			if r.open[target] {
				node = r.invalid(&Node{Place: r.placeOf(from)}, ownAlias)
				return nil
			}
			node, err = r.value(target, depth)
			return err
		})
		return node, err
	}
	if err := r.count(from); err != nil {
		return nil, err
	}
	node = &Node{Place: r.placeOf(from)}
	switch {
	case depth > maxDepth:
		return nil, tooDeep(r.cause(from))
	case from.Style&yaml.TaggedStyle != 0:
		return r.invalid(node, noTag), nil
	}
	if from.Anchor != "" {
		r.open[from] = true
		defer delete(r.open, from)
	}
	switch from.Kind {
	case yaml.MappingNode:
		node.Kind = Object
		return node, r.members(node, from, depth)
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

// members reads the members of a mapping.
func (r *yamlReader) members(node *Node, from *yaml.Node, depth int) *Error {
	taken := namesIn(from)
	node.Members = make([]Member, 0, len(from.Content)/2)
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := from.Content[i]
		if isMerge(key) {
			if err := r.merge(node, from.Content[i+1], taken, depth); err != nil {
				return err
			}
			continue
		}
		if r.depth > 0 {
			r.text += len(nameOf(key).Value) // r.value counts the value.
		}
		member := r.name(key)
		value, err := r.value(from.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		member.Value = value
		node.Members = append(node.Members, member)
	}
	return nil
}

// fault adds a fault once, because an anchor may be used many times.
func (r *yamlReader) fault(at Place, message string) string {
	fault := Error{at, message}
	if !r.reported[fault] {
		r.reported[fault] = true
		r.faults = append(r.faults, &fault)
	}
	return message
}

func (r *yamlReader) invalid(node *Node, message string) *Node {
	node.Kind, node.Fault = Invalid, r.fault(node.Place, message)
	return node
}

// name returns a member without its value. The name of a number or boolean is its text.
func (r *yamlReader) name(key *yaml.Node) Member {
	name := nameOf(key)
	member := Member{Place: r.placeOf(key), Name: name.Value}
	if name.Style&yaml.TaggedStyle != 0 || name.Kind != yaml.ScalarNode || name.Tag == "!!null" {
		member.Fault = r.fault(member.Place, "has a key that is not a plain name")
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
			r.invalid(node, fmt.Sprintf("has the number %.40s, which JSON does not have: write it in decimal notation, or put it into quotes", from.Value))
		}
	default: // A date is a text, too.
		node.Kind, node.Text = String, from.Value
		if from.Style == 0 && isNumber(from.Value) {
			node.Kind = Number // The parser takes a very large number for a string.
		}
	}
}

// isNumber reports whether the text is a number in JSON.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && json.Valid([]byte(text))
}
