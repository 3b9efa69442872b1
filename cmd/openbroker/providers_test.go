package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoServices is a catalog with a service for each of two providers, whose names are
// the colors.
func twoServices(first, second, more string) string {
	service := func(id, provider, more string) string {
		return fmt.Sprintf(`  - id: %s
    name: sqlite-%[1]s
    provider: %s
    description: A database.
    bindable: true
    plans: [{id: %[1]s-plan, name: medium, description: At most 40 KiB., sqlitefile: {max_bytes: 40960%[3]s}}]
`, id, provider, more)
	}
	return "services:\n" + service("one", first, "") + service("two", second, more)
}

const twoProviders = `
data: openbroker-data
providers:
  blue: {sqlitefile: {}}
  green: {sqlitefile: {directory: green-databases}}
catalog: {file: catalog.yaml, poll_interval: 50ms}
`

func provisionOf(service string) map[string]any {
	return map[string]any{"service_id": service, "plan_id": service + "-plan", "organization_guid": "o", "space_guid": "s"}
}

func databases(t *testing.T, directory string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, "ob-*", "database.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// One process has two providers of one kind. Each instance is made, bound and deleted by
// its own, also after its service has moved to the other one.
func TestTwoProviders(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string]func(t *testing.T) []string{
		"sqlite":   func(t *testing.T) []string { t.Helper(); return nil },
		"postgres": func(t *testing.T) []string { t.Helper(); return []string{"--store", postgres.NewDatabase(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{directory: t.TempDir()}
			write(t, w.directory, "catalog.yaml", twoServices("blue", "green", ""))
			w.flags = append(flags(t), "--config", write(t, w.directory, "openbroker.yaml", twoProviders))
			w.process = serve(t, w.directory, nil, w.flags...)

			catalog := w.expect(http.StatusOK, "GET", "/v2/catalog", nil)
			if text := fmt.Sprint(catalog.body); strings.Contains(text, "provider") || strings.Contains(text, "sqlitefile") || !strings.Contains(text, "sqlite-two") {
				t.Errorf("platforms see %s", text)
			}
			if code, stdout, stderr := command(t, w.directory, []string{"OPENBROKER_USERNAME=" + w.username, "OPENBROKER_PASSWORD=" + w.password}, "diff", "catalog.yaml", w.url); code != 0 || strings.Contains(stdout, "sqlitefile") {
				t.Errorf("diff: exit code %d, %s%s", code, stdout, stderr)
			}
			blue, green := filepath.Join(w.directory, "openbroker-data", "instances-blue"), filepath.Join(w.directory, "green-databases")
			w.expect(http.StatusCreated, "PUT", "/v2/service_instances/a", provisionOf("one"))
			w.expect(http.StatusCreated, "PUT", "/v2/service_instances/b", provisionOf("two"))
			if databases(t, blue) != 1 || databases(t, green) != 1 {
				t.Fatalf("blue has %d databases, green %d", databases(t, blue), databases(t, green))
			}
			credentials, _ := w.expect(http.StatusCreated, "PUT", "/v2/service_instances/b/service_bindings/x", map[string]any{"service_id": "two", "plan_id": "two-plan"}).body["credentials"].(map[string]any)
			if dsn, _ := credentials["dsn"].(string); !strings.Contains(dsn, green) || !strings.Contains(dsn, "max_page_count(10)") {
				t.Errorf("the DSN is %q", dsn)
			}

			// The services change places. A catalog that is wrong changes nothing.
			replace(t, w.directory, "catalog.yaml", twoServices("green", "red", ""))
			w.awaitLog(`provider is \"red\", and the configuration has no such provider: it has blue, green`)
			replace(t, w.directory, "catalog.yaml", twoServices("green", "blue", ", max_byte: 1"))
			w.awaitLog(`\"max_byte\" is unknown: did you mean \"max_bytes\"?`)
			replace(t, w.directory, "catalog.yaml", twoServices("green", "blue", ""))
			w.awaitLog("the catalog has changed")
			w.expect(http.StatusCreated, "PUT", "/v2/service_instances/c", provisionOf("one"))
			if databases(t, blue) != 1 || databases(t, green) != 2 {
				t.Errorf("after the move, blue has %d databases, green %d", databases(t, blue), databases(t, green))
			}
			w.stop()

			// Each provider is compared with its own records.
			orphan := "ob-" + strings.Repeat("a", 26)
			write(t, w.directory, "green-databases/"+orphan+"/database.sqlite", "")
			if found := w.list("orphans"); len(found) != 1 || found[0]["resource"] != orphan || found[0]["provider"] != "green" {
				t.Errorf("orphans: %v", found)
			}

			// A provider with instances cannot be renamed; one without can be removed.
			renamed := strings.Replace(twoProviders, "  blue:", "  azure:", 1)
			write(t, w.directory, "openbroker.yaml", renamed)
			write(t, w.directory, "catalog.yaml", twoServices("green", "azure", ""))
			code, stdout, stderr := command(t, w.directory, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, w.flags...)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, `the provider "blue" made at least the instance "a" of the platform "default": configure it under this name, or delete its instances first`) {
				t.Errorf("exit code %d, %s%s", code, stdout, stderr)
			}
			if _, err := os.Stat(filepath.Join(w.directory, "openbroker-data", "instances-azure")); err == nil {
				t.Error("the refused start has made a directory")
			}
			write(t, w.directory, "openbroker.yaml", twoProviders)
			write(t, w.directory, "catalog.yaml", twoServices("green", "blue", ""))
			w.process = serve(t, w.directory, nil, w.flags...)
			w.expect(http.StatusOK, "DELETE", "/v2/service_instances/a?service_id=one&plan_id=one-plan", nil)
			if databases(t, blue) != 0 {
				t.Error("the database of a is left")
			}
			w.stop()
			write(t, w.directory, "openbroker.yaml", renamed)
			write(t, w.directory, "catalog.yaml", twoServices("green", "azure", ""))
			w.process = serve(t, w.directory, nil, w.flags...)
			w.stop()
		})
	}
}

