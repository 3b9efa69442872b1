// Package catalogtest has what the tests of catalog and catalog/lint share: seeds for
// fuzzing, and checks of findings. It owns no rules.
package catalogtest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
)

// AddSeeds adds the cases of the rules and the example catalogs as seeds. root is the
// root of the module, relative to the package under test.
func AddSeeds(f *testing.F, root string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(root, "catalog/lint/testdata/rules/*/*.*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("%d cases of rules, %v", len(files), err)
	}
	for _, file := range []string{"testdata/catalog.json", "examples/catalog/catalog.yaml", "examples/catalog/schemas/create.yaml"} {
		files = append(files, filepath.Join(root, file))
	}
	for _, file := range files {
		if ext := filepath.Ext(file); ext == ".txt" || ext == ".http" {
			continue
		}
		data, err := os.ReadFile(file) //nolint:gosec // A file of the repository.
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

// ParseFuzzed returns the source of a fuzzed file, or nil after it has checked the
// findings of a file that cannot be read.
func ParseFuzzed(t *testing.T, data []byte, isJSON bool) *catalog.Source {
	t.Helper()
	name := "c.yaml"
	if isJSON {
		name = "c.json"
	}
	s, err := catalog.ParseSource(name, data)
	if err != nil {
		CheckFindings(t, data, Problems(t, err))
		return nil
	}
	return s
}

// CheckFindings checks that findings are complete, and that their positions exist.
func CheckFindings(t *testing.T, data []byte, findings []catalog.Finding) {
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

// Problems returns the findings of an error. Any other error fails the test.
func Problems(t *testing.T, err error) catalog.Errors {
	t.Helper()
	var list catalog.Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("the error is %v", err)
	}
	return list
}
