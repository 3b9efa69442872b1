package lint_test

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

var update = flag.Bool("update", false, "write the golden files")

// lintPath returns the findings of a catalog, also if it cannot be loaded:
// of a file, of a directory, or of the answer of a broker in a file *.http.
func lintPath(t *testing.T, path string, platforms ...lint.Platform) []catalog.Finding {
	t.Helper()
	var s *catalog.Source
	var err error
	if filepath.Ext(path) == ".http" {
		s, err = parseResponse(t, path)
	} else {
		s, err = catalog.LoadSource(path)
	}
	var list catalog.Errors
	if errors.As(err, &list) {
		return list
	}
	if err != nil {
		t.Fatal(err)
	}
	return lint.Run(s, platforms...)
}

func parseResponse(t *testing.T, path string) (*catalog.Source, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return catalog.ParseResponse("https://broker.example.com/v2/catalog", response.StatusCode, response.Header, body)
}

// testCase returns the path of the bad or good case of a rule.
func testCase(t *testing.T, rule, which string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", "rules", rule, which+"*"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, path := range found {
		if filepath.Ext(path) != ".txt" {
			paths = append(paths, path)
		}
	}
	if len(paths) != 1 {
		t.Fatalf("the rule %s has %d cases %s in testdata/rules: it needs one", rule, len(paths), which)
	}
	return paths[0]
}

// write writes files into a directory, by name.
func write(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// report writes findings for golden files: with file names that do not depend on the
// system.
func report(findings []catalog.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		f.Position.File = filepath.ToSlash(f.Position.File)
		b.WriteString(f.Text() + "\n")
	}
	return b.String()
}

// Each rule has a minimal catalog that violates it, and a catalog without findings on any
// platform.
func TestRules(t *testing.T) {
	t.Parallel()
	rules := slices.DeleteFunc(lint.Rules(), func(rule lint.Rule) bool {
		// Package provider checks these.
		return strings.HasPrefix(rule.Clause, "docs/providers.md") || strings.HasPrefix(rule.Clause, "docs/plans.md")
	})
	if len(rules) < 60 {
		t.Errorf("there are %d rules", len(rules))
	}
	for _, rule := range rules {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			if findings := lintPath(t, testCase(t, rule.ID, "good"), lint.Platforms()...); len(findings) > 0 {
				t.Errorf("the good case has findings:\n%s", report(findings))
			}
			findings := lintPath(t, testCase(t, rule.ID, "bad"), lint.Platforms()...)
			got := report(findings)
			hit := false
			for _, f := range findings {
				hit = hit || f.Rule == rule.ID
				if f.Message == "" || f.Fix != rule.Fix && f.Rule == rule.ID {
					t.Errorf("incomplete: %+v", f)
				}
			}
			if !hit {
				t.Errorf("the bad case does not violate the rule:\n%s", got)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			golden(t, filepath.Join("testdata", "rules", rule.ID, "bad.txt"), got)
		})
	}
	// Each case belongs to a rule.
	entries, err := os.ReadDir("testdata/rules")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(rules) {
		t.Errorf("testdata/rules has %d cases for %d rules", len(entries), len(rules))
	}
}

// golden compares text with a golden file, which -update writes.
func golden(tb testing.TB, path, got string) {
	tb.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if got != string(want) {
		tb.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The table of rules is complete and consistent.
func TestRulesTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rule := range lint.Rules() {
		if seen[rule.ID] {
			t.Errorf("%s: the rule is repeated", rule.ID)
		}
		seen[rule.ID] = true
		if rule.ID == "" || strings.ToLower(rule.ID) != rule.ID || strings.ContainsAny(rule.ID, " _.") {
			t.Errorf("%q is not an id in kebab case", rule.ID)
		}
		if !strings.HasPrefix(rule.Link, "https://") || rule.Clause == "" || !strings.HasSuffix(rule.Summary, ".") || !strings.HasSuffix(rule.Fix, ".") {
			t.Errorf("%s: incomplete: %+v", rule.ID, rule)
		}
		if rule.Severity == "" && len(rule.Platforms) == 0 {
			t.Errorf("%s: no platform objects", rule.ID)
		}
		for platform, severity := range rule.Platforms {
			if _, err := lint.ParsePlatform(string(platform)); err != nil {
				t.Errorf("%s: %v", rule.ID, err)
			}
			if severity != catalog.SeverityError && severity != catalog.SeverityWarning {
				t.Errorf("%s: %s has the severity %q", rule.ID, platform, severity)
			}
		}
	}
}

// A fault in a file that many plans use is one finding, with the position in the file.
func TestSharedSchema(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, map[string]string{
		"catalog.yaml": `
id: 1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e
name: database
description: A database.
bindable: true
plans:
  - id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7
    name: small
    description: A small database.
    free: true
    bindable: true
    schemas: {service_instance: {create: {parameters: {$file: schema.yaml}}, update: {parameters: {$file: schema.yaml}}}}
`,
		"schema.yaml": "$schema: http://json-schema.org/draft-04/schema#\ntype: object\nproperties:\n  size:\n    type: 1\n",
	})
	findings := lintPath(t, directory)
	if len(findings) != 1 || findings[0].Position != (catalog.Position{File: filepath.Join(directory, "schema.yaml"), Line: 5, Column: 11}) ||
		findings[0].Pointer != "/services/0/plans/0/schemas/service_instance/create/parameters/properties/size/type" ||
		findings[0].Excerpt != "    type: 1" {
		t.Errorf("findings:\n%s", report(findings))
	}
}

