package paramcheck_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSchemaProblems(t *testing.T) {
	t.Parallel()
	draft := func(name string) string { return `"$schema":"` + drafts[name] + `",` }
	doubling := func(keyword string) string {
		var defs strings.Builder
		for i := range 40 {
			fmt.Fprintf(&defs, `"d%d":{%q:[{"$ref":"#/definitions/d%d"},{"$ref":"#/definitions/d%d"}]},`, i, keyword, i+1, i+1)
		}
		return `{"definitions":{` + defs.String() + `"d40":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/d0"}}}`
	}
	chain := func(length int) string {
		var defs strings.Builder
		for i := range length {
			fmt.Fprintf(&defs, `,"d%d":{"$ref":"#/definitions/d%d"}`, i+1, i)
		}
		return `{"definitions":{"d0":{}` + defs.String() + fmt.Sprintf(`},"properties":{"a":{"$ref":"#/definitions/d%d"}}}`, length)
	}
	if err := validate(chain(98), `{"a":1}`); err != nil {
		t.Errorf("a chain of 100: %v", err)
	}
	for _, c := range []struct{ name, schema, want string }{
		{"invalid JSON", `{"a"`, "is not valid JSON"},
		{"array", `[]`, "must be an object"},
		{"boolean", `true`, "must be an object"},
		{"too large", `{"description":"` + strings.Repeat("x", 64<<10) + `"}`, "65554 bytes: the specification allows 64 kB (65536)"},
		{"too deep", strings.Repeat(`{"not":`, 200) + "{}" + strings.Repeat("}", 200), "nested too deeply"},
		{"unknown draft", `{"$schema":"http://json-schema.org/draft-03/schema#"}`, "$schema is not a supported draft"},
		{"own metaschema", `{"$schema":"https://example.com/schema"}`, "$schema is not a supported draft"},
		{"unknown draft inside", `{` + draft("2020-12") + `"properties":{"a":{"$id":"x","$schema":"https://example.com/s"}}}`, `another document, "https://example.com/s"`},
		{"invalid type", `{"properties":{"a":{"type":"strng"}}}`, "/properties/a/type: must be"},
		{"invalid properties", `{"properties":[]}`, "is not valid in its draft: /properties: must be an object, not an array"},
		{"http", `{"properties":{"a":{"$ref":"https://example.com/a.json#/b"}}}`, `refers to another document, "https://example.com/a.json": the specification allows no external references`},
		{"file", `{"properties":{"a":{"$ref":"file:///etc/passwd"}}}`, `another document, "file:///etc/passwd"`},
		{"relative", `{"properties":{"a":{"$ref":"b.json"}}}`, "another document"},
		{"relative to an id", `{"id":"https://example.com/a.json","properties":{"a":{"$ref":"b.json"}}}`, `another document, "https://example.com/b.json"`},
		{"missing", `{"properties":{"a":{"$ref":"#/definitions/b"}}}`, "refers to /definitions/b, which does not exist"},
		{"missing anchor", `{` + draft("07") + `"properties":{"a":{"$ref":"#b"}}}`, `refers to "#b", which does not exist`},
		{"look-ahead", `{"properties":{"a":{"pattern":"^(?!x)"}}}`, `/properties/a/pattern: the pattern is not valid in RE2: invalid or unsupported Perl syntax in "(?!" (RE2 has no look-ahead`},
		{"look-ahead in a name", `{"patternProperties":{"^(?=x)":{}}}`, "/patternProperties: the pattern is not valid in RE2"},
		{"invalid pattern", `{"properties":{"a":{"pattern":"("}}}`, `missing closing ) in "("`},
		{"long pattern", `{"properties":{"a":{"pattern":"` + strings.Repeat("x", 5000) + `"}}}`, "the pattern has 5000 bytes"},
		{"large pattern", `{"properties":{"a":{"pattern":"(.{900}x){1}` + strings.Repeat(".{1000}", 20) + `"}}}`, "the pattern is too large"},
		{"huge number", `{"properties":{"a":{"maximum":1e1000000000}}}`, "/properties/a/maximum: is a number with more than 400 digits"},
		{"huge number in an enum", `{"properties":{"a":{"enum":[1,1e1000000000]}}}`, "/properties/a/enum/1: is a number"},
		{"loop", `{"$ref":"#"}`, "refers to itself without going into a property"},
		{"loop of two", `{"properties":{"a":{"$ref":"#/definitions/b"}},"definitions":{"b":{"allOf":[{"$ref":"#/definitions/c"}]},"c":{"not":{"$ref":"#/definitions/b"}}}}`, "refers to itself"},
		{"loop in a dependency", `{"dependencies":{"a":{"$ref":"#"}}}`, "refers to itself"},
		{"loop of $dynamicRef", `{` + draft("2020-12") + `"$dynamicAnchor":"a","anyOf":[{"$dynamicRef":"#a"}]}`, "refers to itself"},
		{"loop of $recursiveRef", `{` + draft("2019-09") + `"$recursiveAnchor":true,"if":{"$recursiveRef":"#"}}`, "refers to itself"},
		{"$dynamicRef across documents", `{` + draft("2020-12") + `"$dynamicAnchor":"a","properties":{"x":{"$id":"b","$dynamicAnchor":"a","items":{"$dynamicRef":"#a"}}}}`, "across documents"},
		{"doubling allOf", doubling("allOf"), "since references multiply"},
		{"doubling anyOf", doubling("anyOf"), "since references multiply"},
		{"doubling oneOf", doubling("oneOf"), "since references multiply"},
		{"chain", chain(99), "a chain of more than 100 schemas applies to one value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := validate(c.schema, `{"a":1}`)
			if err == nil || isInvalid(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if err != nil && len(err.Error()) > 600 {
				t.Errorf("%d bytes", len(err.Error()))
			}
			if again := validate(c.schema, `{"a":1}`); fmt.Sprint(again) != fmt.Sprint(err) {
				t.Errorf("got %v\nafter %v", again, err)
			}
		})
	}
}

