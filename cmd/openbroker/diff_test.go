package main_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

const (
	diffBefore = `services:
  - id: s
    name: sql
    description: A database.
    bindable: true
    dashboard_client: {id: d, secret: hunter2, redirect_uri: https://example.com}
    plans:
      - {id: p-small, name: small, description: A small one.}
      - {id: p-large, name: large, description: A large one., schemas: {service_binding: {create: {parameters: {$schema: http://json-schema.org/draft-04/schema#, properties: {mode: {enum: [rw, ro]}}}}}}}
`
	diffCompatible = `services:
  - id: s
    name: sql
    description: One database.
    bindable: true
    dashboard_client: {id: d, secret: hunter3, redirect_uri: https://example.com}
    plans:
      - {id: p-small, name: small, description: A small one.}
      - {id: p-large, name: large, description: A large one., schemas: {service_binding: {create: {parameters: {$schema: http://json-schema.org/draft-04/schema#, properties: {mode: {enum: [rw, ro]}}}}}}}
      - {id: p-huge, name: "hu\e[1mg|e'", description: A huge one.}
`
	diffBreaking = `services:
  - id: s
    name: sql
    description: A database.
    bindable: true
    plans:
      - {id: p-large, name: large, description: A large one., free: false, schemas: {service_binding: {create: {parameters: {$schema: http://json-schema.org/draft-04/schema#, properties: {mode: {enum: [rw]}}}}}}}
      - {id: p-tiny, name: tiny, description: A tiny one.}
`
	diffInvalid = `services:
  - id: 1
    name: sql
`
)

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"same":                {0, []string{"before.yaml", "before.yaml"}},
		"same_json":           {0, []string{"-o", "json", "before.yaml", "before.yaml"}},
		"same_markdown":       {0, []string{"-o", "markdown", "before.yaml", "before.yaml"}},
		"compatible":          {0, []string{"before.yaml", "compatible.yaml"}},
		"compatible_markdown": {0, []string{"-o", "markdown", "before.yaml", "compatible.yaml"}},
		"breaking":            {1, []string{"before.yaml", "breaking.yaml"}},
		"breaking_json":       {1, []string{"--output=json", "before.yaml", "breaking.yaml"}},
		"breaking_markdown":   {1, []string{"--output=markdown", "before.yaml", "breaking.yaml"}},
		"one_change":          {0, []string{"before.yaml", "renamed.yaml"}},
		"directory":           {0, []string{"before.yaml", "directory"}},
		"invalid":             {2, []string{"invalid.yaml", "before.yaml"}},
		"both_invalid":        {2, []string{"invalid.yaml", "invalid.yaml"}},
		"missing":             {2, []string{"before.yaml", "after.yaml"}},
		"one_argument":        {2, []string{"before.yaml"}},
		"bad_format":          {2, []string{"-o", "xml", "before.yaml", "before.yaml"}},
		"bad_url":             {2, []string{"before.yaml", "http://"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			for file, content := range map[string]string{
				"before.yaml": diffBefore, "compatible.yaml": diffCompatible, "breaking.yaml": diffBreaking, "invalid.yaml": diffInvalid, "directory/catalog.yaml": diffBefore,
				"renamed.yaml": strings.Replace(diffBefore, "name: small", "name: little", 1),
			} {
				write(t, directory, file, content)
			}
			code, stdout, stderr := command(t, directory, nil, append([]string{"diff"}, c.args...)...)
			if code != c.code || (code == 2) != (stdout == "") || (code == 2) != (stderr != "") {
				t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "hunter") {
				t.Error("a secret is shown")
			}
			golden(t, filepath.Join("diff", name), stdout+stderr)
			if strings.HasSuffix(name, "_json") && !json.Valid([]byte(stdout)) {
				t.Error("the output is not JSON")
			}
		})
	}
}

// The catalog of a running broker is compared with a file.
func TestDiffAndDocsOfRunningBroker(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, []string{"OPENBROKER_PASSWORD=p"})
	environment := []string{"OPENBROKER_USERNAME=openbroker", "OPENBROKER_PASSWORD=p"}
	code, stdout, stderr := command(t, directory, environment, "diff", p.url, p.url)
	if code != 0 || stdout != "no changes\n" || stderr != "" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
	code, stdout, stderr = command(t, directory, environment, "diff", p.url, write(t, directory, "other.yaml", diffBefore))
	if code != 1 || !strings.Contains(stdout, `the service "sqlite"`) || stderr != "" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
	code, stdout, stderr = command(t, directory, environment, "docs", p.url)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	golden(t, "docs_running", stdout)
	code, stdout, stderr = command(t, directory, []string{"OPENBROKER_PASSWORD=wrong"}, "docs", p.url)
	if code != 2 || stdout != "" || !strings.Contains(stderr, "401") {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
	p.stop()
}

func TestDocs(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "catalog.yaml", diffBreaking)
	write(t, directory, "invalid.yaml", diffInvalid)
	code, stdout, stderr := command(t, directory, nil, "docs", "catalog.yaml")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	golden(t, "docs", stdout)
	code, stdout, stderr = command(t, directory, nil, "docs", "invalid.yaml")
	if code != 2 || stdout != "" {
		t.Errorf("exit code %d, standard output %q", code, stdout)
	}
	golden(t, "docs_invalid", stderr)
	write(t, directory, "application.yaml", inApplication(diffBreaking))
	code, stdout, stderr = command(t, directory, nil, "docs", "--at", "/broker/catalog", "application.yaml")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	golden(t, "docs", stdout)
}

// A file that is not a catalog must not look like an unchanged one.
func TestNoCatalog(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "catalog.yaml", diffBefore)
	for name, content := range map[string]string{
		"compose.yaml": "services: {db: {image: postgres}}\n", "package.json": `{"name": "x", "version": "1.0.0"}`, "list.yaml": "- a\n- b\n",
		"text.yaml": "hello\n", "empty.yaml": "{}\n", "application.yaml": inApplication(diffBefore), "schema.json": `{"$schema": "http://json-schema.org/draft-04/schema#"}`,
	} {
		write(t, directory, name, content)
		for _, args := range [][]string{{"diff", name, name}, {"diff", "catalog.yaml", name}, {"diff", name, "catalog.yaml"}, {"docs", name}} {
			code, stdout, stderr := command(t, directory, nil, args...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, name) {
				t.Errorf("%s: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
			}
		}
	}
	code, stdout, stderr := command(t, directory, nil, "diff", "--at", "/broker/catalog", "application.yaml", "application.yaml")
	if code != 0 || stdout != "no changes\n" || stderr != "" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
}

// inApplication is a configuration of a broker that contains its catalog.
func inApplication(content string) string {
	return "server: {port: 8080}\nbroker:\n  catalog:\n    " + strings.ReplaceAll(strings.TrimSuffix(content, "\n"), "\n", "\n    ") + "\n"
}
