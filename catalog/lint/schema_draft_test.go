package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// The table records which values of "$schema" the validator of Cloud Foundry,
// json-schema 6.2.0 for Ruby, accepts.
func TestSchemaVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"http://json-schema.org/draft-04/schema#":       "",
		"http://json-schema.org/draft-04/schema":        "",
		"http://json-schema.org/draft-06/schema#":       "",
		"http://json-schema.org/draft-03/schema#":       "warning schema-draft-old",
		"http://json-schema.org/draft-02/schema#":       "warning schema-draft-old",
		"http://json-schema.org/draft-01/schema":        "warning schema-draft-old",
		"http://json-schema.org/draft-04/hyper-schema#": "warning schema-unusable",
		"http://json-schema.org/draft-06/hyper-schema#": "warning schema-unusable",
		"http://json-schema.org/draft-04/schema#foo":    "warning schema-unusable",
		"http://json-schema.org/draft-04/schema?x":      "warning schema-unusable",
		"http://json-schema.org:80/draft-04/schema#":    "warning schema-unusable",
		"https://json-schema.org/draft-04/schema#":      "error cloudfoundry-schema-draft",
		"https://json-schema.org/draft-04/schema":       "error cloudfoundry-schema-draft",
		"https://json-schema.org/draft-06/schema#":      "error cloudfoundry-schema-draft",
		"http://json-schema.org/draft-07/schema#":       "error cloudfoundry-schema-draft",
		"http://json-schema.org/draft-07/schema":        "error cloudfoundry-schema-draft",
		"https://json-schema.org/draft/2019-09/schema":  "error cloudfoundry-schema-draft",
		"https://json-schema.org/draft/2020-12/schema":  "error cloudfoundry-schema-draft",
		"http://json-schema.org/schema#":                "error schema-draft-unknown",
		"http://json-schema.org/schema":                 "error schema-draft-unknown",
		"http://json-schema.org/hyper-schema#":          "error schema-draft-unknown",
		"http://json-schema.org/draft-05/schema#":       "error schema-draft-unknown",
		"http://json-schema.org/draft-4/schema#":        "error schema-draft-unknown",
		"http://json-schema.org/draft-04/schema/#":      "error schema-draft-unknown",
		"http://json-schema.org/draft-04/schema.json":   "error schema-draft-unknown",
		"HTTP://JSON-SCHEMA.ORG/draft-04/schema#":       "error schema-draft-unknown",
		"/draft-04/schema":                              "error schema-draft-unknown",
		"draft-04":                                      "error schema-draft-unknown",
		"draft4":                                        "error schema-draft-unknown",
		"":                                              "error schema-draft-unknown",
		"#":                                             "error schema-draft-unknown",
		"http://json-schema.org/%zz":                    "error schema-draft-unknown",
	} {
		if got := schemaFindings(t, fmt.Sprintf(`{"$schema": %q, "type": "object"}`, version)); got != want {
			t.Errorf("%q: got %q, want %q", version, got, want)
		}
	}
	// Cloud Foundry checks the $schema of the subschemas that draft-04 knows, except
	// those of "not".
	for part, want := range map[string]string{
		`"properties": {"a": {"$schema": "http://x/y"}}`:                         "warning schema-unusable, error cloudfoundry-schema-draft",
		`"items": [{"$schema": "http://x/y"}]`:                                   "warning schema-unusable, error cloudfoundry-schema-draft",
		`"definitions": {"a": {"allOf": [{"$schema": "http://x/y"}]}}`:           "warning schema-unusable, error cloudfoundry-schema-draft",
		`"definitions": {"a": {"not": {"$schema": "http://x/y"}}}`:               "warning schema-unusable",
		`"properties": {"$schema": {"type": "string"}}`:                          "",
		`"properties": {"a": {"enum": [{"$schema": "http://x/y"}]}}`:             "",
		`"properties": {"a": {"default": {"items": {"$schema": "http://x/y"}}}}`: "",
		`"maxProperties": 2`:                                           "",
		`"maxProperties": 2.0`:                                         "error cloudfoundry-schema-not-draft-04",
		`"properties": {"a": {"minLength": 1e1}}`:                      "error cloudfoundry-schema-not-draft-04",
		`"properties": {"a": {"$ref": "#"}}`:                           "",
		`"properties": {"a": {"$ref": "#b"}, "b": {"id": "#b"}}`:       "warning cloudfoundry-schema-reference",
		`"properties": {"a": {"$ref": "urn:b"}, "b": {"id": "urn:b"}}`: "warning cloudfoundry-schema-reference",
	} {
		if got := schemaFindings(t, `{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", `+part+`}`); got != want {
			t.Errorf("%s: got %q, want %q", part, got, want)
		}
	}
}

// schemaFindings lists the findings for Cloud Foundry about a schema.
func schemaFindings(t *testing.T, schema string) string {
	t.Helper()
	source, err := catalog.ParseSource("a.json", []byte(`{"services": [{"id": "1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e", "name": "a", "description": "A.", "bindable": true,
		"plans": [{"id": "5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", "name": "b", "description": "B.", "free": true, "bindable": true,
		"schemas": {"service_instance": {"create": {"parameters": `+schema+`}}}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, finding := range lint.Run(source, lint.CloudFoundry) {
		found = append(found, string(finding.Severity)+" "+finding.Rule)
	}
	return strings.Join(found, ", ")
}