// The error lists the first faults, always in the same order.
func TestAllSchemaProblems(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		`{"properties":{"a":{"$ref":"#/x"},"b":{"items":{"$ref":"https://example.com/b"}},"c":{"patternProperties":{"(":{}}},"d/e":{"allOf":[{"$ref":"#nope"}]},"f":{"default":{"$ref":"no reference"}}}}`: `refers to /x, which does not exist in the schema; ` +
			`refers to another document, "https://example.com/b": the specification allows no external references, so copy the target into the schema; ` +
			`/properties/c/patternProperties: the pattern is not valid in RE2: missing closing ) in "(" (RE2 has no look-ahead, look-behind and back references); ` +
			`refers to "#nope", which does not exist in the schema`,
		`{"properties":{"a":{"type":"x"},"b":{"minLength":"1"},"c":{"pattern":"("}},"required":[]}`: `is not valid in its draft: ` +
			`/properties/a/type: must be "array", "boolean", "integer", "null", "number", "object" or "string"; ` +
			`/properties/b/minLength: must be an integer, not a string; ` +
			`/properties/c/pattern: the pattern is not valid in RE2: missing closing ) in "(" (RE2 has no look-ahead, look-behind and back references); ` +
			`/required: must have at least 1 item`,
		`{"minLength":-1,"maxLength":-1,"minItems":-1,"maxItems":-1,"minProperties":-1,"maxProperties":-1}`: `is not valid in its draft: ` +
			`/maxItems: must be at least 0; /maxLength: must be at least 0; /maxProperties: must be at least 0; /minItems: must be at least 0; /minLength: must be at least 0; and 1 more`,
	} {
		for range 20 {
			if err := validate(schema, `{}`); err == nil || err.Error() != want {
				t.Fatalf("%s: got\n%v\nwant\n%s", schema, err, want)
			}
		}
	}
}

// Compile does not read an existing file.
func TestFilesAreNotRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, []byte(`{"type":"integer"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := validate(`{"properties":{"a":{"$ref":"file://`+filepath.ToSlash(file)+`"}}}`, `{"a":1}`)
	if err == nil || !strings.Contains(err.Error(), "refers to another document") {
		t.Errorf("got %v", err)
	}
}

// Some references look external, and have a target in the schema.
func TestInternalReferences(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"own id":           `{"id":"https://example.com/a.json","definitions":{"i":{"type":"integer"}},"properties":{"a":{"$ref":"https://example.com/a.json#/definitions/i"}}}`,
		"id of a part":     `{"definitions":{"i":{"id":"#int","type":"integer"}},"properties":{"a":{"$ref":"#int"}}}`,
		"embedded":         `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"i":{"$id":"https://example.com/int","type":"integer"}},"properties":{"a":{"$ref":"https://example.com/int"}}}`,
		"anchor":           `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"i":{"$anchor":"int","type":"integer"}},"properties":{"a":{"$ref":"#int"}}}`,
		"dynamic":          `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"i":{"$dynamicAnchor":"int","type":"integer"}},"properties":{"a":{"$dynamicRef":"#int"}}}`,
		"no keyword place": `{"x":{"y":{"type":"integer"}},"properties":{"a":{"$ref":"#/x/y"}}}`,
		"escaped":          `{"definitions":{"a/b%c":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/a~1b%25c"}}}`,
	} {
		if err := validate(schema, `{"a":1}`); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := validate(schema, `{"a":"1"}`); !isInvalid(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A schema can refer to the schema of its draft, which the library contains.
func TestMetaschemas(t *testing.T) {
	t.Parallel()
	for name, url := range drafts {
		schema := `{"$schema":"` + url + `","properties":{"form":{"$ref":"` + url + `"}}}`
		if err := validate(schema, `{"form":{"type":"object","properties":{"a":{"type":"string","minLength":1}},"additionalProperties":{"items":{}}}}`); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := description(t, validate(schema, `{"form":{"properties":{"a":{"minLength":-1}}}}`))
		if !strings.Contains(got, "/form/properties/a/minLength: must be at least 0") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The largest allowed schemas compile.
func TestLargestSchema(t *testing.T) {
	t.Parallel()
	var properties []string
	for i := range 2500 {
		properties = append(properties, fmt.Sprintf(`"p%d":{"maximum":%d}`, i, i))
	}
	schema := `{"properties":{` + strings.Join(properties, ",") + `}}`
	if len(schema) < 60000 || len(schema) > 64<<10 {
		t.Fatalf("the schema has %d bytes", len(schema))
	}
	if err := validate(schema, `{"p7":7,"p2499":0}`); err != nil {
		t.Error(err)
	}
	if err := validate(schema, `{"p7":8}`); !isInvalid(err) {
		t.Error(err)
	}
}
