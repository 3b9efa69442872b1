package lint_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// addCatalogs adds the cases of the rules as seeds.
func addCatalogs(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/rules/*/*.*")
	if err != nil {
		f.Fatal(err)
	}
	files = append(files, "../../testdata/catalog.json", "../../examples/catalog/catalog.yaml", "../../examples/catalog/schemas/create.yaml")
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

// Any file that can be read can be linted for every platform. A single platform never
// has more findings than all platforms together.
func FuzzLint(f *testing.F) {
	addCatalogs(f)
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		s := parseFuzzed(t, data, isJSON)
		if s == nil {
			return
		}
		all := lint.Run(s, lint.Platforms()...)
		checkFindings(t, data, all)
		_, err := s.Catalog()
		if decodes := err == nil; !decodes && !hasError(all) {
			t.Errorf("the catalog cannot be decoded, but lint finds no error: %v", err)
		}
		for _, platform := range lint.Platforms() {
			if some := lint.Run(s, platform); len(some) > len(all) {
				t.Errorf("%s has %d findings, all platforms %d", platform, len(some), len(all))
			}
		}
	})
}

func hasError(findings []catalog.Finding) bool {
	for _, f := range findings {
		if f.Severity == catalog.SeverityError {
			return true
		}
	}
	return false
}
