package paramcheck_test

import (
	"testing"

	"github.com/openbroker/openbroker/internal/paramcheck"
)

const rich = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,
	"required":["name","size"],
	"definitions":{"hour":{"type":"integer","minimum":0,"maximum":23}},
	"properties":{
		"name":{"type":"string","pattern":"^[a-z][a-z0-9-]{2,30}$"},
		"size":{"type":"integer","minimum":0,"exclusiveMinimum":true,"maximum":1024},
		"version":{"type":"string","enum":["14","15"]},
		"backup":{"type":"object","required":["enabled"],"properties":{"enabled":{"type":"boolean"},"hour":{"$ref":"#/definitions/hour"}},"additionalProperties":{"type":"string"}},
		"extensions":{"type":"array","items":{"type":"string","minLength":2,"maxLength":8},"minItems":1,"maxItems":3},
		"owner":{"type":["string","null"],"format":"email"},
		"notes":{}}}`

const richParameters = `{"name":"orders","size":16,"version":"15","backup":{"enabled":true,"hour":3,"to":"s3"},"extensions":["pg_trgm","post"],` +
	`"owner":"blue@example.com","notes":{"any":[1,{"thing":null}]}}`

// The fast path accepts valid parameters with the usual keywords. FuzzValidate tests that
// accepted parameters are valid.
func TestFastPath(t *testing.T) {
	t.Parallel()
	p, err := paramcheck.NewProbe([]byte(rich))
	if err != nil {
		t.Fatal(err)
	}
	const required = `"name":"orders","size":1`
	for parameters, accepted := range map[string]bool{
		richParameters:       true,
		`{` + required + `}`: true,
		"\t{ \"name\" : \"orders\" , \"size\" : 1024 }\r\n":      true,
		`{` + required + `,"owner":null}`:                        true,
		`{` + required + `,"backup":{"enabled":false}}`:          true,
		`{` + required + `,"notes":-1}`:                          true,
		`{` + required + `,"notes":["ä",[[]],{}]}`:               true,
		`{` + required + `,"size":0,"size":2}`:                   false, // The last one counts, which the fast path does not support.
		`{}`:                                                     false,
		`{"name":"orders"}`:                                      false,
		`{"name":"orders","size":0}`:                             false,
		`{"name":"orders","size":1025}`:                          false,
		`{"name":"orders","size":"1"}`:                           false,
		`{"name":"orders","size":01}`:                            false,
		`{"name":"orders","size":99999999999999999999}`:          false,
		`{"name":"orders","size":-1}`:                            false,
		`{"name":"o","size":1}`:                                  false,
		`{` + required + `,"more":1}`:                            false,
		`{` + required + `,"version":"16"}`:                      false,
		`{` + required + `,"version":15}`:                        false,
		`{` + required + `,"backup":{}}`:                         false,
		`{` + required + `,"backup":[]}`:                         false,
		`{` + required + `,"backup":{"enabled":true,"x":1}}`:     false,
		`{` + required + `,"backup":{"enabled":1}}`:              false,
		`{` + required + `,"backup":{"enabled":true,"hour":24}}`: false,
		`{` + required + `,"extensions":[]}`:                     false,
		`{` + required + `,"extensions":["aa","aa","aa","aa"]}`:  false,
		`{` + required + `,"extensions":["a"]}`:                  false,
		`{` + required + `,"extensions":["aaaaaaaaa"]}`:          false,
		`{` + required + `,"owner":"blue"}`:                      false,
		`{` + required + `} x`:                                   false,
		`{` + required + `,}`:                                    false,
		`{,` + required + `}`:                                    false,
		`{` + required + `,"notes":[1,]}`:                        false,
		`{` + required + `,"notes":tru}`:                         false,
		`{` + required + `,"notes":}`:                            false,
		`{` + required + `,"notes" 1}`:                           false,
		`{` + required:                                           false,
		`{` + required + `,"notes":"`:                            false,
		`{` + required + `,"notes":[`:                            false,
		`{` + required + `,"notes":-}`:                           false,
		``:                                                       false,
		`[]`:                                                     false,
	} {
		if got := p.FastPath([]byte(parameters)); got != accepted {
			t.Errorf("%s: %v", parameters, got)
		}
		if accepted {
			if err := p.Library([]byte(parameters)); err != nil {
				t.Errorf("%s: the library says %v", parameters, err)
			}
		}
	}
}

// A part that is reached on several paths, also through references to references, keeps its
// restrictions.
func TestFastPathReferences(t *testing.T) {
	t.Parallel()
	p, err := paramcheck.NewProbe([]byte(`{"definitions":{
		"node":{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"next":{"$ref":"#/properties/first"},"list":{"type":"array","items":{"$ref":"#/definitions/alias"}}}},
		"alias":{"$ref":"#/definitions/node"}},
		"properties":{"first":{"$ref":"#/definitions/alias"},"second":{"$ref":"#/properties/first"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for parameters, accepted := range map[string]bool{
		`{"first":{"id":1,"next":{"id":2,"list":[{"id":3,"next":{"id":4}}]}},"second":{"id":5}}`: true,
		`{"first":{"id":1,"next":{}}}`:                         false,
		`{"first":{"id":1,"next":{"id":1,"next":{"id":"x"}}}}`: false,
		`{"first":{"id":1,"list":[{"id":1},{}]}}`:              false,
		`{"second":{}}`: false,
		`{"second":{"id":1,"next":{"id":1,"list":[{"id":null}]}}}`: false,
	} {
		if got := p.FastPath([]byte(parameters)); got != accepted {
			t.Errorf("%s: %v", parameters, got)
		}
	}
}
