package paramcheck_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/paramcheck"
)

// canary marks every string of the parameters in FuzzValidate.
const canary = "canary-7f3a91"

// maxDescription exceeds the longest possible description.
const maxDescription = 6000

// Validation never panics, takes no more steps than estimated, returns the same verdict
// each time and as the library, and never repeats a value.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(rich), []byte(richParameters))
	f.Add([]byte(rich), []byte(`{"size":"x","more":[1e500,"y"]}`))
	f.Add([]byte(`{"properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`), []byte(`{"a":{"a":{"a":{"a":{}}}}}`))
	f.Add([]byte(`{"$schema":"https://json-schema.org/draft/2020-12/schema","$dynamicAnchor":"n","properties":{"a":{"$dynamicRef":"#n"}},"unevaluatedProperties":{"type":"string"}}`), []byte(`{"a":{"b":1},"c":"x"}`))
	f.Add([]byte(`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"uniqueItems":true,"contains":{"const":1}},"b":{"if":{"type":"string"},"then":{"pattern":"^x+$"},"else":{"multipleOf":0.1}}},"propertyNames":{"enum":["a","b"]},"dependencies":{"a":["b"]}}`), []byte(`{"a":[1,1.0,"q"],"b":"yy","c":{}}`))
	f.Add([]byte(`{"$schema":"https://json-schema.org/draft/2019-09/schema","$ref":"https://json-schema.org/draft/2019-09/schema"}`), []byte(`{"type":"x","items":[{"minLength":-1}]}`))
	f.Add([]byte(`{"patternProperties":{"^a":{"oneOf":[{"minimum":2},{"maximum":3}]}},"additionalProperties":{"items":[{"enum":["x",1,[2]]}],"additionalItems":false},"maxProperties":2}`), []byte(`{"ab":2.5,"c":["y",1],"d":null}`))
	f.Fuzz(func(t *testing.T, schema, parameters []byte) {
		p, err := paramcheck.NewProbe(schema)
		if err != nil {
			return // See FuzzSchemaCompile.
		}
		first := p.Check(parameters)
		if again := p.Check(parameters); fmt.Sprint(first) != fmt.Sprint(again) {
			t.Fatalf("got %v, then %v", first, again)
		}
		if first != nil && (len(first.Error()) > maxDescription || !isInvalid(first)) {
			t.Fatalf("%d bytes: %v", len(first.Error()), first)
		}
		taken, foreseen, affordable := p.Work(parameters)
		if !affordable || !json.Valid(parameters) {
			return
		}
		if taken > foreseen {
			t.Fatalf("%d parts were applied, %d steps were estimated", taken, foreseen)
		}
		if library := p.Library(parameters); (library == nil) != (first == nil) {
			t.Fatalf("the library says %v, not %v", library, first)
		}
		if bytes.Contains(schema, []byte(canary)) || bytes.Contains(parameters, []byte(canary)) {
			return
		}
		if err := p.Check(marked(t, parameters)); err != nil && strings.Contains(err.Error(), canary) {
			t.Fatalf("a value is repeated: %v", err)
		}
	})
}

// marked puts the canary into every string of valid JSON except names.
func marked(t *testing.T, text []byte) []byte {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	var mark func(value any) any
	mark = func(value any) any {
		switch value := value.(type) {
		case string:
			return value + canary
		case []any:
			for i := range value {
				value[i] = mark(value[i])
			}
		case map[string]any:
			for name := range value {
				value[name] = mark(value[name])
			}
		}
		return value
	}
	encoded, err := json.Marshal(mark(value))
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// The compiler never panics, and returns the same short error each time. A compiled schema
// can be used.
func FuzzSchemaCompile(f *testing.F) {
	for _, seed := range []string{
		rich, `{"$ref":"#"}`, `{"$ref":"file:///etc/passwd"}`, `{"$schema":"http://json-schema.org/schema"}`,
		`{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"a","$defs":{"x":{"$id":"b","$anchor":"c","prefixItems":[true,false]}},"properties":{"a":{"$ref":"b#c"}}}`,
		`{"patternProperties":{"^(a|b){1,1000}$":{"pattern":"[^\\pL]+"}},"dependencies":{"a":{"not":{}},"b":["c"]}}`,
		`{"id":"http://json-schema.org/draft-04/schema","x":{"y":{"id":"#z"}},"items":[{"$ref":"#/x/y"}],"additionalItems":{"$ref":"#z"}}`,
		`{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"unevaluatedItems":{"$recursiveRef":"#"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, schema []byte) {
		s, err := paramcheck.Compile(schema)
		if _, again := paramcheck.Compile(schema); fmt.Sprint(err) != fmt.Sprint(again) {
			t.Fatalf("got %v, then %v", err, again)
		}
		if err != nil {
			if len(err.Error()) > maxDescription || isInvalid(err) {
				t.Fatalf("%d bytes: %v", len(err.Error()), err)
			}
			return
		}
		if err := s.Check([]byte(`{}`)); err != nil && !isInvalid(err) {
			t.Fatal(err)
		}
	})
}
