package structschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// convert converts a schema from draft 2020-12 to another draft. The error lists all
// keywords that have no equivalent in the draft.
func convert(schema map[string]any, draft int) (map[string]any, error) {
	c := &converter{draft: draft}
	converted := c.object(schema, "")
	return converted, errors.Join(c.problems...)
}

type converter struct {
	draft    int
	problems []error
}

func (c *converter) cannot(at, keyword string) {
	c.problems = append(c.problems, fmt.Errorf("%s/%s: %s has neither this keyword nor an equivalent", at, keyword, draftName(c.draft)))
}

func draftName(draft int) string {
	if draft < 2019 {
		return fmt.Sprintf("draft-%02d", draft)
	}
	return map[int]string{2019: "draft 2019-09", 2020: "draft 2020-12"}[draft]
}

// schema converts a schema that may be true or false, which draft-04 does not support.
func (c *converter) schema(value any, at string) any {
	switch value := value.(type) {
	case map[string]any:
		return c.object(value, at)
	case bool:
		switch {
		case c.draft >= 6:
			return value
		case value:
			return map[string]any{}
		default:
			return map[string]any{"not": map[string]any{}}
		}
	default:
		return value
	}
}

func (c *converter) list(value any, at string) []any {
	given, _ := value.([]any)
	converted := make([]any, len(given))
	for i := range given {
		converted[i] = c.schema(given[i], at+"/"+strconv.Itoa(i))
	}
	return converted
}

func (c *converter) named(value any, at string) map[string]any {
	given, _ := value.(map[string]any)
	converted := make(map[string]any, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		converted[name] = c.schema(given[name], at+"/"+name)
	}
	return converted
}

// A part is a schema object during the conversion. more has further schemas for the same
// value.
type part struct {
	*converter

	at         string
	given, out map[string]any
	more       []any
}

func (c *converter) object(given map[string]any, at string) map[string]any {
	p := &part{converter: c, at: at, given: given, out: map[string]any{}}
	for _, keyword := range slices.Sorted(maps.Keys(given)) {
		p.keyword(keyword, given[keyword])
	}
	p.conditions()
	p.bounds("minimum", "exclusiveMinimum", 1)
	p.bounds("maximum", "exclusiveMaximum", -1)
	if reference, ok := p.out["$ref"]; ok && len(p.out)+len(p.more) > 1 && c.draft < 2019 {
		// Keywords next to a reference are ignored.
		delete(p.out, "$ref")
		p.more = append(p.more, map[string]any{"$ref": reference})
	}
	if len(p.more) > 0 {
		all, _ := p.out["allOf"].([]any)
		p.out["allOf"] = append(all, p.more...)
	}
	return p.out
}

// since maps annotations to the draft that introduced them. Conversion to an earlier draft
// drops them.
var since = map[string]int{
	"examples": 6, "$comment": 7, "readOnly": 7, "writeOnly": 7, "contentEncoding": 7, "contentMediaType": 7,
	"contentSchema": 2019, "deprecated": 2019,
}

// inexpressible maps keywords without an earlier equivalent to the draft that introduced
// them.
var inexpressible = map[string]int{
	"propertyNames": 6, "minContains": 2019, "maxContains": 2019, "unevaluatedProperties": 2019, "unevaluatedItems": 2019,
	"$anchor": 2019, "$recursiveRef": 2019, "$recursiveAnchor": 2019, "$dynamicRef": 2020, "$dynamicAnchor": 2020,
	// The schema of a struct is part of another schema: an $id would change the targets of
	// its references.
	"$id": 9999, "$vocabulary": 9999,
}

// keyword converts a keyword that does not depend on others.
func (p *part) keyword(keyword string, value any) {
	at := p.at + "/" + keyword
	switch {
	case p.draft < inexpressible[keyword]:
		p.cannot(p.at, keyword)
		return
	case p.draft < since[keyword]:
		return
	}
	switch keyword {
	case "$schema", "then", "else", "minContains", "maxContains":
		if keyword == "minContains" || keyword == "maxContains" {
			p.out[keyword] = value
		}
	case "$defs":
		p.out[p.older(2019, "definitions", "$defs")] = p.named(value, at)
	case "$ref":
		p.out[keyword] = p.reference(value)
	case "properties", "patternProperties":
		p.out[keyword] = p.named(value, at)
	case "dependentSchemas":
		p.depend(keyword, p.named(value, at))
	case "dependentRequired":
		dependencies, _ := value.(map[string]any)
		p.depend(keyword, dependencies)
	case "allOf", "anyOf", "oneOf":
		p.out[keyword] = p.list(value, at)
	case "not", "contentSchema", "propertyNames", "unevaluatedProperties", "unevaluatedItems":
		p.out[keyword] = p.schema(value, at)
	case "additionalProperties":
		if _, ok := value.(bool); !ok {
			value = p.schema(value, at)
		}
		p.out[keyword] = value
	case "prefixItems":
		p.out[p.older(2020, "items", keyword)] = p.list(value, at)
	case "items":
		p.items(value, at)
	case "contains":
		p.contains(p.schema(value, at))
	case "if":
	case "const":
		p.constant(value)
	case "required":
		if names, ok := value.([]any); ok && len(names) > 0 {
			p.out[keyword] = value
		}
	default:
		p.out[keyword] = value
	}
}

