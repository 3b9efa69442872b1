package narrow_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
)

// A generator makes schemas and values over a small vocabulary, so that they often match.
type generator struct {
	*rand.Rand
	draft string
}

var drafts = map[string]string{
	"4":    "http://json-schema.org/draft-04/schema#",
	"6":    "http://json-schema.org/draft-06/schema#",
	"7":    "http://json-schema.org/draft-07/schema#",
	"2019": "https://json-schema.org/draft/2019-09/schema",
	"2020": "https://json-schema.org/draft/2020-12/schema",
}

var (
	propertyNames = []string{"a", "b", "ab", "c"}
	patternTexts  = []string{"^a", "b$", "[ac]", "(a|b)"}
	typeNames     = []string{"null", "boolean", "object", "array", "string", "integer", "number"}
)

type object = map[string]any

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// some returns some elements of a list, at least one.
func some(g *generator, from []string) []any {
	list := []any{}
	for _, element := range from {
		if g.IntN(2) == 0 {
			list = append(list, element)
		}
	}
	if len(list) == 0 {
		list = append(list, from[0])
	}
	return list
}

func (g *generator) root() object {
	schema := g.object(3)
	schema["$schema"] = drafts[g.draft]
	schema["definitions"] = object{"one": g.schema(2), "two": g.schema(1)}
	return schema
}

func (g *generator) schema(depth int) any {
	if g.draft != "4" && g.IntN(12) == 0 {
		return g.IntN(2) == 0
	}
	return g.object(depth)
}

func (g *generator) schemas(depth, most int) []any {
	list := make([]any, 1+g.IntN(most))
	for i := range list {
		list[i] = g.schema(depth)
	}
	return list
}

func (g *generator) object(depth int) object {
	s := object{}
	for range 1 + g.IntN(3) {
		g.keyword(s, depth)
	}
	return s
}

func (g *generator) keyword(s object, depth int) {
	leaf := 12
	if depth <= 0 {
		g.leaf(s, g.IntN(leaf))
		return
	}
	switch n := g.IntN(leaf + 18); n - leaf {
	case 0, 1, 2:
		properties := object{}
		for range 1 + g.IntN(3) {
			properties[pick(g, propertyNames)] = g.schema(depth - 1)
		}
		s["properties"] = properties
	case 3:
		s["patternProperties"] = object{pick(g, patternTexts): g.schema(depth - 1)}
	case 4:
		s["additionalProperties"] = g.schema(depth - 1)
	case 5:
		s["additionalProperties"] = g.IntN(2) == 0
	case 6:
		s["items"] = g.schema(depth - 1)
	case 7:
		name := "items"
		if g.draft == "2020" {
			name = "prefixItems"
		}
		s[name] = g.schemas(depth-1, 3)
		if name == "items" && g.IntN(2) == 0 {
			s["additionalItems"] = g.IntN(2) == 0
		}
	case 8:
		s["allOf"] = g.schemas(depth-1, 2)
	case 9, 10:
		s["anyOf"] = g.schemas(depth-1, 3)
	case 11, 12:
		s["oneOf"] = g.schemas(depth-1, 3)
	case 13:
		s["not"] = g.schema(depth - 1)
	case 14:
		s["$ref"] = pick(g, []string{"#/definitions/one", "#/definitions/two"})
	case 15:
		g.modern(s, depth)
	case 16:
		name := "dependencies"
		if g.draft == "2019" || g.draft == "2020" {
			name = "dependentSchemas"
		}
		s[name] = object{pick(g, propertyNames): g.schema(depth - 1)}
	case 17:
		name := "dependencies"
		if g.draft == "2019" || g.draft == "2020" {
			name = "dependentRequired"
		}
		s[name] = object{pick(g, propertyNames): some(g, propertyNames)}
	default:
		g.leaf(s, n)
	}
}

