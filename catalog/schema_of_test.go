package catalog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	mathrand "math/rand"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"testing/quick"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

var updateSchemas = flag.Bool("update-schemas", false, "write the golden files of SchemaOf")

type meta struct {
	Team string `json:"team,omitempty" jsonschema:"title=Team,description=who pays\\, and who is called"`
}

type tier string

type backup struct {
	Enabled   bool      `json:"enabled" jsonschema:"default=true"`
	Hour      *int      `json:"hour" jsonschema:"minimum=0,exclusiveMaximum=24"`
	Retention uint8     `json:"retention,omitempty" jsonschema:"minimum=1"`
	From      time.Time `json:"from,omitzero"`
}

// database has a field of each kind that parameters use.
type database struct {
	meta

	Name       string            `json:"name" jsonschema:"minLength=3,maxLength=30,pattern=^[a-z][a-z0-9-]{2\\,30}$,example=orders"`
	Size       int               `json:"size" jsonschema:"exclusiveMinimum=0,maximum=1024,multipleOf=2,description=in GiB"`
	Tier       tier              `json:"tier,omitempty" jsonschema:"enum=small,enum=large,default=small"`
	CPU        float64           `json:"cpu,omitempty" jsonschema:"minimum=0.5,exclusiveMinimum=0.25"`
	Public     *bool             `json:"public"`
	Must       *string           `json:"must" jsonschema:"required"`
	Maybe      *string           `json:"maybe,omitempty" jsonschema:"nullable"`
	Backup     *backup           `json:"backup,omitempty"`
	Replicas   []backup          `json:"replicas,omitempty" jsonschema:"maxItems=3"`
	Extensions []string          `json:"extensions,omitempty" jsonschema:"minItems=1,uniqueItems=true,enum=gis,enum=trgm"`
	Labels     map[string]string `json:"labels,omitempty"`
	Port       int               `json:"port,string,omitempty"`
	Address    netip.Addr        `json:"address,omitzero"`
	Key        []byte            `json:"key,omitempty"`
	Pair       [2]float32        `json:"pair"`
	Timeout    time.Duration     `json:"timeout,omitempty"`
	Ratio      json.Number       `json:"ratio,omitempty"`
	Raw        json.RawMessage   `json:"raw,omitempty"`
	Any        any               `json:"any,omitempty"`
	Notify     notification      `json:"notify,omitzero"`
	Ignored    chan int          `json:"-"`
	hidden     func()            //nolint:unused // It is no part of the JSON.
}

// notification describes itself, with keywords that draft-04 does not have.
type notification struct {
	Kind, Target string
}

func (notification) JSONSchema() *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	properties := jsonschema.NewProperties()
	properties.Set("kind", &jsonschema.Schema{Const: "mail"})
	properties.Set("target", text)
	return &jsonschema.Schema{
		Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema,
		If:                &jsonschema.Schema{Required: []string{"kind"}},
		Then:              &jsonschema.Schema{Required: []string{"target"}},
		Else:              &jsonschema.Schema{Not: &jsonschema.Schema{Required: []string{"target"}}},
		DependentRequired: map[string][]string{"target": {"kind"}},
		Examples:          []any{map[string]any{"kind": "mail", "target": "a@example.com"}},
	}
}

func (n notification) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"kind": n.Kind, "target": n.Target})
}

type branch struct {
	Name     string            `json:"name"`
	Children []branch          `json:"children,omitempty"`
	By       map[string]*forks `json:"by,omitempty"`
}

type forks struct {
	Root  *branch `json:"root,omitempty"`
	Other *forks  `json:"other,omitempty"`
}

type forest struct {
	Trees []branch `json:"trees" jsonschema:"minItems=1"`
	Main  *branch  `json:"main,omitempty" jsonschema:"description=the largest"`
}

