package paramcheck_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/paramcheck"
)

// Without a bound, each of these would take hours or all memory. Check estimates the
// steps first, and refuses immediately.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	nest := func(n int) string {
		return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
	}
	tree := func(keyword string) string {
		return `{"definitions":{"node":{"properties":{"a":{"` + keyword + `":[{"$ref":"#/definitions/node"},{"$ref":"#/definitions/node"}]}}}},"$ref":"#/definitions/node"}`
	}
	list := func(n int, element string) string {
		return `{"a":[` + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + `]}`
	}
	var keys, patterns, required strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&required, `"n%d",`, i)
	}
	for i := range 2000 {
		fmt.Fprintf(&patterns, `"x%d":{},`, i)
	}
	for i := range 20_000 {
		fmt.Fprintf(&keys, `"k%d":1,`, i)
	}
	numbers := func(n int) string {
		var values []string
		for i := range n {
			values = append(values, fmt.Sprintf("%de390", i+1))
		}
		return strings.Join(values, ",")
	}
	for _, c := range []struct{ name, schema, parameters, want string }{
		{"2^90 by allOf and $ref", tree("allOf"), nest(90), "too complex"},
		{"2^90 by anyOf and $ref", tree("anyOf"), nest(90), "too complex"},
		{"2^90 by oneOf and $ref", tree("oneOf"), nest(90), "too complex"},
		{"2^90 by not", `{"properties":{"a":{"allOf":[{"not":{"$ref":"#"}},{"not":{"$ref":"#"}}]}}}`, nest(90), "too complex"},
		{"2^90 by if", `{"$schema":"` + drafts["07"] + `","properties":{"a":{"if":{"$ref":"#"},"then":{"$ref":"#"}}}}`, nest(90), "too complex"},
		{"2^90 by dependencies", `{"properties":{"a":{"dependencies":{"a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"properties":{"a":{"$ref":"#"}}}},"allOf":[{"$ref":"#"}]}}}`, nest(90), "too complex"},
		{"2^90 by properties and patternProperties", `{"properties":{"a":{"$ref":"#"}},"patternProperties":{"a":{"$ref":"#"}}}`, nest(90), "too complex"},
		{"2^90 by items and contains", `{"$schema":"` + drafts["07"] + `","items":{"$ref":"#"},"contains":{"$ref":"#"},"properties":{"a":{"$ref":"#"}}}`, `{"a":` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + `}`, "too complex"},
		{"2^90 by unevaluatedProperties", `{"$schema":"` + drafts["2020-12"] + `","$defs":{"n":{"properties":{"a":{"$ref":"#/$defs/n"}},"allOf":[{"unevaluatedProperties":{"$ref":"#/$defs/n"}}]}},"$ref":"#/$defs/n"}`, nest(90), "too complex"},
		{"2^90 by $dynamicRef", `{"$schema":"` + drafts["2020-12"] + `","$dynamicAnchor":"n","properties":{"a":{"allOf":[{"$dynamicRef":"#n"},{"$dynamicRef":"#n"}]}}}`, nest(90), "too complex"},
		{"2^90 by $recursiveRef", `{"$schema":"` + drafts["2019-09"] + `","$recursiveAnchor":true,"properties":{"a":{"allOf":[{"$recursiveRef":"#"},{"$recursiveRef":"#"}]}}}`, nest(90), "too complex"},
		{"2^90 by propertyNames beside", `{"$schema":"` + drafts["07"] + `","propertyNames":{"maxLength":5},"properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`, nest(90), "too complex"},
		{"many elements", `{"properties":{"a":{"items":{"type":"string","format":"uri"}}}}`, list(300_000, "1"), "too complex"},
		{"a large enum on many elements", `{"properties":{"a":{"items":{"enum":[` + numbers(5000) + `]}}}}`, list(10_000, "1e390"), "too complex"},
		{"a large pattern on a large text", `{"properties":{"a":{"pattern":"(x+x+)+y.{900}"}}}`, `{"a":"` + strings.Repeat("x", 500_000) + `"}`, "too complex"},
		{"many patterns on many names", `{"patternProperties":{` + strings.TrimSuffix(patterns.String(), ",") + `}}`, "{" + strings.TrimSuffix(keys.String(), ",") + "}", "too complex"},
		{"many required names of many objects", `{"properties":{"a":{"items":{"required":[` + strings.TrimSuffix(required.String(), ",") + `]}}}}`, list(120, "{}"), "too complex"},
		{"patterns as values", `{"properties":{"a":{"items":{"format":"regex"}}}}`, list(10_000, `".{1000}.{1000}.{1000}.{1000}.{1000}"`), "too complex"},
		{"a pattern that would fill the memory", `{"properties":{"a":{"format":"regex"}}}`, `{"a":"` + strings.Repeat(".{1000}", 500) + `"}`, "/a: must be a valid regex"},
		{"a number that would fill the memory", `{"properties":{"a":{"multipleOf":0.1}}}`, `{"a":1e1000000000}`, "/a: is a number with more than 400 digits"},
		{"a small number that would fill the memory", `{"properties":{"a":{"multipleOf":0.1}}}`, `{"a":1e-1000000000}`, "/a: is a number with more than 400 digits"},
		{"a power of ten that is no number", `{"properties":{"a":{"minimum":1}}}`, `{"a":1e99999999999999999999999}`, "/a: is a number with more than 400 digits"},
		{"a long number", `{"properties":{"a":{"minimum":1}}}`, `{"a":` + strings.Repeat("9", 100_000) + `}`, "/a: is a number with more than 400 digits"},
		{"deep", `{"properties":{"a":{"$ref":"#"}}}`, nest(9000), "is nested too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := description(t, validate(c.schema, c.parameters))
			if !strings.Contains(got, c.want) || len(got) > 400 {
				t.Errorf("got %.500s", got)
			}
		})
	}
}

