package catalog_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
)

// addCatalogs adds the cases of the rules as seeds.
func addCatalogs(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("lint/testdata/rules/*/*.*")
	if err != nil {
		f.Fatal(err)
	}
	files = append(files, "../testdata/catalog.json", "../examples/catalog/catalog.yaml", "../examples/catalog/schemas/create.yaml")
	for _, file := range files {
		if ext := filepath.Ext(file); ext == ".txt" || ext == ".http" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 2000 { // Large seeds slow mutation down.
			f.Add(data, filepath.Ext(file) == ".json")
		}
	}
	f.Add([]byte("services: [{id: \"a\", tags: [\"\\u0000\"], x: 1e999999999}]"), false)
	f.Add([]byte(`{"services":[{"id":"\ud800","x-\ud800":"\ud800","plans":[{"schemas":{"service_instance":{"create":{"parameters":{"$ref":"#/a~1b"}}}}}]}]}`), true)
}

func parseFuzzed(t *testing.T, data []byte, isJSON bool) *catalog.Source {
	t.Helper()
	name := "c.yaml"
	if isJSON {
		name = "c.json"
	}
	s, err := catalog.ParseSource(name, data)
	if err != nil {
		checkFindings(t, data, problems(t, err))
		return nil
	}
	return s
}

// checkFindings checks that findings are complete, and their positions exist.
func checkFindings(t *testing.T, data []byte, findings []catalog.Finding) {
	t.Helper()
	lines := bytes.Count(data, []byte{'\n'}) + 1
	for _, f := range findings {
		if f.Position.Line < 1 || f.Position.Line > lines+1 || f.Position.Column < 1 || f.Message == "" || f.Rule == "" || f.Severity == "" {
			t.Errorf("finding %+v in %d lines", f, lines)
		}
		if text := f.Text(); strings.ContainsAny(text, "\x1b\x00\r") {
			t.Errorf("the text has control characters: %q", text)
		}
	}
}

// LoadSource reads or refuses any file. Writing and reading a catalog again does not
// change it.
func FuzzLoad(f *testing.F) {
	addCatalogs(f)
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		s := parseFuzzed(t, data, isJSON)
		if s == nil {
			return
		}
		c, err := s.Catalog()
		if err != nil {
			var list catalog.Errors
			if c != nil || !errors.As(err, &list) {
				t.Fatalf("%v with %v", c, err)
			}
			checkFindings(t, data, list)
			return
		}
		first, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := catalog.ParseSource("again.json", first)
		if err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		c, err = again.Catalog()
		if err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		second, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("first\n%s\nthen\n%s", first, second)
		}
	})
}
