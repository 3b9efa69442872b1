package catalog_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/catalogtest"
	"github.com/openbroker/openbroker/catalog/lint"
)

const service = `{id: 1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e, name: database, description: A database., bindable: true,
    plans: [{id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: A small one.}]}`

// A catalog may be a part of a file, a list of services, or one service.
func TestLoadAt(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, map[string]string{
		"list.yaml":    "- " + service + "\n",
		"catalog.yaml": "services:\n- " + service + "\n",
		"spring.yaml":  "spring:\n  cloud:\n    catalog:\n      services:\n      - " + service + "\n",
		"dotted.yaml":  "spring.cloud/catalog:\n  services:\n  - " + service + "\n",
		"list.json":    `[{"a": [1, {"id": "s", "name": "database", "plans": []}]}]`,
		"schemas.yaml": "a:\n  services:\n  - {id: s, name: database, plans: [{id: p, name: q, schemas: {service_binding: {create: {parameters: {$file: schema.json}}}}}]}\n",
		"schema.json":  `{"$schema": "http://json-schema.org/draft-04/schema#"}`,
	})
	for _, c := range [][3]string{
		{"list.yaml", "", ""},
		{"list.yaml", "/0", ""},
		{"catalog.yaml", "", ""},
		{"catalog.yaml", "/services", ""},
		{"catalog.yaml", "/services/0", ""},
		{"spring.yaml", "/spring/cloud/catalog", ""},
		{"spring.yaml", "/spring/cloud/catalog/services", ""},
		{"dotted.yaml", "/spring.cloud~1catalog", ""},
		{"list.json", "/0/a/1", ""},
		{"schemas.yaml", "/a", ""},
		{"spring.yaml", "/spring/clod/catalog", "spring.yaml has no /spring/clod: /spring has cloud"},
		{"spring.yaml", "/spring/cloud/catalog/services/1", "spring.yaml has no /spring/cloud/catalog/services/1: /spring/cloud/catalog/services is an array of 1"},
		{"spring.yaml", "/spring/cloud/catalog/services/0/name/x", "spring.yaml has no /spring/cloud/catalog/services/0/name/x: /spring/cloud/catalog/services/0/name is a string"},
		{"spring.yaml", "/x", "spring.yaml has no /x: the file has spring"},
		{"spring.yaml", "spring", `"spring" is not a JSON pointer: write the names that lead to the catalog, each after a slash, such as /broker/catalog`},
	} {
		source, err := catalog.LoadSourceAt(filepath.Join(directory, c[0]), c[1])
		if c[2] != "" {
			if err == nil || !strings.HasSuffix(err.Error(), c[2]) {
				t.Errorf("%s %s: %v", c[0], c[1], err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", c[0], c[1], err)
			continue
		}
		if read := decode(t, source); len(read.Services) != 1 || read.Services[0].Name != "database" {
			t.Errorf("%s %s: got %+v", c[0], c[1], read)
		}
	}
	if _, err := catalog.LoadSourceAt(directory, "/a"); err == nil || !strings.HasSuffix(err.Error(), "is a directory: a JSON pointer leads into one file") {
		t.Errorf("the error is %v", err)
	}
}

// Secrets outside of the catalog, on the same line, are hidden, too.
func TestLoadAtHidesSecrets(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, map[string]string{"a.yaml": "{password: hunter2, catalog: {services: [" + strings.ReplaceAll(service, "true", "1") + "]}}\n"})
	source, err := catalog.LoadSourceAt(filepath.Join(directory, "a.yaml"), "/catalog")
	if err != nil {
		t.Fatal(err)
	}
	if got := catalog.Errors(lint.Run(source)).Error(); !strings.Contains(got, "type-boolean") || strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestDirectoryOfSchemas(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, map[string]string{"a.json": `{"$schema": "http://json-schema.org/draft-04/schema#"}`})
	if _, err := catalog.LoadSource(directory); catalogtest.Problems(t, err)[0].Rule != "not-a-catalog" {
		t.Errorf("the error is %v", err)
	}
}
