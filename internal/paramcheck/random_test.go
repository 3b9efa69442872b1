package paramcheck_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/openbroker/openbroker/internal/paramcheck"
)

// A generator makes schemas and parameters from a small vocabulary, so that they often match.
type generator struct{ *rand.Rand }

func (d generator) pick(from ...any) any { return from[d.IntN(len(from))] }

func (d generator) value(depth int) any {
	switch n := d.IntN(9); {
	case n == 0:
		return nil
	case n == 1:
		return d.pick(true, false)
	case n == 2:
		return d.pick("", "a", "bb", "ccc", "äöü", "a\"b\\")
	case n <= 4 || depth == 0:
		return d.pick(0, 1, 2, 3, -1, json.Number("1.0"), json.Number("2.50"), json.Number("1e1"), 9007199254740993)
	case n == 5:
		elements := []any{}
		for range d.IntN(4) {
			elements = append(elements, d.value(depth-1))
		}
		return elements
	default:
		return d.object(depth)
	}
}

func (d generator) object(depth int) map[string]any {
	members := map[string]any{}
	for range d.IntN(5) {
		members[d.name()] = d.value(depth - 1)
	}
	return members
}

func (d generator) name() string { return string(rune('a' + d.IntN(4))) }

func (d generator) schemas(depth int) []any {
	list := []any{}
	for range 1 + d.IntN(2) {
		list = append(list, d.schema(depth-1))
	}
	return list
}

func (d generator) named(depth int, count int) map[string]any {
	named := map[string]any{}
	for range count {
		named[d.name()] = d.schema(depth - 1)
	}
	return named
}

func (d generator) schema(depth int) map[string]any {
	s := map[string]any{}
	for range d.IntN(4) {
		switch d.IntN(16) {
		case 0, 1:
			s["type"] = d.pick("null", "boolean", "integer", "number", "string", "array", "object", []any{"string", "object"})
		case 2:
			s["enum"] = []any{d.pick("a", 1, nil), d.pick("bb", 2, []any{1}, map[string]any{"a": 1})}
		case 3:
			s["minimum"], s["maximum"] = d.pick(0, 1, 1.5), d.pick(2, 3, 2.5)
		case 4:
			s["minLength"], s["pattern"] = d.pick(0, 1), d.pick("a", "^b*$", "ö")
		case 5:
			s["maxLength"] = d.pick(1, 2)
		case 6:
			s["minItems"], s["uniqueItems"] = d.pick(0, 1), d.pick(true, false)
		case 7:
			s["required"] = []any{d.name()}
		case 8:
			s["additionalProperties"] = d.pick(true, false, map[string]any{"type": "integer"})
		case 9:
			s["maxProperties"], s["multipleOf"] = d.pick(2, 3), d.pick(1, 0.5)
		case 10:
			s["format"] = d.pick("ipv4", "regex", "unknown")
		default:
			if depth > 0 {
				d.nested(s, depth)
			}
		}
	}
	return s
}

// nested adds a keyword with schemas in it.
func (d generator) nested(s map[string]any, depth int) {
	switch d.IntN(14) {
	case 0, 1, 2, 3:
		s["properties"] = d.named(depth, 2)
	case 4:
		s["patternProperties"] = map[string]any{"[ab]": d.schema(depth - 1)}
	case 5, 6:
		s["items"] = d.schema(depth - 1)
	case 7:
		s[d.pick("allOf", "anyOf", "oneOf").(string)] = d.schemas(depth)
	case 8:
		s["not"] = d.schema(depth - 1)
	case 9:
		s["dependencies"] = map[string]any{d.name(): d.pick([]any{"a"}, d.schema(depth-1))}
	case 10:
		s["if"], s["then"], s["else"] = d.schema(depth-1), d.schema(depth-1), d.schema(depth-1)
	case 11:
		s["contains"], s["propertyNames"] = d.schema(depth-1), map[string]any{"pattern": "[abc]"}
	case 12:
		s["unevaluatedProperties"], s["dependentSchemas"] = d.schema(depth-1), d.named(depth, 1)
	default:
		s["$ref"] = d.pick("#", "#/definitions/a", "#/definitions/b", "#/definitions/c")
	}
}

// For many schemas and parameters, the verdict is that of the library, and the work is
// within the estimate.
func TestAgainstLibrary(t *testing.T) {
	t.Parallel()
	d := generator{rand.New(rand.NewPCG(8, 2026))}
	urls := []any{drafts["04"], drafts["06"], drafts["07"], drafts["2019-09"], drafts["2020-12"]}
	var compiled, quick, valid, refused int
	for range 1000 {
		schema := d.schema(4)
		schema["$schema"] = d.pick(urls...)
		schema["definitions"] = map[string]any{"a": d.schema(2), "b": d.schema(2), "c": d.schema(1)}
		text, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		p, err := paramcheck.NewProbe(text)
		if err != nil {
			continue
		}
		compiled++
		for range 10 {
			parameters, err := json.Marshal(d.object(3))
			if err != nil {
				t.Fatal(err)
			}
			got := p.Check(parameters)
			library := p.Library(parameters)
			if (got == nil) != (library == nil) || got != nil && !isInvalid(got) {
				t.Fatalf("%s\n%s\ngot %v\nthe library says %v", text, parameters, got, library)
			}
			switch {
			case p.FastPath(parameters):
				quick++
			case got == nil:
				valid++
			default:
				refused++
			}
			taken, foreseen, ok := p.Work(parameters)
			if !ok || taken > foreseen {
				t.Fatalf("%s\n%s\n%d parts were applied, %d steps were estimated", text, parameters, taken, foreseen)
			}
		}
	}
	// Fewer cases would not be a meaningful test.
	if compiled < 500 || quick < 500 || valid < 500 || refused < 500 {
		t.Errorf("%d schemas compile; %d parameters pass the fast path, %d valid, %d not", compiled, quick, valid, refused)
	}
}