// The message about unknown names is created once. Creating it for each name would take
// minutes.
func TestManyUnknownNames(t *testing.T) {
	t.Parallel()
	const known, unknown = 5000, 90_000
	var properties, parameters strings.Builder
	for i := range known {
		fmt.Fprintf(&properties, `"p%d":{},`, i)
	}
	for i := range unknown {
		fmt.Fprintf(&parameters, `"x%d":1,`, i)
	}
	got := description(t, validate(`{"additionalProperties":false,"properties":{`+strings.TrimSuffix(properties.String(), ",")+`}}`,
		"{"+strings.TrimSuffix(parameters.String(), ",")+"}"))
	if !strings.Contains(got, "90000 violations: /x0: is unknown: the properties here are p0, p1, p10, ") || !strings.HasSuffix(got, "; and 89990 more") {
		t.Errorf("got %s", got)
	}
}

// uniqueItems takes linear time even for crafted values that collide in a hash without
// boundaries between its parts: they have the same bytes, split differently.
func TestUniqueItemsOnCollisions(t *testing.T) {
	t.Parallel()
	const parts = 13
	elements := make([]string, 0, 1<<parts)
	for cuts := range 1 << parts {
		var element strings.Builder
		element.WriteString(`["a`)
		for i := range parts {
			if cuts>>i&1 == 1 {
				element.WriteString(`","a`)
			} else {
				element.WriteString(`\u0004a`)
			}
		}
		element.WriteString(`"]`)
		elements = append(elements, element.String())
	}
	const schema = `{"properties":{"a":{"type":"array","uniqueItems":true}}}`
	if p, err := paramcheck.NewProbe([]byte(schema)); err != nil || p.LibraryFindsDuplicates() {
		t.Fatalf("the library looks for duplicates itself (%v)", err)
	}
	if err := validate(schema, `{"a":[`+strings.Join(elements, ",")+`]}`); err != nil {
		t.Error(err)
	}
	elements = append(elements, elements[77])
	got := description(t, validate(schema, `{"a":[`+strings.Join(elements, ",")+`]}`))
	if want := fmt.Sprintf("/a: must not have equal items: 77 and %d are", 1<<parts); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Values are equal in any order of names and any notation of numbers.
func TestUniqueItems(t *testing.T) {
	t.Parallel()
	for items, unique := range map[string]bool{
		`[]`: true, `[1]`: true, `[1,2,"1",true,null,[1],{"a":1},[],{}]`: true,
		`[1,1.0]`: false, `[10,1e1]`: false, `[0.5,5e-1]`: false, `[0,-0]`: false, `[9007199254740993,9007199254740992]`: true,
		`["a","a"]`: false, `["a","\u0061"]`: false, `["a","A"]`: true, `[true,1]`: true, `[false,null]`: true, `[null,null]`: false,
		`[{"a":1,"b":2},{"b":2,"a":1}]`: false, `[{"a":[1,2]},{"a":[2,1]}]`: true, `[["a","b"],["a,b"]]`: true, `[[[]],[[]]]`: false,
		`[{"a":"b"},{"a\":\"b":1}]`: true, `["1",1]`: true, `["null",null]`: true,
	} {
		err := validate(`{"properties":{"a":{"uniqueItems":true}}}`, `{"a":`+items+`}`)
		if (err == nil) != unique {
			t.Errorf("%s: %v", items, err)
		}
	}
}

// Ordinary parameters are far below the bound, and large harmless ones pass.
func TestAffordable(t *testing.T) {
	t.Parallel()
	type testCase struct {
		name, schema, parameters string
		most                     int
	}
	var users, tree strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&users, `{"name":"user-%d","roles":["a","b"],"limits":{"cpu":0.5,"memory":%d}},`, i, i)
	}
	for i := range 100 {
		fmt.Fprintf(&tree, `{"name":"n%d","children":[{"name":"c","children":[]},{"name":"d","children":[{"name":"e"}]}]},`, i)
	}
	for _, c := range []testCase{
		{"typical", rich, richParameters, 400},
		{
			"a thousand users", `{"properties":{"users":{"items":{"oneOf":[{"type":"string"},{"type":"object","required":["name"],"properties":{"name":{"type":"string","pattern":"^[a-z0-9-]+$"},"roles":{"type":"array","uniqueItems":true},"limits":{"additionalProperties":{"type":"number","minimum":0}}}}]}}}}`,
			`{"users":[` + strings.TrimSuffix(users.String(), ",") + `]}`, 60_000,
		},
		{
			"a tree", `{"definitions":{"node":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/definitions/node"}}}}},"properties":{"tree":{"items":{"$ref":"#/definitions/node"}}}}`,
			`{"tree":[` + strings.TrimSuffix(tree.String(), ",") + `]}`, 10_000,
		},
		{"a large free-form object", `{"type":"object","properties":{"config":{"type":"object"}}}`, `{"config":{"rows":[` + strings.TrimSuffix(strings.Repeat("1,", 400_000), ",") + `]}}`, 100},
		{"a certificate", `{"properties":{"cert":{"type":"string","maxLength":100000,"minLength":1,"pattern":"^-----BEGIN CERTIFICATE-----"}}}`, `{"cert":"-----BEGIN CERTIFICATE-----` + strings.Repeat("MIIB", 15_000) + `"}`, 80_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := validate(c.schema, c.parameters); err != nil {
				t.Fatal(err)
			}
			p, err := paramcheck.NewProbe([]byte(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			taken, foreseen, ok := p.Work([]byte(c.parameters))
			if !ok || foreseen > c.most || taken > foreseen || taken == 0 {
				t.Errorf("%d parts were applied, %d steps were estimated, want at most %d of %d", taken, foreseen, c.most, paramcheck.MaxWork)
			}
		})
	}
}

