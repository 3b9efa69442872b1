package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// example returns example parameters as JSON: the required ones or, if none are required,
// the first ones. It reports false if there are no parameters.
func (d *described) example() (string, bool) {
	const most = 3
	top := d.at(d.root)
	if values := elementsOf(top["examples"]); len(values) > 0 {
		return visible(jsonText(values[0])), true
	}
	object, _ := d.value(top, 0).(map[string]any)
	if len(object) == 0 {
		object = map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(top.properties())) {
			property := d.at(top.properties()[name])
			if property["deprecated"] == true || len(object) == most {
				continue
			}
			object[name] = d.value(property, 1)
		}
	}
	if len(object) == 0 {
		return "", false
	}
	return visible(jsonText(object)), true
}

// visible replaces invisible characters with JSON escapes.
func visible(text string) string {
	var shown strings.Builder
	for _, r := range text {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			if r > 0xffff {
				continue
			}
			fmt.Fprintf(&shown, `\u%04x`, r)
			continue
		}
		shown.WriteRune(r)
	}
	return shown.String()
}

// value returns a value that the schema accepts, if one is easy to find.
func (d *described) value(n schemaNode, depth int) any {
	d.steps++
	if examples := elementsOf(n["examples"]); len(examples) > 0 {
		return examples[0]
	}
	for _, name := range []string{"default", "const"} {
		if value, ok := n[name]; ok {
			return value
		}
	}
	if values := elementsOf(n["enum"]); len(values) > 0 {
		return values[0]
	}
	types := n.types()
	if cases := n.cases(); len(cases) > 0 && depth < maxDescribeDepth && d.steps < maxDescribeSteps {
		// Merge the common part with the first case.
		first := d.at(cases[0])
		if len(types) == 0 || len(first.properties()) > 0 || len(elementsOf(first["required"])) > 0 {
			merged := schemaNode{}
			maps.Copy(merged, n)
			delete(merged, "anyOf")
			delete(merged, "oneOf")
			d.merge(merged, map[string]any(first), 0)
			return d.value(merged, depth+1)
		}
	}
	if len(types) == 0 {
		types = []string{"string"}
	}
	switch types[0] {
	case "object":
		return d.objectValue(n, depth)
	case "array":
		return d.arrayValue(n, depth)
	case "integer", "number":
		return numberValue(n)
	case "boolean":
		return true
	case "null":
		return nil
	default:
		return stringValue(n)
	}
}

func (d *described) objectValue(n schemaNode, depth int) any {
	object := map[string]any{}
	if depth > maxDescribeDepth || d.steps > maxDescribeSteps {
		return object
	}
	for _, value := range elementsOf(n["required"]) {
		if name, ok := value.(string); ok {
			object[name] = d.value(d.at(n.properties()[name]), depth+1)
		}
	}
	return object
}

func (d *described) arrayValue(n schemaNode, depth int) any {
	const most = 3
	array := []any{}
	length := 1
	if least, ok := wholeNumber(n["minItems"]); ok {
		length = min(max(least, length), most)
	}
	for range length {
		if depth > maxDescribeDepth || d.steps > maxDescribeSteps {
			break
		}
		array = append(array, d.value(d.at(n["items"]), depth+1))
	}
	return array
}

func wholeNumber(value any) (int, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(string(number))
	return i, err == nil
}

// numberValue returns an inclusive limit, or 1.
func numberValue(n schemaNode) any {
	for _, name := range []string{"minimum", "maximum", "multipleOf"} {
		if number, ok := n[name].(json.Number); ok && n["exclusive"+strings.ToUpper(name[:1])+name[1:]] != true {
			return number
		}
	}
	if i, ok := wholeNumber(n["exclusiveMinimum"]); ok {
		return i + 1
	}
	if i, ok := wholeNumber(n["minimum"]); ok {
		return i + 1
	}
	return 1
}

// formatExamples are values of well-known formats.
var formatExamples = map[string]string{
	"uri": "https://example.com", "url": "https://example.com", "email": "user@example.com", "hostname": "example.com",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "date": "2030-01-31", "date-time": "2030-01-31T12:00:00Z", "time": "12:00:00Z",
	"uuid": "00000000-0000-4000-8000-000000000000",
}

// stringValue returns a value of the format, or dots as a placeholder.
func stringValue(n schemaNode) string {
	const most = 64
	if value, ok := formatExamples[n.text("format")]; ok {
		return value
	}
	length := len("...")
	if longest, ok := wholeNumber(n["maxLength"]); ok {
		length = min(length, max(longest, 0))
	}
	if least, ok := wholeNumber(n["minLength"]); ok {
		length = min(max(length, least), most)
	}
	return strings.Repeat(".", length)
}
