package catalog

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
)

// A described is a schema of parameters that the page describes.
type described struct {
	root any
	// steps counts the work. Its bound stops schemas that refer to themselves many times.
	steps int
}

const (
	maxDescribeSteps = 5_000
	maxDescribeDepth = 8
	maxParameters    = 200
)

// describe returns nil if the schema is missing or not an object.
func describe(schema json.RawMessage) *described {
	decoder := json.NewDecoder(bytes.NewReader(schema))
	decoder.UseNumber()
	d := &described{}
	if decoder.Decode(&d.root) != nil {
		return nil
	}
	if _, ok := d.root.(map[string]any); !ok {
		return nil
	}
	return d
}

// A schemaNode is a schema merged with its references and with all parts of its allOf.
type schemaNode map[string]any

// at returns a schema with allOf and references merged into it.
func (d *described) at(value any) schemaNode {
	merged := schemaNode{}
	d.merge(merged, value, 0)
	return merged
}

func (d *described) merge(into schemaNode, value any, depth int) {
	object, ok := value.(map[string]any)
	d.steps++
	if !ok || depth > maxDescribeDepth || d.steps > maxDescribeSteps {
		return
	}
	for name, member := range object {
		earlier, taken := into[name]
		if !taken {
			into[name] = member
			continue
		}
		switch name {
		case "properties":
			merged := mergeObjects(earlier, member)
			d.steps += len(merged)
			into[name] = merged
		case "required":
			merged := append(slices.Clone(elementsOf(earlier)), elementsOf(member)...)
			d.steps += len(merged)
			into[name] = merged
		}
	}
	if reference, ok := object["$ref"].(string); ok {
		d.merge(into, d.resolve(reference), depth+1)
	}
	for _, part := range elementsOf(object["allOf"]) {
		d.merge(into, part, depth+1)
	}
}

func mergeObjects(a, b any) map[string]any {
	left, _ := a.(map[string]any)
	right, _ := b.(map[string]any)
	merged := maps.Clone(right)
	if merged == nil {
		merged = map[string]any{}
	}
	maps.Copy(merged, left)
	return merged
}

// resolve returns the target of a reference within the schema, or nil.
func (d *described) resolve(reference string) any {
	fragment, local := strings.CutPrefix(reference, "#")
	pointer, err := url.PathUnescape(fragment)
	if !local || err != nil {
		return nil
	}
	value := d.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch container := value.(type) {
		case map[string]any:
			value = container[jsonpointer.Unescape(token)]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}

func elementsOf(value any) []any {
	values, _ := value.([]any)
	return values
}

func (n schemaNode) text(name string) string {
	text, _ := n[name].(string)
	return text
}

func (n schemaNode) properties() map[string]any {
	properties, _ := n["properties"].(map[string]any)
	return properties
}

func (n schemaNode) requires(name string) bool {
	return slices.Contains(elementsOf(n["required"]), any(name))
}

// types returns the names of the types.
func (n schemaNode) types() []string {
	if name := n.text("type"); name != "" {
		return []string{name}
	}
	var names []string
	for _, value := range elementsOf(n["type"]) {
		if name, ok := value.(string); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 && len(n.properties()) > 0 {
		names = []string{"object"}
	}
	return names
}

// cases returns the alternatives of anyOf and oneOf.
func (n schemaNode) cases() []any {
	return append(slices.Clone(elementsOf(n["anyOf"])), elementsOf(n["oneOf"])...)
}

// jsonText returns a value as JSON, with numbers as they are written.
func jsonText(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}
