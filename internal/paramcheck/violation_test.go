package paramcheck_test

import (
	"fmt"
	"strings"
	"testing"
)

// secret is a value in the parameters of each case. No error may contain it.
const secret = "hunter2"

func TestViolations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, schema, parameters, want string }{
		{"type", `"properties":{"a":{"type":"integer"}}`, `{"a":"hunter2"}`, "/a: must be an integer, not a string"},
		{"types", `"properties":{"a":{"type":["integer","null","boolean"]}}`, `{"a":"hunter2"}`, "/a: must be null, a boolean or an integer, not a string"},
		{"enum", `"properties":{"a":{"enum":["rw",1,null,{"b":[true]}]}}`, `{"a":"hunter2"}`, `/a: must be "rw", 1, null or {"b":[true]}`},
		{"long enum", `"properties":{"a":{"enum":[1,2,3,4,5,6,7,8,9,10,11,12]}}`, `{"a":"hunter2"}`, "/a: must be 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 or 2 more"},
		{"const", `"properties":{"a":{"const":"on"}}`, `{"a":"hunter2"}`, `/a: must be "on"`},
		{
			"numbers", `"properties":{"a":{"minimum":1.5},"b":{"maximum":1e3},"c":{"exclusiveMinimum":0},"d":{"exclusiveMaximum":0.1},"e":{"multipleOf":0.25}}`,
			`{"a":1,"b":1001,"c":0,"d":0.1,"e":1.1}`,
			"/a: must be at least 1.5; /b: must be at most 1000; /c: must be greater than 0; /d: must be less than 0.1; /e: must be a multiple of 0.25",
		},
		{
			"strings", `"properties":{"a":{"minLength":10},"b":{"maxLength":1},"c":{"pattern":"^[a-z]+$"},"d":{"format":"uuid"}}`,
			`{"a":"hunter2","b":"hunter2","c":"hunter2","d":"hunter2"}`,
			"/a: must have at least 10 characters; /b: must have at most 1 character; /c: must match the pattern ^[a-z]+$; /d: must be a valid uuid",
		},
		{
			"arrays", `"properties":{"a":{"minItems":2},"b":{"maxItems":1},"c":{"uniqueItems":true},"d":{"items":[{}],"additionalItems":false},"e":{"contains":{"type":"null"}}}`,
			`{"a":["hunter2"],"b":["hunter2",1],"c":[1,"hunter2",{"x":1,"y":2},{"y":2.0,"x":1}],"d":[1,2,3],"e":["hunter2"]}`,
			"/a: must have at least 2 items; /b: must have at most 1 item; /c: must not have equal items: 2 and 3 are; /d: has 2 items too many; /e: must have an item of the kind that the schema requires",
		},
		{
			"objects", `"minProperties":3,"required":["z","y"]`, `{"a":1}`,
			"the whole object: must have at least 3 properties; /y: is required; /z: is required",
		},
		{"too many properties", `"maxProperties":1`, `{"a":1,"b":2}`, "the whole object: must have at most 1 property"},
		{"unknown", `"additionalProperties":false,"properties":{"size":{},"mode":{}}`, `{"sice":1}`, "/sice: is unknown: the properties here are mode, size"},
		{"unknown, of none", `"additionalProperties":false`, `{"size":1}`, "/size: is unknown: there are no properties here"},
		{"dependencies", `"dependencies":{"a":["b"],"c":{"required":["d"]}}`, `{"a":1,"c":1}`, `/b: is required together with "a"; /d: is required`},
		{"names", `"propertyNames":{"maxLength":3}`, `{"long":1}`, "/long: is not allowed as a name"},
		{"false", `"properties":{"a":false}`, `{"a":"hunter2"}`, "/a: is not allowed"},
		{"not", `"properties":{"a":{"not":{"type":"string"}}}`, `{"a":"hunter2"}`, "/a: is not allowed"},
		{"allOf", `"allOf":[{"required":["a"]},{"allOf":[{"required":["b"]}]}]`, `{}`, "/a: is required; /b: is required"},
		{"anyOf", `"properties":{"a":{"anyOf":[{"type":"null"},{"type":"object"}]}}`, `{"a":"hunter2"}`, "/a: matches none of the alternatives of the schema"},
		{"oneOf, none", `"properties":{"a":{"oneOf":[{"type":"null"},{"type":"object"}]}}`, `{"a":"hunter2"}`, "/a: matches none of the alternatives of the schema"},
		{"oneOf, two", `"properties":{"a":{"oneOf":[{"type":"string"},{"minLength":1}]}}`, `{"a":"hunter2"}`, "/a: matches more than one of the alternatives of the schema"},
		{"then", `"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}`, `{"a":1}`, "/b: is required"},
		{"the same twice", `"allOf":[{"required":["a"]},{"required":["a"]}]`, `{}`, "/a: is required"},
		{
			"deep", `"definitions":{"user":{"required":["name"]}},"properties":{"users":{"items":{"$ref":"#/definitions/user"}}}`,
			`{"users":[{},{"name":1},{},1,1,1,1,1,1,1,{}]}`, "/users/0/name: is required; /users/2/name: is required; /users/10/name: is required",
		},
		{
			"names like indexes", `"additionalProperties":{"type":"null"}`, `{"1a":1,"2":1,"10":1,"b":1}`,
			"/2: must be null, not a number; /10: must be null, not a number; /1a: must be null, not a number; /b: must be null, not a number",
		},
		{"escapes", `"properties":{"a/b":{"properties":{"~":{"type":"null"}}}}`, `{"a/b":{"~":"hunter2"}}`, "/a~1b/~0: must be null, not a string"},
		{"large number", ``, `{"a":[1e1000000000]}`, "/a/0: is a number with more than 400 digits, or with a larger power of ten"},
		{"too deep", ``, `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "/a/0/0/0/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rest := c.schema
			if rest != "" {
				rest = "," + rest
			}
			schema := `{"$schema":"` + drafts["07"] + `"` + rest + `}`
			got := description(t, validate(schema, c.parameters))
			if strings.Contains(got, secret) {
				t.Errorf("a value is repeated: %s", got)
			}
			head, list, _ := strings.Cut(got, ": ")
			n, list, _ := strings.Cut(list, ": ")
			if c.name == "too deep" && strings.HasPrefix(list, c.want) && strings.HasSuffix(list, "is nested too deeply") {
				return
			}
			noun := fmt.Sprintf("%d violations", strings.Count(list, "; ")+1)
			if head != "parameters" || list != c.want || n != noun && n+"s" != noun {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A name that is not in the schema may be a misplaced secret.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	const schema = `{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a name that is known":{"type":"integer"}},"additionalProperties":{"type":"integer"}}`
	for name, want := range map[string]string{
		"a name that is known":           "/a name that is known: must be",
		"maxConnections":                 "/maxConnections: must be",
		"log_level.v2":                   "/log_level.v2: must be",
		"correct horse battery staple":   "/(a name of 28 bytes): must be",
		"Tr0ub4dor&3":                    "/(a name of 11 bytes): must be",
		"":                               "/(a name of 0 bytes): must be",
		strings.Repeat("x", 33):          "/(a name of 33 bytes): must be",
		"-----BEGIN RSA PRIVATE KEY----": "/(a name of 30 bytes): must be",
	} {
		got := description(t, validate(schema, fmt.Sprintf(`{%q:"hunter2"}`, name)))
		if !strings.Contains(got, want) || strings.Contains(got, secret) {
			t.Errorf("%q: got %s", name, got)
		}
	}
}

// The list and each of its entries are bounded, and the list is always the same.
func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	const long = 300
	name := strings.Repeat("n", long)
	schema := fmt.Sprintf(`{"properties":{%q:{"properties":{"inner":{"enum":[%q]},"other":{"pattern":%q}}}},"additionalProperties":{"type":"null"}}`,
		name, strings.Repeat("v", 1000), strings.Repeat("p", 1000))
	var parameters strings.Builder
	fmt.Fprintf(&parameters, `{%q:{"inner":"hunter2","other":"hunter2"}`, name)
	for i := range 500 {
		fmt.Fprintf(&parameters, `,"p%03d":"hunter2"`, i)
	}
	parameters.WriteString("}")
	first := description(t, validate(schema, parameters.String()))
	if !strings.HasPrefix(first, "parameters: 502 violations: ") || !strings.HasSuffix(first, "/p007: must be null, not a string; and 492 more") {
		t.Errorf("got %s", first)
	}
	if len(first) > 1500 || strings.Contains(first, secret) {
		t.Errorf("%d bytes: %s", len(first), first)
	}
	for range 20 {
		if again := description(t, validate(schema, parameters.String())); again != first {
			t.Fatalf("got\n%s\nafter\n%s", again, first)
		}
	}
}
