package catalog_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// Load refuses exactly the catalogs that are invalid on every platform.
func TestLoadValidates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, rule string }{
		"good":              {"", "", ""},
		"type":              {"id: s,", "id: 5,", "type-string"},
		"specification":     {"id: p,", "id: p, maintenance_info: {version: two},", "maintenance-version-invalid"},
		"advice":            {"name: sql,", "name: S Q L,", ""},
		"only one platform": {"id: p,", "id: p, schemas: {service_binding: {create: {parameters: {$schema: http://json-schema.org/draft-07/schema#}}}},", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "catalog.yaml")
			text := strings.Replace(watched, c.old, c.new, 1)
			put(t, path, text)
			read, err := catalog.Load(path)
			if c.rule == "" {
				if err != nil || len(read.Services) != 1 {
					t.Errorf("error %v", err)
				}
				source, err := catalog.LoadSource(path)
				if err != nil {
					t.Fatal(err)
				}
				if found := lint.Run(source); name != "good" && len(found) == 0 {
					t.Error("lint finds no fault in the catalog of this case")
				}
				return
			}
			var findings catalog.Errors
			if !errors.As(err, &findings) || len(findings) != 1 || findings[0].Rule != c.rule || findings[0].Position.Line != 2 {
				t.Errorf("error %v, want one of the rule %s", err, c.rule)
			}
		})
	}
	if _, err := catalog.Load(filepath.Join(t.TempDir(), "catalog.yaml")); err == nil {
		t.Error("a missing file is read")
	}
}

// A misspelt or misplaced field has no effect. Load warns, as lint does, and returns the
// catalog.
func TestLoadWarns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	put(t, path, strings.Replace(watched, "id: s,", "id: s, plan_updatable: true, shareable: true, x-owner: a,", 1))
	var rules []string
	read, err := catalog.Load(path, func(f catalog.Finding) {
		rules = append(rules, f.Rule)
		if f.Position.Line != 2 || f.Severity != catalog.SeverityWarning {
			t.Errorf("the finding %s", f)
		}
	})
	if err != nil || len(read.Services) != 1 {
		t.Errorf("error %v", err)
	}
	if got := strings.Join(rules, " "); got != "field-misspelled field-misplaced" {
		t.Errorf("got %s", got)
	}
}
