package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/markdown"
)

// A parameterRow is a parameter in the table.
type parameterRow struct {
	name     string
	schema   schemaNode
	required string
}

// table returns the table of the parameters. Nested parameters have a path.
func (d *described) table() string {
	top := d.at(d.root)
	rows := d.rows(nil, top, "", "", 0)
	incomplete := len(rows) > maxParameters || d.steps > maxDescribeSteps
	var text strings.Builder
	if len(rows) == 0 {
		if incomplete {
			return "The schema has too many parameters for a table; see the schema in the catalog."
		}
		if top["additionalProperties"] == false {
			return "Parameters are not accepted."
		}
		return ""
	}
	text.WriteString("| parameter | type | required | default | allowed | description |\n|---|---|---|---|---|---|\n")
	for _, r := range rows[:min(len(rows), maxParameters)] {
		value, has := r.schema["default"]
		given := ""
		if has {
			given = markdown.Cell(jsonText(value))
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s | %s |\n", markdown.Cell(r.name), markdown.Inline(d.typeName(r.schema)), r.required, given, limitsOf(r.schema), describeParameter(r.schema))
	}
	if incomplete {
		text.WriteString("\nThe table is incomplete; see the schema in the catalog.\n")
	}
	if top["additionalProperties"] == false {
		text.WriteString("\nOther parameters are refused.\n")
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func describeParameter(n schemaNode) string {
	text := n.text("description")
	if text == "" {
		text = n.text("title")
	}
	if n["deprecated"] == true {
		return strings.TrimSpace("**Deprecated.** " + markdown.Inline(text))
	}
	return markdown.Inline(text)
}

// rows adds the properties of a schema. For the schema of one case, sometimes replaces
// "yes" in the column of required properties; otherwise it is empty.
func (d *described) rows(rows []parameterRow, n schemaNode, path, sometimes string, depth int) []parameterRow {
	if depth > maxDescribeDepth || len(rows) > maxParameters || d.steps > maxDescribeSteps {
		return rows
	}
	properties := n.properties()
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if len(rows) > maxParameters {
			return rows
		}
		required := "no"
		if n.requires(name) {
			required = "yes"
			if sometimes != "" {
				required = sometimes
			}
		}
		rows = d.row(rows, parameterRow{name: path + name, schema: d.at(properties[name]), required: required}, sometimes, depth)
	}
	patterns, _ := n["patternProperties"].(map[string]any)
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		rows = d.row(rows, parameterRow{name: path + "/" + pattern + "/", schema: d.at(patterns[pattern]), required: "no"}, sometimes, depth)
	}
	if _, ok := n["additionalProperties"].(map[string]any); ok {
		rows = d.row(rows, parameterRow{name: path + "*", schema: d.at(n["additionalProperties"]), required: "no"}, sometimes, depth)
	}
	for _, part := range n.cases() {
		rows = d.rows(rows, d.at(part), path, "in some cases", depth+1)
	}
	return rows
}

// row adds a parameter and its properties, unless the table already has the
// parameter.
func (d *described) row(rows []parameterRow, r parameterRow, sometimes string, depth int) []parameterRow {
	if slices.ContainsFunc(rows, func(other parameterRow) bool { return other.name == r.name }) {
		return rows
	}
	rows = append(rows, r)
	rows = d.rows(rows, r.schema, r.name+".", sometimes, depth+1)
	if _, ok := r.schema["items"].(map[string]any); ok {
		item := d.at(r.schema["items"])
		if len(item.properties()) > 0 || len(item.cases()) > 0 {
			rows = d.rows(rows, item, r.name+"[].", sometimes, depth+1)
		}
	}
	return rows
}

// typeName returns the types of a value: "integer", "array of string".
func (d *described) typeName(n schemaNode) string {
	names := n.types()
	if len(names) == 0 {
		for _, part := range n.cases() {
			for _, name := range d.at(part).types() {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	if len(names) == 0 {
		return "any"
	}
	named := slices.Clone(names)
	for i, name := range named {
		if _, ok := n["items"].(map[string]any); name == "array" && ok {
			if of := d.at(n["items"]).types(); len(of) > 0 {
				named[i] = "array of " + strings.Join(of, " or ")
			}
		}
	}
	return strings.Join(named, " or ")
}

// limitsOf describes the allowed values.
func limitsOf(n schemaNode) string {
	const mostValues = 20
	var limits []string
	if value, ok := n["const"]; ok {
		limits = append(limits, markdown.Cell(jsonText(value)))
	}
	if values := elementsOf(n["enum"]); len(values) > 0 {
		shown := make([]string, 0, min(len(values), mostValues+1))
		for _, value := range values[:min(len(values), mostValues)] {
			shown = append(shown, markdown.Cell(jsonText(value)))
		}
		if len(values) > mostValues {
			shown = append(shown, "...")
		}
		limits = append(limits, strings.Join(shown, ", "))
	}
	limits = append(limits, between(n, "minimum", "maximum", ""), between(n, "minLength", "maxLength", "length"),
		between(n, "minItems", "maxItems", "number of elements"), between(n, "minProperties", "maxProperties", "number of members"))
	for _, c := range []struct{ name, what string }{{"multipleOf", "multiple of"}, {"pattern", "pattern"}, {"format", "format"}} {
		if value, ok := n[c.name]; ok {
			text, isText := value.(string)
			if !isText {
				text = jsonText(value)
			}
			limits = append(limits, c.what+" "+markdown.Cell(text))
		}
	}
	if n["uniqueItems"] == true {
		limits = append(limits, "all different")
	}
	return strings.Join(slices.DeleteFunc(limits, func(limit string) bool { return limit == "" }), "; ")
}

// between returns a lower and an upper limit. Exclusive limits are numbers in later
// drafts, and flags in draft-04.
func between(n schemaNode, lower, upper, of string) string {
	bound := func(name, than, words string) string {
		value, ok := n[name]
		exclusive := "exclusive" + strings.ToUpper(name[:1]) + name[1:]
		if n[exclusive] == true {
			words = than
		}
		if number, is := n[exclusive]; is && number != true && number != false {
			value, ok, words = number, true, than
		}
		if !ok {
			return ""
		}
		return words + " " + markdown.Inline(jsonText(value))
	}
	parts := slices.DeleteFunc([]string{bound(lower, "more than", "at least"), bound(upper, "less than", "at most")}, func(part string) bool { return part == "" })
	if len(parts) == 0 {
		return ""
	}
	return strings.TrimSpace(of + " " + strings.Join(parts, ", "))
}
