package conformance_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker/conformance"
)

// schemas are schemas of plans. other and invalid say whether the generator
// finds other valid parameters and invalid ones.
var schemas = map[string]struct {
	schema         string
	other, invalid bool
}{
	"anything":     {`{"type": "object"}`, false, false},
	"optional":     {`{"type": "object", "properties": {"a": {"type": "string"}}}`, true, true},
	"required":     {`{"required": ["a", "b"], "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 5}, "b": {"type": "boolean"}}}`, true, true},
	"closed":       {`{"additionalProperties": false, "required": ["a"], "properties": {"a": {"enum": ["x", "y"]}, "b": {"type": "null"}}}`, true, true},
	"one of two":   {`{"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}`, true, true},
	"one of three": {`{"properties": {"a": {"type": "string"}}, "oneOf": [{"properties": {"k": {"const": 1}, "b": {"type": "string"}}, "required": ["k"]}, {"properties": {"k": {"const": 2}, "c": {}}, "required": ["k", "c"]}]}`, true, true},
	"one choice":   {`{"required": ["a"], "properties": {"a": {"const": 7}}, "additionalProperties": false}`, false, true},
	"default":      {`{"required": ["a"], "properties": {"a": {"type": "string", "default": "d", "minLength": 1}}}`, true, true},
	"example":      {`{"required": ["a"], "properties": {"a": {"type": "string", "examples": ["abc"], "pattern": "^a"}}}`, true, true},
	"pattern":      {`{"required": ["a"], "properties": {"a": {"type": "string", "pattern": "^[a-z]{3}-(red|blue)\\d+$"}}}`, true, true},
	"long pattern": {`{"required": ["a"], "properties": {"a": {"type": "string", "pattern": "^x+$", "minLength": 9}}}`, false, true},
	"lengths":      {`{"required": ["a", "b"], "properties": {"a": {"type": "string", "minLength": 30}, "b": {"type": "string", "maxLength": 3}}}`, true, true},
	"formats": {`{"required": ["a", "b", "c"], "properties": {"a": {"type": "string", "format": "uuid"},
		"b": {"type": "string", "format": "date-time"}, "c": {"type": "string", "format": "ipv4"}}}`, false, true},
	"numbers": {`{"required": ["a", "b", "c", "d"], "properties": {"a": {"type": "number", "multipleOf": 0.5, "minimum": 1.2},
		"b": {"type": "integer", "maximum": -4}, "c": {"type": "number", "exclusiveMinimum": 3}, "d": {"type": "integer", "multipleOf": 8}}}`, true, true},
	"nested": {`{"required": ["a"], "properties": {"a": {"type": "object", "required": ["b"], "properties": {"b": {"type": "array",
		"minItems": 2, "items": {"type": "string"}}}}}}`, true, true},
	"reference": {`{"definitions": {"size": {"type": "integer", "minimum": 10}}, "required": ["a"],
		"properties": {"a": {"$ref": "#/definitions/size"}}}`, true, true},
	"all of":  {`{"allOf": [{"required": ["a"], "properties": {"a": {"type": "string"}}}, {"required": ["b"], "properties": {"b": {"type": "integer", "minimum": 2}}}]}`, true, false},
	"any of":  {`{"anyOf": [{"required": ["a"], "properties": {"a": {"type": "string"}}}, {"required": ["b"]}]}`, true, false},
	"one of":  {`{"required": ["m"], "properties": {"m": {"oneOf": [{"type": "string", "enum": ["s"]}, {"type": "integer"}]}}}`, false, true},
	"draft 4": {`{"$schema": "http://json-schema.org/draft-04/schema#", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1, "exclusiveMinimum": true}}}`, true, true},
	"types":   {`{"required": ["a"], "properties": {"a": {"type": ["null", "string"]}}}`, true, true},
	"least":   {`{"minProperties": 2, "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}}}`, true, true},
}

// An independent validator confirms what the generator generates.
func TestGenerate(t *testing.T) {
	t.Parallel()
	for name, test := range schemas {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := compile(t, test.schema)
			valid, other, invalid := conformance.Generate([]byte(test.schema))
			if err := check(valid); err != nil {
				t.Errorf("%v is not valid: %v", valid, err)
			}
			if test.other != (other != nil) || test.invalid != (invalid != nil) {
				t.Fatalf("other parameters are %v, invalid ones %v", other, invalid)
			}
			if other != nil {
				one, _ := json.Marshal(valid)
				two, _ := json.Marshal(other)
				if err := check(other); err != nil || bytes.Equal(one, two) {
					t.Errorf("%s is not valid, or does not differ from %s: %v", two, one, err)
				}
			}
			if invalid != nil && check(invalid) == nil {
				t.Errorf("%v is valid", invalid)
			}
		})
	}
}

// A plan without a schema gets no parameters and no invalid parameters.
func TestGenerateWithoutSchema(t *testing.T) {
	t.Parallel()
	if valid, other, invalid := conformance.Generate(nil); valid != nil || len(other) == 0 || invalid != nil {
		t.Errorf("Generate returns %v, %v, %v", valid, other, invalid)
	}
}

func compile(t *testing.T, schema string) func(map[string]any) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", value); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(parameters map[string]any) error {
		if parameters == nil {
			parameters = map[string]any{}
		}
		encoded, err := json.Marshal(parameters)
		if err != nil {
			return err
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
		if err != nil {
			return err
		}
		return compiled.Validate(instance)
	}
}

// FuzzGenerate shows that no schema makes the generator panic or produce an
// excessive value.
func FuzzGenerate(f *testing.F) {
	for _, test := range schemas {
		f.Add([]byte(test.schema))
	}
	for _, seed := range []string{
		`{"$ref": "#"}`, `{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}`, `{"properties": {"a": {"$ref": "#"}}, "required": ["a"]}`,
		`{"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"}`,
		`{"required": ["a"], "properties": {"a": {"type": "array", "minItems": 1e9, "items": {"$ref": "#"}}}}`,
		`{"required": ["a"], "properties": {"a": {"type": "string", "pattern": "((a{1,99}){1,99})*", "minLength": 1e9, "maxLength": -1}}}`,
		`{"required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1e308, "multipleOf": 1e-308}}}`,
		`{"required": [1, null], "properties": [], "enum": {}, "type": 7}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, schema []byte) {
		valid, other, invalid := conformance.Generate(schema)
		for _, parameters := range []map[string]any{valid, other, invalid} {
			if encoded, err := json.Marshal(parameters); err != nil || len(encoded) > 64<<20 {
				t.Errorf("the generator returns %d bytes, %v", len(encoded), err)
			}
		}
	})
}