// modern adds keywords that draft-04 does not have.
func (g *generator) modern(s object, depth int) {
	switch n := g.IntN(4); {
	case g.draft == "4":
		s["exclusiveMinimum"], s["minimum"] = g.IntN(2) == 0, g.number()
	case n == 0:
		s["contains"] = g.schema(depth - 1)
		if g.draft == "2019" || g.draft == "2020" {
			s["minContains"], s["maxContains"] = g.IntN(2), 1+g.IntN(2)
		}
	case n == 1:
		s["propertyNames"] = g.schema(depth - 1)
	case n == 2 && g.draft != "6":
		s["if"], s["then"], s["else"] = g.schema(depth-1), g.schema(depth-1), g.schema(depth-1)
	case n == 3 && (g.draft == "2019" || g.draft == "2020"):
		s["unevaluatedProperties"] = false
	default:
		s["exclusiveMaximum"] = g.number()
	}
}

func (g *generator) leaf(s object, n int) {
	switch n {
	case 0, 1:
		s["type"] = pick(g, typeNames)
	case 2:
		s["type"] = some(g, typeNames)
	case 3:
		values := make([]any, 1+g.IntN(3))
		for i := range values {
			values[i] = g.value(1)
		}
		s["enum"] = slices.CompactFunc(values, func(a, b any) bool { return text(a) == text(b) })
	case 4:
		s["minimum"] = g.number()
	case 5:
		s["maximum"] = g.number()
	case 6:
		s["multipleOf"] = json.Number(pick(g, []string{"1", "0.5", "2", "3"}))
	case 7:
		s[pick(g, []string{"minLength", "minItems", "minProperties"})] = g.IntN(3)
	case 8:
		s[pick(g, []string{"maxLength", "maxItems", "maxProperties"})] = 1 + g.IntN(3)
	case 9:
		s["pattern"] = pick(g, patternTexts)
	case 10:
		s["required"] = some(g, propertyNames)
	case 11:
		if g.draft != "4" && g.IntN(2) == 0 {
			s["const"] = g.value(1)
		} else {
			s["uniqueItems"] = g.IntN(2) == 0
		}
	}
}

func (g *generator) number() json.Number {
	return json.Number(pick(g, []string{"0", "1", "2", "3", "1.5", "2.0", "1e0", "-1"}))
}

// value returns a JSON value.
func (g *generator) value(depth int) any {
	n := g.IntN(10)
	if depth <= 0 {
		n = g.IntN(6)
	}
	switch n {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2, 3:
		return g.number()
	case 4, 5:
		return pick(g, []string{"", "a", "b", "ab", "cab"})
	case 6, 7:
		array := make([]any, g.IntN(4))
		for i := range array {
			array[i] = g.value(depth - 1)
		}
		return array
	default:
		members := object{}
		for range g.IntN(4) {
			members[pick(g, append(propertyNames, "x"))] = g.value(depth - 1)
		}
		return members
	}
}

// change returns a copy of a schema with one random change.
func (g *generator) change(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return g.changeObject(value)
	case []any:
		list := slices.Clone(value)
		if len(list) == 0 {
			return list
		}
		switch i := g.IntN(len(list)); g.IntN(4) {
		case 0:
			if len(list) > 1 {
				return slices.Delete(list, i, i+1)
			}
		case 1:
			return append(list, list[g.IntN(len(list))])
		default:
			list[i] = g.change(list[i])
		}
		return list
	case bool:
		return !value
	case int:
		return max(0, value+g.IntN(3)-1)
	case json.Number:
		return g.number()
	default:
		return value
	}
}

func (g *generator) changeObject(value object) any {
	changed := object{}
	for name, member := range value {
		changed[name] = member
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range value {
			if name != "$schema" && !yield(name) {
				return
			}
		}
	})
	_, property := value["properties"]
	switch n := g.IntN(6); {
	case len(names) == 0 || n == 0 && !property:
		g.keyword(changed, 1)
	case n == 1:
		delete(changed, pick(g, names))
	default:
		name := pick(g, names)
		changed[name] = g.change(changed[name])
	}
	return changed
}

func text(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}
