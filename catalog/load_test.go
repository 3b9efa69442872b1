package catalog_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/catalogtest"
)

// write writes files into a directory, by name.
func write(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func decode(t *testing.T, s *catalog.Source) *openbroker.Catalog {
	t.Helper()
	c, err := s.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Source.Catalog decodes every field as package openbroker does.
func TestParseJSON(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	var want openbroker.Catalog
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.ParseSource("catalog.json", data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(decode(t, s))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(&want)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(encoded) {
		t.Errorf("got\n%s\nwant\n%s", got, encoded)
	}
}

// Extension fields stay as written, even if they are null. A defined field that is null
// is left out.
func TestExtensions(t *testing.T) {
	t.Parallel()
	const yaml = `
services:
  - id: s
    name: n
    description: "d"
    bindable: true
    metadata: ~
    tags: null
    x-number: 1.10
    x-large: 12345678901234567890123
    x-huge: 1e400
    x-null: null
    x-date: 2026-11-24
    x-on: {on: yes, 1: "\u2028<&"}
    plans:
      - {id: p, name: n, description: d, schemas: {service_binding: null, service_instance: {create: {parameters: null, x-null: null}}}}
x-catalog: [-0, 0.50]
`
	const document = `{"services":[{"id":"s","name":"n","description":"d","bindable":true,"metadata":null,"tags":null,"x-number":1.10,` +
		`"x-large":12345678901234567890123,"x-huge":1e400,"x-null":null,"x-date":"2026-11-24","x-on":{"on":"yes","1":"\u2028<&"},"plans":[{"id":"p","name":"n","description":"d",` +
		`"schemas":{"service_binding":null,"service_instance":{"create":{"parameters":null,"x-null":null}}}}]}],"x-catalog":[-0,0.50]}`
	const want = `{"services":[{"id":"s","name":"n","description":"d","bindable":true,` +
		`"plans":[{"id":"p","name":"n","description":"d","schemas":{"service_instance":{"create":{"x-null":null}}}}],"x-date":"2026-11-24","x-huge":1e400,` +
		`"x-large":12345678901234567890123,"x-null":null,"x-number":1.10,"x-on":{"on":"yes","1":"\u2028<&"}}],"x-catalog":[-0,0.50]}`
	for name, content := range map[string]string{"c.yaml": yaml, "c.json": document} {
		s, err := catalog.ParseSource(name, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(t, s).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestLoadDirectory(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, map[string]string{
		"10-first.yaml":       "services: [{id: a, name: a}, {id: b, name: b}]\nx-owner: team\n",
		"20-second.json":      `{"services":[{"id":"c","name":"c"}],"x-owner":"team","x-more":1}`,
		"30-third.yml":        "id: d\nname: d\nplans:\n  - id: p\n    schemas: {service_instance: {create: {parameters: {$file: schemas/create.json}}, update: {parameters: {$file: bare.yaml}}}}\n",
		"bare.yaml":           "type: object\n",
		"draft.json":          `{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"services":{}}}`,
		"schemas/create.json": `{"$schema": "http://json-schema.org/draft-04/schema#"}`,
		"schemas/more.yaml":   "services: [{id: not, name: read}]",
		".hidden.yaml":        "services: [{id: hidden, name: hidden}]",
		"README.md":           "# Catalog",
	})
	s, err := catalog.LoadSource(directory)
	if err != nil {
		t.Fatal(err)
	}
	c := decode(t, s)
	var ids []string
	for i := range c.Services {
		ids = append(ids, c.Services[i].ID)
	}
	if !reflect.DeepEqual(ids, []string{"a", "b", "c", "d"}) {
		t.Errorf("services %v", ids)
	}
	if string(c.Extensions["x-owner"]) != `"team"` || string(c.Extensions["x-more"]) != "1" || len(c.Extensions) != 2 {
		t.Errorf("extensions %s", c.Extensions)
	}
	instance := c.Services[3].Plans[0].Schemas.ServiceInstance
	if string(instance.Create.Parameters) != `{"$schema":"http://json-schema.org/draft-04/schema#"}` || string(instance.Update.Parameters) != `{"type":"object"}` {
		t.Errorf("schemas %s, %s", instance.Create.Parameters, instance.Update.Parameters)
	}
}

func TestLoadProblems(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(filepath.Dir(directory), "outside.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	reference := func(file string) string {
		return "id: a\nname: a\nplans:\n  - schemas: {service_instance: {create: {parameters: {$file: " + file + "}}}}\n"
	}
	write(t, directory, map[string]string{
		"a.yaml":        "services: []\nx-a: 1\n",
		"b.yaml":        "services: []\nx-a: 2\n",
		"c.yaml":        "services: {}\n",
		"d.json":        "{\n  \"services\": [,]\n}",
		"e.yaml":        "- services\n",
		"f.yaml":        reference("../outside.json"),
		"g.yaml":        reference("/etc/passwd"),
		"h.yaml":        reference("missing.json"),
		"i.yaml":        reference("schemas/link.json"),
		"j.yaml":        reference("1"),
		"k.yaml":        reference("schemas/broken.json"),
		"schemas/.keep": "", "schemas/broken.json": `{"type": }`,
	})
	if err := os.Symlink("../../outside.json", filepath.Join(directory, "schemas", "link.json")); err != nil {
		t.Fatal(err)
	}
	_, err := catalog.LoadSource(directory)
	var got []string
	for _, p := range catalogtest.Problems(t, err) {
		p.Position.File = strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(p.Position.File, directory)), "/")
		got = append(got, p.String())
	}
	want := []string{
		"b.yaml:2:6: error: x-a of the catalog has another value in A [extension-conflict]",
		"c.yaml:1:1: error: services must be an array, not an object [type-array]",
		"d.json:2:16: error: the file is not valid JSON: invalid character ',' looking for beginning of value [syntax]",
		"e.yaml:1:1: error: the file is neither a catalog with services nor a service with id, name and plans [not-a-catalog]",
		`f.yaml:4:63: error: $file "../outside.json" is outside the directory of the catalog [file-reference]`,
		`g.yaml:4:63: error: $file "/etc/passwd" is outside the directory of the catalog [file-reference]`,
		`h.yaml:4:63: error: $file "missing.json" cannot be read: no such file or directory [file-reference]`,
		`i.yaml:4:63: error: $file "schemas/link.json" cannot be read: path escapes from parent [file-reference]`,
		"j.yaml:4:63: error: $file must be a string with the path of a file [file-reference]",
		"schemas/broken.json:1:10: error: the file is not valid JSON: invalid character '}' looking for beginning of value [syntax]",
	}
	want[0] = strings.Replace(want[0], "A [", filepath.Join(directory, "a.yaml")+" [", 1)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "c.yaml"), "empty directory": t.TempDir()} {
		s, err := catalog.LoadSource(path)
		var list catalog.Errors
		if s != nil || err == nil || errors.As(err, &list) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The path of a catalog may be a symbolic link to another directory, such as a directory
// of releases.
func TestLoadSymbolicLinks(t *testing.T) {
	t.Parallel()
	releases, directory := t.TempDir(), t.TempDir()
	write(t, releases, map[string]string{"one.yaml": "services: [{id: a, name: a, plans: []}]\n"})
	for link, target := range map[string]string{"catalog.yaml": filepath.Join(releases, "one.yaml"), "current": releases} {
		path := filepath.Join(directory, link)
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{filepath.Join(directory, "catalog.yaml"), filepath.Join(directory, "current"), directory} {
		if _, err := catalog.LoadSource(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// One error lists everything that cannot be decoded, without secrets.
func TestCatalogProblems(t *testing.T) {
	t.Parallel()
	const file = `services:
  - id: 1
    name: n
    name: m
    description: [d]
    bindable: "yes"
    dashboard_client:
      id: c
      secret: 20241
    tags: {}
    requires: [syslog_drain, 1]
    metadata: {displayName: 7, documentationUrl: {}}
    plans:
      - free: 1
        maximum_polling_duration: 1.5
        schemas: {service_binding: {create: []}}
      - plan
x: {a: 1, a: 1}
`
	const want = `c.yaml:2:9: error: id must be a string, not a number [type-string]
    2 |   - id: 1
      |         ^
      = Put the value into quotes.
c.yaml:4:5: error: name is already on line 3 [duplicate-key]
    4 |     name: m
      |     ^
      = Remove one of the two: parsers disagree about which one counts.
c.yaml:5:5: error: description must be a string, not an array [type-string]
    5 |     description: [d]
      |     ^
      = Put the value into quotes.
c.yaml:6:15: error: bindable must be a boolean, not a string [type-boolean]
    6 |     bindable: "yes"
      |               ^
      = Write true or false, without quotes.
c.yaml:9:15: error: secret must be a string, not a number [type-string]
      = Put the value into quotes.
c.yaml:10:5: error: tags must be an array of strings, not an object [type-strings]
   10 |     tags: {}
      |     ^
      = Write a list of texts, with quotes around a text that looks like another type.
c.yaml:11:30: error: requires[1] must be a string, not a number [type-strings]
   11 |     requires: [syslog_drain, 1]
      |                              ^
      = Write a list of texts, with quotes around a text that looks like another type.
c.yaml:14:15: error: free must be a boolean, not a number [type-boolean]
   14 |       - free: 1
      |               ^
      = Write true or false, without quotes.
c.yaml:15:35: error: maximum_polling_duration must be an integer of at most 32 bits, not 1.5 [type-integer]
   15 |         maximum_polling_duration: 1.5
      |                                   ^
      = Write a whole number of seconds, in digits, without quotes.
c.yaml:16:37: error: create must be an object, not an array [type-object]
   16 |         schemas: {service_binding: {create: []}}
      |                                     ^
      = Write the object as name: value.
c.yaml:17:9: error: plans[1] must be an object, not a string [type-object]
   17 |       - plan
      |         ^
      = Write the object as name: value.
c.yaml:18:11: error: a is already on line 18 [duplicate-key]
   18 | x: {a: 1, a: 1}
      |           ^
      = Remove one of the two: parsers disagree about which one counts.`
	s, err := catalog.ParseSource("c.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Catalog()
	if c != nil || catalogtest.Problems(t, err).Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}
