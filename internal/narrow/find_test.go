package narrow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/internal/narrow"
)

// found returns one finding a line. A question mark begins an unproven finding, and a plus an
// undeclared one.
func found(before, after string) string {
	var lines []string
	for _, f := range new(narrow.Comparer).Find([]byte(before), []byte(after)) {
		mark := ""
		if f.Unproven {
			mark = "?"
		}
		if f.Undeclared {
			mark += "+"
		}
		lines = append(lines, fmt.Sprintf("%s%s: %s", mark, f.Pointer, f.Message))
	}
	return strings.Join(lines, "\n")
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after, want string }{
		"same":                  {`{"type":"string"}`, ` { "type" : "string" } `, ""},
		"number spelling":       {`{"minimum":1}`, `{"minimum":1.0}`, ""},
		"annotations":           {`{"type":"string"}`, `{"type":"string","title":"x","default":"y","x-hint":1}`, ""},
		"type":                  {`{"type":["string","null"]}`, `{"type":"string"}`, `/type: the type null is no longer accepted`},
		"type wider":            {`{"type":"integer"}`, `{"type":["number","null"]}`, ""},
		"type first":            {`{}`, `{"type":"string"}`, `/type: is limited to "string"`},
		"number to integer":     {`{"type":"number"}`, `{"type":"integer"}`, `/type: the type number is no longer accepted`},
		"enum":                  {`{"enum":["a","b",1]}`, `{"enum":["a","c",1.0]}`, `/enum: the value "b" is no longer accepted`},
		"enum wider":            {`{"enum":["a"]}`, `{"enum":["b","a"],"type":"string","minLength":1,"maxLength":1}`, ""},
		"enum to const":         {`{"enum":["a","b"]}`, `{"const":"a"}`, `/const: the value "b" is no longer accepted`},
		"enum first":            {`{"type":"string"}`, `{"enum":["a"]}`, `/enum: is limited to fixed values`},
		"minimum":               {`{"minimum":1}`, `{"minimum":2}`, `/minimum: the minimum is raised from 1 to 2`},
		"minimum of strings":    {`{"type":"string"}`, `{"type":"string","minimum":2}`, ""},
		"maximum":               {`{"maximum":1.5}`, `{"maximum":-10}`, `/maximum: the maximum is lowered from 1.5 to -10`},
		"maximum first":         {`{}`, `{"maximum":100}`, `/maximum: now has a maximum: 100`},
		"exclusive in draft 4":  {draft(4, `"maximum":1`), draft(4, `"maximum":1,"exclusiveMaximum":true`), `/maximum: the maximum 1 is no longer accepted`},
		"exclusive in draft 7":  {draft(7, `"minimum":1`), draft(7, `"exclusiveMinimum":1`), `/exclusiveMinimum: the minimum 1 is no longer accepted`},
		"exclusive, two drafts": {draft(4, `"minimum":1,"exclusiveMinimum":true`), draft(7, `"exclusiveMinimum":1`), ""},
		"exclusive lifted":      {draft(7, `"exclusiveMinimum":1`), draft(4, `"minimum":1`), ""},
		"multipleOf":            {`{"multipleOf":0.5}`, `{"multipleOf":2}`, `/multipleOf: must be a multiple of 2`},
		"multipleOf wider":      {`{"multipleOf":6}`, `{"multipleOf":1.5}`, ""},
		"multipleOf 1":          {`{"type":"integer"}`, `{"type":"number","multipleOf":1}`, ""},
		"minLength":             {`{"minLength":1}`, `{"minLength":2}`, `/minLength: the minLength has changed from 1 to 2`},
		"maxLength":             {`{"type":"string"}`, `{"maxLength":2}`, `/maxLength: now has a maxLength: 2`},
		"pattern":               {`{"pattern":"^a"}`, `{"pattern":"^b"}`, `?/pattern: the pattern has changed to "^b"`},
		"pattern first":         {`{}`, `{"pattern":"^b"}`, `/pattern: now has a pattern: "^b"`},
		"pattern gone":          {`{"pattern":"^b"}`, `{}`, ""},
		"format":                {`{"type":"string"}`, `{"type":"string","format":"uri"}`, `/format: must have the format "uri"`},
		"format binds earlier":  {draft(2019, `"format":"uri"`), draft(7, `"format":"uri"`), `/format: must have the format "uri"`},
		"required":              {`{"required":["a"]}`, `{"required":["a","b"]}`, `/required: "b" is required`},
		"required less":         {`{"required":["a","b"]}`, `{"required":["b"],"minProperties":1}`, ""},
		"property":              {`{"properties":{"a":{"maximum":2}}}`, `{"properties":{"a":{"maximum":1}}}`, `/properties/a/maximum: the maximum is lowered from 2 to 1`},
		"new property":          {`{"properties":{"a":{}},"additionalProperties":false}`, `{"properties":{"a":{},"b":{"type":"string"}},"additionalProperties":false}`, ""},
		"new property, open":    {`{"properties":{"a":{}}}`, `{"properties":{"a":{},"b":{"type":"string"}}}`, `+/properties/b/type: is limited to "string"`},
		"property gone, closed": {`{"properties":{"a":{},"b/~":{}},"additionalProperties":false}`, `{"properties":{"a":{}},"additionalProperties":false}`, `/properties/b~1~0: the property is no longer accepted`},
		"property gone, open":   {`{"properties":{"a":{"type":"string"}}}`, `{}`, ""},
		"closed":                {`{"properties":{"a":{}}}`, `{"properties":{"a":{}},"additionalProperties":false}`, `/additionalProperties: undescribed properties are no longer accepted`},
		"additional":            {`{"additionalProperties":{"type":["string","null"]}}`, `{"additionalProperties":{"type":"string"}}`, `+/additionalProperties/type: the type null is no longer accepted`},
		"pattern properties":    {`{"patternProperties":{"^a":{"maximum":2}}}`, `{"patternProperties":{"^a":{"maximum":1}}}`, `/patternProperties/^a/maximum: the maximum is lowered from 2 to 1`},
		"pattern to property":   {`{"patternProperties":{"^a":{"type":"string"}},"additionalProperties":false}`, `{"properties":{"ab":{"type":"integer"}},"patternProperties":{"^a":{"type":"string"}},"additionalProperties":false}`, `/properties/ab/type: the type string is no longer accepted`},
		"nested":                {`{"properties":{"a":{"items":{"properties":{"b":{"enum":[1,2]}}}}}}`, `{"properties":{"a":{"items":{"properties":{"b":{"enum":[1]}}}}}}`, `/properties/a/items/properties/b/enum: the value 2 is no longer accepted`},
		"items":                 {`{"type":"array"}`, `{"items":{"type":"string"}}`, `/items/type: is limited to "string"`},
		"items fewer":           {draft(7, `"items":[{},{}]`), draft(7, `"items":[{}],"additionalItems":false`), `/additionalItems: the element 1 is no longer accepted`},
		"items by prefix":       {draft(7, `"items":[{"type":"string"}],"additionalItems":false`), draft(2020, `"prefixItems":[{"type":"string"}],"items":false`), ""},
		"uniqueItems":           {`{"type":"array"}`, `{"uniqueItems":true}`, `/uniqueItems: elements must differ`},
		"maxItems":              {`{"maxItems":3}`, `{"maxItems":2}`, `/maxItems: the maxItems has changed from 3 to 2`},
		"allOf":                 {`{"type":"object","required":["a"]}`, `{"allOf":[{"type":"object"},{"required":["a"]}]}`, ""},
		"allOf more":            {`{"allOf":[{"type":"object"}]}`, `{"allOf":[{"type":"object"},{"required":["a"]}]}`, `/allOf/1/required: "a" is required`},
		"anyOf wider":           {`{"anyOf":[{"type":"string"}]}`, `{"anyOf":[{"type":"null"},{"type":"string"}]}`, ""},
		"anyOf by type":         {`{"type":["string","null"]}`, `{"anyOf":[{"type":"null"},{"type":"string"}]}`, ""},
		"anyOf fewer":           {`{"anyOf":[{"type":"null"},{"type":"string"}]}`, `{"anyOf":[{"type":"null"}]}`, `?/anyOf: may be narrower: an old case may not match any alternative`},
		"oneOf reordered":       {`{"oneOf":[{"minimum":1},{"maximum":5}]}`, `{"oneOf":[{"maximum":5},{"minimum":1}]}`, ""},
		"oneOf more, disjoint":  {`{"oneOf":[{"type":"string"}]}`, `{"oneOf":[{"type":"string"},{"type":"integer"}]}`, ""},
		"oneOf more, by a property": {
			`{"type":"object","required":["k"],"oneOf":[{"properties":{"k":{"enum":["a"]}}}]}`,
			`{"type":"object","required":["k"],"oneOf":[{"properties":{"k":{"enum":["a"]}}},{"properties":{"k":{"enum":["b"]}}}]}`, "",
		},
		"oneOf more, overlapping": {`{"oneOf":[{"minimum":1}]}`, `{"oneOf":[{"minimum":1},{"maximum":5}]}`, `?/oneOf: may be narrower: an old case may not match exactly one alternative`},
		"not":                     {`{"not":{"type":["string","null"]}}`, `{"not":{"type":"null"}}`, ""},
		"not more":                {`{"not":{"type":"null"}}`, `{"not":{"type":["string","null"]}}`, `?/not: may be narrower: it may exclude values that were accepted`},
		"if":                      {draft(7, `"if":{"required":["a"]},"then":{"required":["b","c"]}`), draft(7, `"if":{"required":["a"]},"then":{"required":["b"]}`), ""},
		"then":                    {draft(7, `"if":{"required":["a"]},"then":{"required":["b"]}`), draft(7, `"if":{"required":["a"]},"then":{"required":["c"]}`), `?/then: may be narrower if the condition holds`},
		"reference":               {draft(4, `"properties":{"a":{"$ref":"#/definitions/x"}},"definitions":{"x":{"type":"string"}}`), draft(2020, `"properties":{"a":{"$ref":"#/$defs/y"}},"$defs":{"y":{"type":"string"}}`), ""},
		"reference narrower":      {draft(4, `"properties":{"a":{"$ref":"#/definitions/x"}},"definitions":{"x":{"type":"string"}}`), draft(4, `"properties":{"a":{"$ref":"#/definitions/x"}},"definitions":{"x":{"type":"integer"}}`), `/definitions/x/type: the type string is no longer accepted`},
		"recursive":               {draft(4, `"properties":{"next":{"$ref":"#"},"v":{"maximum":2}}`), draft(4, `"properties":{"next":{"$ref":"#"},"v":{"maximum":3}}`), ""},
		"recursive narrower":      {draft(4, `"properties":{"next":{"$ref":"#"},"v":{"maximum":2}}`), draft(4, `"properties":{"next":{"$ref":"#"},"v":{"maximum":1}}`), `/properties/v/maximum: the maximum is lowered from 2 to 1`},
		"external reference":      {`{"type":"string"}`, `{"$ref":"https://example.com/x"}`, `?/$ref: refers to "https://example.com/x", which the comparison does not follow`},
		"unknown keyword":         {`{}`, `{"unevaluatedProperties":false}`, `?/unevaluatedProperties: may be narrower: the comparison does not support this`},
		"dependencies":            {draft(4, `"dependencies":{"a":["b"]}`), draft(2020, `"dependentRequired":{"a":["b","c"]}`), `/dependentRequired: "c" is required together with "a"`},
		"contains":                {draft(7, `"contains":{"type":"string","minLength":1}`), draft(7, `"contains":{"type":"string"}`), ""},
		"contains more":           {draft(7, `"contains":{"type":"string"}`), draft(7, `"contains":{"type":"string","minLength":1}`), `?/contains: must contain other elements`},
		"contains often":          {draft(2019, `"contains":{"type":"string"},"minContains":2,"maxContains":3`), draft(2019, `"contains":{"type":"string"},"minContains":1,"maxContains":4`), ""},
		"contains more often":     {draft(2019, `"contains":{"type":"string"}`), draft(2019, `"contains":{"type":"string"},"minContains":2`), `?/contains: must contain other elements`},
		"property names":          {draft(7, `"propertyNames":{"maxLength":3}`), draft(7, `"propertyNames":{"maxLength":2}`), `/propertyNames/maxLength: the maxLength has changed from 3 to 2`},
		"false":                   {draft(7, `"properties":{"a":{}}`), draft(7, `"properties":{"a":false}`), `/properties/a: the property is no longer accepted`},
		"huge numbers":            {`{"maximum":1e999999999}`, `{"maximum":1e999999998}`, `/maximum: the maximum is lowered from 1e1000000000 to 1e999999999`},
		"malformed":               {`{"properties":{}}`, `{"properties":5}`, `?/properties: may be narrower: the comparison does not support this`},
		"invalid JSON":            {`{}`, `{`, `?: the new schema is not JSON`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := found(c.before, c.after); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func draft(n int, members string) string {
	return fmt.Sprintf(`{"$schema":%q,%s}`, drafts[fmt.Sprint(n)], members)
}

// The comparison is bounded for all schemas: without a bound, each of these would take hours.
func TestHostileSchemas(t *testing.T) {
	t.Parallel()
	many := func(n int, element string) string { return strings.TrimSuffix(strings.Repeat(element+",", n), ",") }
	nested := func(n int, leaf string) string {
		return strings.Repeat(`{"anyOf":[{"minLength":1},`, n) + leaf + strings.Repeat(`]}`, n)
	}
	cases := nested(300, `{"type":"string"}`)
	wide := `{"anyOf":[` + many(600, `{"anyOf":[{"required":["a"]},{"required":["b"]}]}`) + `]}`
	recursive := `{"anyOf":[{"$ref":"#/definitions/a"},{"$ref":"#/definitions/b"}],"definitions":{"a":{"items":{"$ref":"#"},"anyOf":[{"$ref":"#/definitions/b"},{"type":"object"}]},"b":{"required":["x"],"properties":{"x":{"$ref":"#/definitions/a"},"y":{"$ref":"#"}}}}}`
	for name, c := range map[string]struct{ before, after string }{
		"nested cases": {cases, nested(300, `{"type":"object"}`)},
		"wide cases":   {wide, `{"oneOf":[` + many(600, `{"required":["c"]}`) + `]}`},
		"many values":  {`{"enum":[` + many(10_000, `"a"`) + `,"b"]}`, `{"anyOf":[` + many(3_000, `{"const":"c"}`) + `]}`},
		"recursive":    {recursive, strings.ReplaceAll(recursive, `"type":"object"`, `"type":"array"`)},
		"patterns":     {`{"patternProperties":{"^a*a*a*a*b$":{}}}`, `{"properties":{"` + strings.Repeat("a", 30_000) + `":{"type":"string"}}}`},
		"deep":         {strings.Repeat(`{"not":`, 5_000) + `{}` + strings.Repeat(`}`, 5_000), strings.Repeat(`{"not":`, 5_000) + `{"type":"string"}` + strings.Repeat(`}`, 5_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan string, 1)
			go func() { ended <- found(c.before, c.after) }()
			select {
			case got := <-ended:
				if got == "" {
					t.Error("there are no findings")
				}
			case <-time.After(30 * time.Second):
				t.Fatal("the comparison takes too long")
			}
		})
	}
}