// The example is valid, and lints without a finding.
func TestProvidersExample(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"config", "check", "openbroker.yaml"}, {"lint", "--strict", "--config", "openbroker.yaml"}} {
		if code, stdout, stderr := command(t, "../../examples/providers", nil, args...); code != 0 || stderr != "" || !strings.Contains(stdout, "ok") {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
}

// What is wrong with a catalog is reported by config check, lint and serve alike.
func TestProviderErrors(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	config := write(t, directory, "openbroker.yaml", twoProviders)
	write(t, directory, "catalog.yaml", twoServices("bleu", "gren", ""))
	for name, args := range map[string][]string{
		"check": {"config", "check", "openbroker.yaml"},
		"serve": {"serve", "--config", "openbroker.yaml"},
		"lint":  {"lint", "--config", "openbroker.yaml"},
	} {
		code, stdout, stderr := command(t, directory, nil, args...)
		for _, want := range []string{
			`catalog.yaml:4:15: error: provider is "bleu", and the configuration has no such provider: it has blue, green [provider-unknown]`,
			`catalog.yaml:10:15: error: provider is "gren"`, "\n    4 |     provider: bleu\n      |               ^\n",
		} {
			if text := stdout + stderr; code != 1 || !strings.Contains(text, want) {
				t.Errorf("%s: exit code %d, want %s\n%s", name, code, want, text)
			}
		}
	}
	write(t, directory, "catalog.yaml", twoServices("blue", "green", ", min_bytes: 3"))
	code, stdout, _ := command(t, directory, nil, "lint", "catalog.yaml")
	if code != 1 || !strings.Contains(stdout, `catalog.yaml:13:`) || !strings.Contains(stdout, `"min_bytes" is unknown: did you mean "max_bytes"?`) {
		t.Errorf("lint: exit code %d, %s", code, stdout)
	}

	// The catalogs of two providers of one kind clash.
	write(t, directory, "openbroker.yaml", strings.Replace(twoProviders, "catalog: {file", "#", 1))
	code, _, stderr := command(t, directory, nil, "config", "check", config)
	if want := "openbroker: the providers blue and green are both sqlitefile, whose default catalog can be served only once: name a catalog with catalog.file, in which each service says provider: green or blue\n"; code != 1 || stderr != want {
		t.Errorf("exit code %d, %q, want %q", code, stderr, want)
	}
	write(t, directory, "openbroker.yaml", "provider:\n  sqlitefile:\n    directry: d\n")
	code, _, stderr = command(t, directory, nil, "config", "check", "openbroker.yaml")
	if want := "openbroker.yaml:3:5: \"directry\" is unknown: did you mean \"directory\"? provider.sqlitefile can have directory, create_delay\n    3 |     directry: ...\n      |     ^\n"; code != 1 || stderr != want {
		t.Errorf("exit code %d, %q, want %q", code, stderr, want)
	}
}

// The schema describes the settings of the providers. The page about providers does too.
func TestProviderSettingsAreDescribed(t *testing.T) {
	t.Parallel()
	_, stdout, _ := command(t, t.TempDir(), nil, "config", "schema")
	var schema struct {
		Properties struct {
			Provider struct {
				Properties map[string]struct {
					Description string
					Properties  map[string]struct{ Description string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range schema.Properties.Provider.Properties {
		if p.Description == "" || len(p.Properties) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
		for field, f := range p.Properties {
			if row := "| `" + name + "` | `" + field + "` | " + f.Description + " |"; !strings.Contains(string(page), row) {
				t.Errorf("docs/providers.md has no row %s", row)
			}
		}
	}
}
