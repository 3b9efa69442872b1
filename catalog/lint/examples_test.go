package lint_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// The catalogs of this project and of the specification have only the listed findings.
func TestExamples(t *testing.T) {
	t.Parallel()
	encoded, err := json.MarshalIndent(sqlitefile.Catalog(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	provider := filepath.Join(t.TempDir(), "sqlitefile.json")
	if err := os.WriteFile(provider, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, allowed := range map[string]map[string]bool{
		"../../examples/catalog":               {},
		"../../examples/catalog/catalog.yaml":  {},
		provider:                               {},
		"testdata/examples/specification.json": {},
		// Its ids are short for readers.
		"../../testdata/catalog.json": {"id-not-guid": true},
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			s, err := catalog.LoadSource(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Catalog(); err != nil {
				t.Error(err)
			}
			for _, f := range lint.Run(s) {
				if f.Severity == catalog.SeverityError || !allowed[f.Rule] {
					t.Error(f.Text())
				}
			}
		})
	}
}

// The severity of a violation depends on the platforms of the catalog.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	all := lint.Platforms()
	for _, c := range []struct {
		rule      string
		platforms []lint.Platform
		severity  catalog.Severity
		objecting []lint.Platform
	}{
		{"plan-id-missing", nil, catalog.SeverityError, nil},
		{"plan-id-missing", []lint.Platform{lint.Korifi}, catalog.SeverityError, nil},
		{"id-not-guid", nil, catalog.SeverityWarning, nil},
		{"name-long", nil, catalog.SeverityError, []lint.Platform{lint.ServiceManager}},
		{"name-long", []lint.Platform{lint.ServiceManager, lint.Korifi}, catalog.SeverityError, []lint.Platform{lint.ServiceManager}},
		{"name-long", []lint.Platform{lint.Korifi}, catalog.SeverityWarning, nil},
		{"kubernetes-name-long", all, catalog.SeverityError, []lint.Platform{lint.Kubernetes}},
		{"kubernetes-name-long", []lint.Platform{lint.CloudFoundry, lint.Korifi, lint.ServiceManager}, "", nil},
		{"plan-free-missing", nil, "", nil},
		{"plan-free-missing", all, catalog.SeverityWarning, []lint.Platform{lint.Korifi, lint.Kubernetes}},
		{"plan-free-missing", []lint.Platform{lint.Kubernetes}, catalog.SeverityWarning, []lint.Platform{lint.Kubernetes}},
		{"plan-free-missing", []lint.Platform{lint.CloudFoundry}, "", nil},
	} {
		found := lintPath(t, testCase(t, c.rule, "bad"), c.platforms...)
		severity, objecting := catalog.Severity(""), []string(nil)
		for _, f := range found {
			if f.Rule == c.rule {
				severity, objecting = f.Severity, f.Platforms
			}
		}
		if severity != c.severity || len(objecting) != len(c.objecting) || len(objecting) > 0 && objecting[0] != string(c.objecting[0]) {
			t.Errorf("%s for %v: %q, %v", c.rule, c.platforms, severity, objecting)
		}
	}
}

func TestParsePlatform(t *testing.T) {
	t.Parallel()
	names := map[string]lint.Platform{"cf": lint.CloudFoundry}
	for _, platform := range lint.Platforms() {
		names[string(platform)] = platform
	}
	for name, want := range names {
		if got, err := lint.ParsePlatform(name); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if _, err := lint.ParsePlatform("nomad"); err == nil {
		t.Error("nomad is a platform")
	}
}