// In some drafts, keywords next to $ref are compiled, but not applied.
func TestBesideReference(t *testing.T) {
	t.Parallel()
	for _, draft := range []string{"04", "06", "07"} {
		schema := `{"$schema":"` + drafts[draft] + `","properties":{"a":{"$ref":"#","contains":{"minItems":9},"propertyNames":{"maxLength":0},"if":{"not":{}},"else":{"not":{}}}},"items":{"$ref":"#"}}`
		p, err := paramcheck.NewProbe([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		for _, parameters := range []string{`{"a":{"a":{}}}`, `{"a":[{"a":[1]}]}`} {
			if taken, foreseen, ok := p.Work([]byte(parameters)); !ok || taken > foreseen || foreseen > 20 {
				t.Errorf("draft %s: %d applied, %d estimated", draft, taken, foreseen)
			}
			if err := p.Check([]byte(parameters)); err != nil {
				t.Errorf("draft %s: %v", draft, err)
			}
		}
	}
}

// The walk visits each pair of a part and a value once, so that the estimate costs far less
// than the validation.
func TestForeseenExactly(t *testing.T) {
	t.Parallel()
	// Each level applies twice to the next one: 1, 2, 4 ... 2^n nodes.
	const schema = `{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`
	p, err := paramcheck.NewProbe([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for n := 1; n <= 9; n++ {
		taken, foreseen, ok := p.Work([]byte(strings.Repeat(`{"a":`, n) + "{}" + strings.Repeat("}", n)))
		if !ok || taken > foreseen || n > 4 && (foreseen < 18*last/10 || foreseen > 24*last/10) {
			t.Errorf("%d levels: %d applied, %d estimated, %d a level before", n, taken, foreseen, last)
		}
		last = foreseen
	}
}

// The bounds are exact.
func TestBounds(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	for parameters, valid := range map[string]bool{
		`{"a":1e400}`: true, `{"a":1e401}`: false, `{"a":-1E-400}`: true, `{"a":1e-401}`: false, `{"a":1e+0400}`: true,
		`{"a":` + strings.Repeat("1", 400) + `}`: true, `{"a":` + strings.Repeat("1", 401) + `}`: false,
		nested(100): true, nested(101): false,
	} {
		for _, schema := range []string{`{"properties":{"a":{"not":{"type":"null"}}}}`, `{"properties":{"a":{}}}`} {
			if err := validate(schema, parameters); (err == nil) != valid {
				t.Errorf("%.20s... (%d bytes) with %s: %v", parameters, len(parameters), schema, err)
			}
		}
	}
}

func TestInvalidJSON(t *testing.T) {
	t.Parallel()
	for _, parameters := range []string{"", "{", `{"a":}`, `{"a":1}}`, "nope", "\x00", `{"a":"` + "\xff"} {
		for _, schema := range []string{`{"type":"object"}`, `{"type":"object","minProperties":0}`} {
			if err := validate(schema, parameters); !isInvalid(err) {
				t.Errorf("%q: %v", parameters, err)
			}
		}
	}
}