// Run bounds the findings about a catalog with many faults.
func TestLintEndless(t *testing.T) {
	t.Parallel()
	s, err := catalog.ParseSource("c.json", []byte(`{"services":[{}`+strings.Repeat(",{}", 1999)+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	var names []catalog.Finding
	for _, f := range lint.Run(s) {
		if f.Rule == "service-name-missing" {
			names = append(names, f)
		}
	}
	if len(names) != 1000 || names[998].Message != "service 998 has no field name" ||
		names[999].Message != "service 999 has no field name; 1000 more violations of this rule are omitted" {
		t.Errorf("%d findings, the last: %+v", len(names), names[len(names)-1])
	}
}

// A null is an error only if a client would see it: catalogs from files are served without
// nulls. Metadata may have any field. A fault in a value that is used many times is one
// finding.
func TestRealisticCatalogs(t *testing.T) {
	t.Parallel()
	const head = `services:
- id: 1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e
  name: database
  description: A database.
  bindable: true
  plan_updateable: true
`
	for name, c := range map[string]struct{ file, want string }{
		"null in metadata": {head + `  metadata: {displayName: Database, documentationUrl: }
  tags:
  plans:
  - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: Small., free: true, bindable: true}
`, `c.yaml:7:37: warning: documentationUrl is null [field-null]
c.yaml:8:3: warning: tags is null [field-null]
`},
		"one plan that is updateable, with free metadata": {head + `  metadata: {bullets: [fast], costs: free of charge, listing: {imageUrl: x, blurb: y}}
  plans:
  - id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7
    name: small
    description: Small.
    free: true
    bindable: true
    metadata: {documentationUrl: none, imageUrl: x, supportUrl: y, providerDisplayName: z, longDescription: w, AdditionalMetadata: {a: 1}}
`, ""},
		"shareable of a plan": {head + `  plans:
  - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: Small., free: true, bindable: true, metadata: {shareable: true}}
`, "c.yaml:8:121: warning: shareable belongs to the metadata of a service, not to the metadata of a plan [field-misplaced]\n"},
		"anchors": {head + `  plans:
  - &plan
    id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7
    name: small
    description: Small.
    free: true
    bindable: true
    schemas: &schemas
      service_instance: {create: {parameters: {$schema: "https://json-schema.org/draft-04/schema#", type: object}}}
  - {<<: *plan, id: 9b2f6c3d-1f0a-4c8e-8d27-6f5e4d3c2b1a, name: large}
  - {id: 2c1f6c3d-1f0a-4c8e-8d27-6f5e4d3c2b1a, name: huge, description: Huge., free: true, bindable: true, schemas: *schemas}
`, `c.yaml:15:57: error: Cloud Foundry does not know "https://json-schema.org/draft-04/schema#" (draft-04) (used 3 times) [cloudfoundry-schema-draft] (cloudfoundry)
`},
		"the same at several places": {head + `  plans:
  - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: Small., free: "true", bindable: true}
  - {id: 9b2f6c3d-1f0a-4c8e-8d27-6f5e4d3c2b1a, name: large, description: Large., free: "true", bindable: true}
`, `c.yaml:8:88: error: free must be a boolean, not a string [type-boolean], also on line 9
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := catalog.ParseSource("c.yaml", []byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			if found := lint.Run(source, lint.Platforms()...); len(found) > 0 {
				text = catalog.Errors(found).Error() + "\n"
			}
			got := ""
			for line := range strings.Lines(text) {
				if others, ok := strings.CutPrefix(line, "      = also "); ok {
					got = strings.TrimSuffix(got, "\n") + ", also " + others
				} else if strings.HasPrefix(line, "c.yaml") {
					got += line
				}
			}
			if got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}