func schemaOf[T any](t *testing.T, options ...catalog.SchemaOption) json.RawMessage {
	t.Helper()
	text, err := catalog.SchemaOf[T](options...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSchemaOf(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]json.RawMessage{
		"database-draft-04":   schemaOf[database](t),
		"database-draft-06":   schemaOf[database](t, catalog.WithDraft(catalog.Draft06)),
		"database-draft-07":   schemaOf[database](t, catalog.WithDraft(catalog.Draft07)),
		"database-2019-09":    schemaOf[*database](t, catalog.WithDraft(catalog.Draft201909)),
		"database-2020-12":    schemaOf[database](t, catalog.WithDraft(catalog.Draft202012)),
		"branch-draft-04":     schemaOf[branch](t),
		"forest-draft-04":     schemaOf[forest](t, catalog.WithAdditionalProperties()),
		"forest-2020-12":      schemaOf[forest](t, catalog.WithDraft(catalog.Draft202012)),
		"map-draft-04":        schemaOf[map[string]int](t),
		"no-parameters":       schemaOf[struct{}](t),
		"any-object-draft-04": schemaOf[map[string]any](t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var indented bytes.Buffer
			if err := json.Indent(&indented, got, "", "  "); err != nil {
				t.Fatal(err)
			}
			indented.WriteByte('\n')
			file := filepath.Join("testdata/schemaof", name+".json")
			if *updateSchemas {
				if err := os.WriteFile(file, indented.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(indented.Bytes(), want) {
				t.Errorf("%v: %s differs; got\n%s", err, file, &indented)
			}
		})
	}
}

// All drafts accept and refuse the same parameters.
func TestSchemaOfInEachDraft(t *testing.T) {
	t.Parallel()
	const good = `"name":"orders","size":2,"must":"x","pair":[1,2]`
	for _, draft := range []catalog.Draft{catalog.Draft04, catalog.Draft06, catalog.Draft07, catalog.Draft201909, catalog.Draft202012} {
		schema := schemaOf[database](t, catalog.WithDraft(draft))
		for parameters, wrong := range map[string]string{
			`{` + good + `}`: "",
			`{` + good + `,"team":"t","public":true,"maybe":null,"port":"5432","address":"::1","key":"AAAA","timeout":1,"ratio":0.5,"raw":[1],"any":{}}`: "",
			`{` + good + `,"backup":{"enabled":true,"hour":23,"from":"2026-01-02T03:04:05Z"},"replicas":[{"enabled":false}]}`:                            "",
			`{` + good + `,"notify":{"kind":"mail","target":"x"},"extensions":["gis"],"labels":{"a":"b"},"tier":"large","cpu":0.5}`:                      "",
			`{"size":2,"must":"x","pair":[1,2]}`:                    "/name: is required",
			`{"name":"orders","size":2,"pair":[1,2]}`:               "/must: is required",
			`{"name":"Orders","size":2,"must":"x","pair":[1,2]}`:    "/name: must match",
			`{"name":"orders","size":0,"must":"x","pair":[1,2]}`:    "/size: must be greater than 0",
			`{"name":"orders","size":3,"must":"x","pair":[1,2]}`:    "/size: must be a multiple of 2",
			`{"name":"orders","size":1026,"must":"x","pair":[1,2]}`: "/size: must be at most 1024",
			`{"name":"orders","size":2,"must":"x","pair":[1]}`:      "/pair: must have at least 2 items",
			`{` + good + `,"sice":2}`:                               "/sice: is unknown",
			`{` + good + `,"tier":"huge"}`:                          `/tier: must be "small" or "large"`,
			`{` + good + `,"cpu":0.4}`:                              "/cpu: must be at least 0.5",
			`{` + good + `,"public":null}`:                          "/public: must be a boolean",
			`{` + good + `,"backup":{}}`:                            "/backup/enabled: is required",
			`{` + good + `,"backup":{"enabled":true,"hour":24}}`:    "/backup/hour: must be less than 24",
			`{` + good + `,"replicas":[{"enabled":1}]}`:             "/replicas/0/enabled: must be a boolean",
			`{` + good + `,"extensions":["gis","gis"]}`:             "/extensions: must not have equal items",
			`{` + good + `,"extensions":["x"]}`:                     "/extensions/0: must be",
			`{` + good + `,"labels":{"a":1}}`:                       "/labels/a: must be a string",
			`{` + good + `,"port":5432}`:                            "/port: must be a string",
			`{` + good + `,"notify":{"kind":"pager","target":"x"}}`: `/notify/kind: must be "mail"`,
			`{` + good + `,"notify":{"target":"x"}}`:                "/notify",
			`{` + good + `,"notify":{"kind":"mail"}}`:               "/notify",
			`{` + good + `,"notify":{"kind":"mail","target":1}}`:    "/notify/target: must be a string",
		} {
			err := catalog.NewValidator().ValidateParameters(schema, openbroker.Parameters(parameters))
			switch {
			case wrong == "" && err != nil:
				t.Errorf("%s: %s: %v", draft, parameters, err)
			case wrong != "" && (!errors.Is(err, openbroker.ErrInvalidParameters) || !strings.Contains(err.Error(), wrong)):
				t.Errorf("%s: %s: got %v, want %s", draft, parameters, err, wrong)
			}
		}
	}
}

// settings is a struct without limits: its schema accepts each of its values.
type settings struct {
	Name   string          `json:"name"`
	Count  int64           `json:"count"`
	Small  int8            `json:"small,omitempty"`
	Ratio  float64         `json:"ratio"`
	On     bool            `json:"on"`
	Maybe  *uint16         `json:"maybe,omitempty"`
	Tags   []string        `json:"tags,omitempty"`
	Labels map[string]bool `json:"labels,omitempty"`
	Bytes  []byte          `json:"bytes,omitempty"`
	Fixed  [3]int          `json:"fixed"`
	Inner  struct{ A, B int }
	Deep   map[string][]*struct {
		X string `json:"x"`
	} `json:"deep,omitempty"`
	Quoted uint      `json:"quoted,string"`
	Next   *settings `json:"next,omitempty"`
}

// The JSON of each value is valid.
func TestSchemaOfAcceptsItsValues(t *testing.T) {
	t.Parallel()
	for _, draft := range []catalog.Draft{catalog.Draft04, catalog.Draft202012} {
		schema := schemaOf[settings](t, catalog.WithDraft(draft))
		v := catalog.NewValidator()
		random := mathrand.New(mathrand.NewSource(1))
		for i := range 300 {
			value, ok := quick.Value(reflect.TypeFor[settings](), random)
			if !ok {
				t.Fatal("no value")
			}
			given, ok := value.Interface().(settings)
			if !ok {
				t.Fatal("no settings")
			}
			for name, list := range given.Deep {
				given.Deep[name] = withoutNil(list)
			}
			given.Next = &settings{Name: "next"}
			encoded, err := json.Marshal(given)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.ValidateParameters(schema, openbroker.Parameters(encoded)); err != nil {
				t.Fatalf("%s, value %d: %v\n%s", draft, i, err, encoded)
			}
		}
	}
}

type EmbedsItself struct {
	*EmbedsOther
	X int
}

type EmbedsOther struct{ *EmbedsItself }

func TestSchemaOfProblems(t *testing.T) {
	t.Parallel()
	type stringer interface{ String() string }
	type custom struct{ notification }
	type namesOf struct {
		Names map[string]int `json:"names"`
	}
	for _, c := range []struct {
		name string
		of   func(...catalog.SchemaOption) (json.RawMessage, error)
		want []string
	}{
		{"kinds", catalog.SchemaOf[struct {
			A chan int
			B struct{ C []func() }
			D map[string]complex64
			E map[int]string
			F uintptr
			G stringer
			H url.URL
			I **struct{ J chan bool }
		}], []string{
			".A: chan int has no", ".B.C[]: func() has no", ".D{}: complex64 has no", ".E: map[int]string has keys that are not strings",
			".F: uintptr has no", ".G: ", "is an interface", ".H: url.URL has no", ".I.J: chan bool has no",
		}},
		{"MarshalJSON", catalog.SchemaOf[struct{ A marshals }], []string{".A: catalog_test.marshals has a MarshalJSON", "JSONSchema()"}},
		{"tags", catalog.SchemaOf[struct {
			A int          `jsonschema:"minimun=1"`
			B string       `jsonschema:"minimum=1"`
			C int          `jsonschema:"minimum=one"`
			D string       `jsonschema:"minLength=-1"`
			E int          `jsonschema:"maximum"`
			F notification `jsonschema:"pattern=x"`
			G []string     `jsonschema:"minItems=1,minimum=1"`
			H int          `json:",inline"`
		}], []string{
			`.A: an integer has no jsonschema tag "minimun"`, `.B: a string has no jsonschema tag "minimum"`,
			`.C: the jsonschema tag "minimum" cannot have the value "one"`, `.D: the jsonschema tag "minLength" cannot`, `has no jsonschema tag "maximum"`,
			`.F: the jsonschema tag "pattern" has no effect`, `has no jsonschema tag "minimum"`, `.H: encoding/json has no option inline`,
		}},
		{"names", catalog.SchemaOf[struct {
			meta
			Mine string `json:"team"`
		}], []string{`.Mine: another field also has the name "team"`}},
		{"embeds itself", catalog.SchemaOf[struct{ A EmbedsItself }], []string{".A: catalog_test.EmbedsItself embeds itself"}},
		{"not an object", catalog.SchemaOf[[]string], []string{"parameters must be an object"}},
		{"an invalid pattern", catalog.SchemaOf[struct {
			A string `json:"a" jsonschema:"pattern=(?=x)"`
		}], []string{"/properties/a/pattern: the pattern is not valid in RE2"}},
		{"a keyword that draft-04 lacks", catalog.SchemaOf[struct {
			A named `json:"a"`
		}], []string{"/properties/a/propertyNames: draft-04 has neither this keyword"}},
		{"a reference outside", catalog.SchemaOf[struct {
			A refers `json:"a"`
		}], []string{"refers to another document"}},
		{"an unknown draft", func(...catalog.SchemaOption) (json.RawMessage, error) {
			return catalog.SchemaOf[namesOf](catalog.WithDraft("draft-03"))
		}, []string{`unknown draft "draft-03"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.of()
			if err == nil {
				t.Fatalf("got %s", got)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\ndoes not say %s", err, want)
				}
			}
		})
	}
	if _, err := catalog.SchemaOf[custom](); err != nil {
		t.Errorf("a type that embeds a type with JSONSchema: %v", err)
	}
}

type marshals struct{}

func (*marshals) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

type named struct{}

func (named) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{PropertyNames: &jsonschema.Schema{Pattern: "^[a-z]+$"}}
}

type refers struct{}

func (refers) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Ref: "https://example.com/schema.json"}
}

func TestReadSchema(t *testing.T) {
	t.Parallel()
	const good = `{ "$schema": "http://json-schema.org/draft-04/schema#", "type": "object" }`
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"good.json": good, "text.json": "hello", "list.json": "[]", "no-draft.json": `{"type":"object"}`,
		"bad.json": strings.Replace(good, "object", "objekt", 1), "large.json": strings.Replace(good, "{", "{"+strings.Repeat(" ", 64<<10), 1),
		"ref.json": strings.Replace(good, `"type": "object"`, `"$ref": "good.json"`, 1),
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if got, err := catalog.ReadSchema(files, "good.json"); err != nil || string(got) != good {
		t.Errorf("got %s, %v", got, err)
	}
	for name, want := range map[string]string{
		"missing.json": "file does not exist", "text.json": "text.json: is not valid JSON", "list.json": "must be an object",
		"no-draft.json": "no $schema", "bad.json": "bad.json: is not valid in its draft: /type", "large.json": "64 kB", "ref.json": "another document",
	} {
		if got, err := catalog.ReadSchema(files, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

func withoutNil[T any](list []*T) []*T {
	kept := make([]*T, 0, len(list))
	for _, element := range list {
		if element != nil {
			kept = append(kept, element)
		}
	}
	return kept
}