// older returns the name of a keyword in the target draft: before if that is older than
// draft, else since.
func (p *part) older(draft int, before, since string) string {
	if p.draft < draft {
		return before
	}
	return since
}

func (p *part) reference(value any) any {
	text, _ := value.(string)
	if rest, ok := strings.CutPrefix(text, "#/$defs/"); ok && p.draft < 2019 {
		return "#/definitions/" + rest
	}
	return value
}

// depend converts both keywords for dependencies to the single one of earlier drafts.
func (p *part) depend(keyword string, dependencies map[string]any) {
	if p.draft >= 2019 {
		p.out[keyword] = dependencies
		return
	}
	all, _ := p.out["dependencies"].(map[string]any)
	if all == nil {
		all = map[string]any{}
		p.out["dependencies"] = all
	}
	for _, name := range slices.Sorted(maps.Keys(dependencies)) {
		if _, taken := all[name]; taken {
			p.more = append(p.more, map[string]any{"dependencies": map[string]any{name: dependencies[name]}})
			continue
		}
		all[name] = dependencies[name]
	}
}

// items converts the schema of the elements after prefixItems.
func (p *part) items(value any, at string) {
	keyword := "items"
	if _, behind := p.given["prefixItems"]; behind && p.draft < 2020 {
		keyword = "additionalItems"
		if _, ok := value.(bool); ok {
			p.out[keyword] = value
			return
		}
	}
	p.out[keyword] = p.schema(value, at)
}

// contains expresses in draft-04 that not all elements fail to match.
func (p *part) contains(wanted any) {
	if p.draft >= 6 {
		p.out["contains"] = wanted
		return
	}
	p.more = append(p.more, anyOf(
		not(map[string]any{"type": "array"}),
		not(map[string]any{"items": not(wanted)}),
	))
}

func (p *part) constant(value any) {
	switch _, taken := p.given["enum"]; {
	case p.draft >= 6:
		p.out["const"] = value
	case taken:
		p.more = append(p.more, map[string]any{"enum": []any{value}})
	default:
		p.out["enum"] = []any{value}
	}
}

// conditions expresses before draft-07 that "if" does not hold, or "then" holds.
func (p *part) conditions() {
	given, ok := p.given["if"]
	if !ok {
		return
	}
	condition := p.schema(given, p.at+"/if")
	if p.draft >= 7 {
		p.out["if"] = condition
	}
	for _, keyword := range []string{"then", "else"} {
		given, ok := p.given[keyword]
		if !ok {
			continue
		}
		follows := p.schema(given, p.at+"/"+keyword)
		switch {
		case p.draft >= 7:
			p.out[keyword] = follows
		case keyword == "then":
			p.more = append(p.more, anyOf(not(condition), follows))
		default:
			p.more = append(p.more, anyOf(condition, follows))
		}
	}
}

// bounds expresses exclusive bounds with a boolean in draft-04. Of two bounds, it keeps the
// stricter one; direction is 1 if that is the greater one.
func (p *part) bounds(inclusive, exclusive string, direction int) {
	bound, ok := p.out[exclusive]
	if !ok || p.draft >= 6 {
		return
	}
	delete(p.out, exclusive)
	other, both := p.out[inclusive]
	if both && compare(bound, other)*direction < 0 {
		return
	}
	p.out[inclusive], p.out[exclusive] = bound, true
}

func compare(a, b any) int {
	x, okX := rational(a)
	y, okY := rational(b)
	if !okX || !okY {
		return 0
	}
	return x.Cmp(y)
}

func rational(value any) (*big.Rat, bool) {
	number, _ := value.(json.Number)
	return new(big.Rat).SetString(string(number))
}

func not(schema any) map[string]any { return map[string]any{"not": schema} }

func anyOf(schemas ...any) map[string]any { return map[string]any{"anyOf": schemas} }
