package structschema_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/paramcheck"
	"github.com/openbroker/openbroker/internal/structschema"
)

var drafts = map[int]string{
	4: "http://json-schema.org/draft-04/schema#", 6: "http://json-schema.org/draft-06/schema#", 7: "http://json-schema.org/draft-07/schema#",
	2019: "https://json-schema.org/draft/2019-09/schema", 2020: "https://json-schema.org/draft/2020-12/schema",
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var schema map[string]any
	if err := decoder.Decode(&schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestConvert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given string
		draft       int
		want        string
	}{
		{"exclusive bounds", `{"exclusiveMinimum":1,"exclusiveMaximum":2.5}`, 4, `{"exclusiveMaximum":true,"exclusiveMinimum":true,"maximum":2.5,"minimum":1}`},
		{"weaker exclusive bounds", `{"minimum":2,"exclusiveMinimum":1,"maximum":3,"exclusiveMaximum":4}`, 4, `{"maximum":3,"minimum":2}`},
		{"stricter exclusive bounds", `{"minimum":1,"exclusiveMinimum":1,"maximum":5,"exclusiveMaximum":4}`, 4, `{"exclusiveMaximum":true,"exclusiveMinimum":true,"maximum":4,"minimum":1}`},
		{"exclusive bounds since draft-06", `{"exclusiveMinimum":1}`, 6, `{"exclusiveMinimum":1}`},
		{"const", `{"const":{"a":1}}`, 4, `{"enum":[{"a":1}]}`},
		{"const beside enum", `{"const":1,"enum":[1,2]}`, 4, `{"allOf":[{"enum":[1]}],"enum":[1,2]}`},
		{"booleans", `{"properties":{"a":true,"b":false},"additionalProperties":false}`, 4, `{"additionalProperties":false,"properties":{"a":{},"b":{"not":{}}}}`},
		{"booleans since draft-06", `{"properties":{"a":true}}`, 6, `{"properties":{"a":true}}`},
		{"if", `{"if":{"const":1},"then":{"type":"string"},"else":false}`, 4, `{"allOf":[{"anyOf":[{"not":{"enum":[1]}},{"type":"string"}]},{"anyOf":[{"enum":[1]},{"not":{}}]}]}`},
		{"if since draft-07", `{"if":{"const":1},"then":true}`, 7, `{"if":{"const":1},"then":true}`},
		{"then without if", `{"then":{"type":"string"}}`, 6, `{}`},
		{"contains", `{"contains":{"type":"string"}}`, 4, `{"allOf":[{"anyOf":[{"not":{"type":"array"}},{"not":{"items":{"not":{"type":"string"}}}}]}]}`},
		{"prefixItems", `{"prefixItems":[true],"items":false}`, 4, `{"additionalItems":false,"items":[{}]}`},
		{"prefixItems in 2019-09", `{"prefixItems":[true],"items":{"type":"null"}}`, 2019, `{"additionalItems":{"type":"null"},"items":[true]}`},
		{"dependencies", `{"dependentRequired":{"a":["b"],"c":["d"]},"dependentSchemas":{"a":{"const":1}}}`, 7, `{"allOf":[{"dependencies":{"a":{"const":1}}}],"dependencies":{"a":["b"],"c":["d"]}}`},
		{"dependencies since 2019-09", `{"dependentRequired":{"a":["b"]}}`, 2019, `{"dependentRequired":{"a":["b"]}}`},
		{"references", `{"$defs":{"a":{"type":"null"}},"properties":{"x":{"$ref":"#/$defs/a","description":"d"}}}`, 4, `{"definitions":{"a":{"type":"null"}},"properties":{"x":{"allOf":[{"$ref":"#/definitions/a"}],"description":"d"}}}`},
		{"references beside a new allOf", `{"$ref":"#/$defs/a","if":true,"then":{"const":1}}`, 6, `{"allOf":[{"anyOf":[{"not":true},{"const":1}]},{"$ref":"#/definitions/a"}]}`},
		{"references since 2019-09", `{"$defs":{"a":{}},"properties":{"x":{"$ref":"#/$defs/a","description":"d"}}}`, 2019, `{"$defs":{"a":{}},"properties":{"x":{"$ref":"#/$defs/a","description":"d"}}}`},
		{"annotations", `{"$comment":"c","examples":[1],"readOnly":true,"deprecated":true,"contentEncoding":"base64","title":"t","default":1}`, 4, `{"default":1,"title":"t"}`},
		{"annotations in draft-07", `{"$comment":"c","examples":[1],"readOnly":true,"deprecated":true}`, 7, `{"$comment":"c","examples":[1],"readOnly":true}`},
		{"values are not schemas", `{"enum":[{"const":1}],"default":{"if":1}}`, 4, `{"default":{"if":1},"enum":[{"const":1}]}`},
		{"properties named like keywords", `{"properties":{"const":{"const":1},"if":true}}`, 4, `{"properties":{"const":{"enum":[1]},"if":{}}}`},
		{"empty required", `{"required":[]}`, 4, `{}`},
		{"unknown keywords stay", `{"x-order":1}`, 4, `{"x-order":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			converted, err := structschema.Convert(parse(t, c.given), c.draft)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(converted)
			if err != nil || string(got) != c.want {
				t.Errorf("%v: got\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

// The error lists each keyword that the draft lacks, with its place.
func TestConvertErrors(t *testing.T) {
	t.Parallel()
	const schema = `{"propertyNames":{},"properties":{"a":{"minContains":1,"contains":{}},"b":{"unevaluatedItems":false}},"$defs":{"c":{"$id":"x","$anchor":"y"}}}`
	for draft, want := range map[int]string{
		4: "/$defs/c/$anchor: draft-04 has neither this keyword nor an equivalent\n/$defs/c/$id: draft-04 has neither this keyword nor an equivalent\n" +
			"/properties/a/minContains: draft-04 has neither this keyword nor an equivalent\n/properties/b/unevaluatedItems: draft-04 has neither this keyword nor an equivalent\n" +
			"/propertyNames: draft-04 has neither this keyword nor an equivalent",
		2020: "/$defs/c/$id: draft 2020-12 has neither this keyword nor an equivalent",
	} {
		if _, err := structschema.Convert(parse(t, schema), draft); err == nil || err.Error() != want {
			t.Errorf("got\n%v\nwant\n%s", err, want)
		}
	}
}

// A generator makes schemas of draft 2020-12, and values that often match them.
type generator struct{ *rand.Rand }

func (d generator) pick(from ...any) any { return from[d.IntN(len(from))] }

func (d generator) name() string { return string(rune('a' + d.IntN(3))) }

func (d generator) value(depth int) any {
	switch n := d.IntN(6); {
	case n < 3 || depth == 0:
		return d.pick(nil, true, "a", "bb", 0, 1, 2, 2.5, json.Number("1.0"))
	case n == 3:
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
	for range d.IntN(4) {
		members[d.name()] = d.value(depth - 1)
	}
	return members
}

func (d generator) schema(depth int) any {
	if d.IntN(12) == 0 {
		return d.pick(true, false)
	}
	s := map[string]any{}
	for range 1 + d.IntN(3) {
		d.keyword(s, depth)
	}
	return s
}

func (d generator) keyword(s map[string]any, depth int) {
	switch n := d.IntN(18); {
	case n == 0:
		s["type"] = d.pick("integer", "number", "string", "array", "object", "null")
	case n == 1:
		s["exclusiveMinimum"] = d.pick(json.Number("0"), json.Number("1"))
	case n == 2:
		s["minimum"], s["exclusiveMaximum"] = d.pick(json.Number("0"), json.Number("1")), d.pick(json.Number("2"), json.Number("2.5"))
	case n == 3:
		s["const"] = d.value(1)
	case n == 4:
		s["enum"] = []any{"a", d.value(1)}
	case n == 5:
		s["required"] = []any{d.name()}
	case n == 6:
		s["dependentRequired"] = map[string]any{d.name(): []any{d.name()}}
	case depth == 0:
	case n <= 8:
		s["properties"] = map[string]any{d.name(): d.schema(depth - 1), d.name(): d.schema(depth - 1)}
	case n == 9:
		s["additionalProperties"] = d.schema(depth - 1)
	case n == 10:
		s["items"] = d.schema(depth - 1)
	case n == 11:
		s["prefixItems"] = []any{d.schema(depth - 1), d.schema(depth - 1)}
	case n == 12:
		s["contains"] = d.schema(depth - 1)
	case n == 13:
		s["if"], s["then"] = d.schema(depth-1), d.schema(depth-1)
	case n == 14:
		s["else"] = d.schema(depth - 1)
	case n == 15:
		s["dependentSchemas"] = map[string]any{d.name(): d.schema(depth - 1)}
	case n == 16:
		s["$ref"] = d.pick("#/$defs/a", "#/$defs/b")
	default:
		s[d.pick("allOf", "anyOf", "oneOf").(string)] = []any{d.schema(depth - 1), d.schema(depth - 1)}
	}
}

// For many schemas and values, validation has the same result in all drafts.
func TestConvertKeepsTheMeaning(t *testing.T) {
	t.Parallel()
	d := generator{rand.New(rand.NewPCG(4, 2026))}
	valid, refused := 0, 0
	for range 200 {
		given := map[string]any{"allOf": []any{d.schema(3), d.schema(3)}, "$defs": map[string]any{"a": d.schema(0), "b": d.schema(0)}}
		compiled := map[int]*paramcheck.Schema{}
		texts := map[int]string{}
		for draft, url := range drafts {
			converted, err := structschema.Convert(given, draft)
			if err != nil {
				t.Fatal(err)
			}
			converted["$schema"] = url
			text, err := json.Marshal(converted)
			if err != nil {
				t.Fatal(err)
			}
			texts[draft] = string(text)
			s, err := paramcheck.Compile(text)
			if err != nil {
				break // For example, an enum has two equal values.
			}
			compiled[draft] = s
		}
		if len(compiled) < len(drafts) {
			continue
		}
		for range 20 {
			parameters, err := json.Marshal(d.object(3))
			if err != nil {
				t.Fatal(err)
			}
			want := compiled[2020].Check(parameters)
			for draft, s := range compiled {
				got := s.Check(parameters)
				var invalid *paramcheck.InvalidError
				if (got == nil) != (want == nil) || got != nil && !errors.As(got, &invalid) {
					t.Fatalf("%s\n%s\n%s\nin %d: %v\nin 2020: %v", parameters, texts[2020], texts[draft], draft, got, want)
				}
			}
			if want == nil {
				valid++
			} else {
				refused++
			}
		}
	}
	if valid < 300 || refused < 300 {
		t.Errorf("%d valid, %d refused: too few for a meaningful test", valid, refused)
	}
}
