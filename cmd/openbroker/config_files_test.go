package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/examples/app/folder"
	"github.com/openbroker/openbroker/internal/tree"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// A configFile is a configuration file of the examples, or one in the documentation.
type configFile struct {
	// name is the path of the file, and the line in it.
	name, text string
	body       *tree.Node
}

// A configProgram is a program whose configuration files are among them: openbroker, or one
// with a provider of its own.
type configProgram struct {
	schema *jsonschema.Schema
	// fields are the top-level fields of its configuration.
	fields map[string]any
	check  func(t *testing.T, directory, file string) (code int, text string)
}

func configSchema(t *testing.T, text string) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	var fields struct{ Properties map[string]any }
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	return schema, fields.Properties
}

// Providers whose plans have connections promise them the same number of times.
func TestOneOvercommit(t *testing.T) {
	t.Parallel()
	_, text, _ := command(t, t.TempDir(), nil, "config", "schema")
	var schema struct {
		Properties map[string]struct {
			Properties map[string]struct {
				Properties map[string]struct{ Default any }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "mysql", "rabbitmq"} {
		if times := schema.Properties["provider"].Properties[name].Properties["overcommit"].Default; times != 4.0 {
			t.Errorf("%s promises connections %v times, and docs/services says 4", name, times)
		}
	}
}

// configPrograms returns openbroker, and the program of examples/app.
func configPrograms(t *testing.T) (openbroker, acme configProgram) {
	t.Helper()
	_, schema, _ := command(t, t.TempDir(), nil, "config", "schema")
	openbroker.schema, openbroker.fields = configSchema(t, schema)
	openbroker.check = func(t *testing.T, directory, file string) (int, string) {
		t.Helper()
		code, stdout, stderr := command(t, directory, nil, "config", "check", file)
		return code, stdout + stderr
	}
	run := func(t *testing.T, args ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		code := app.Run(t.Context(), app.Program{Name: "acme-broker", Version: "1", Providers: []provider.Definition{folder.Definition}}, args, strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	_, text := run(t, "config", "schema")
	acme.schema, acme.fields = configSchema(t, text)
	acme.check = func(t *testing.T, directory, file string) (int, string) {
		t.Helper()
		return run(t, "config", "check", filepath.Join(directory, file))
	}
	return openbroker, acme
}

// yamlBlock matches the YAML in a page, and a configuration that a command writes.
var yamlBlock = regexp.MustCompile("(?ms)(?:^```ya?ml|[^ ]*openbroker\\.yaml <<'?[A-Z]+'?)\n(.*?)^(?:```|[A-Z]+$)")

// configFiles returns all configuration files: YAML that has a field of the configuration
// at its top. One that is called openbroker.yaml must be one of them.
func configFiles(t *testing.T, fields map[string]any) []configFile {
	t.Helper()
	var found []configFile
	add := func(name, text string) {
		t.Helper()
		body, err := tree.ParseYAML(name, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		isConfig := body.Is(tree.Object) && slices.ContainsFunc(body.Members, func(m tree.Member) bool { return fields[m.Name] != nil })
		if isConfig {
			found = append(found, configFile{name, text, body})
		} else if filepath.Base(name) == "openbroker.yaml" {
			t.Errorf("%s has no field of the configuration", name)
		}
	}
	for _, root := range []string{"../../examples", "../../docs", "../../README.md"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			extension := filepath.Ext(path)
			if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".md"}, extension) {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if extension != ".md" {
				add(path, string(content))
				return nil
			}
			for _, at := range yamlBlock.FindAllSubmatchIndex(content, -1) {
				add(fmt.Sprintf("%s:%d", path, 1+bytes.Count(content[:at[2]], []byte("\n"))), string(content[at[2]:at[3]]))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// The schema for editors accepts each configuration file of the examples and of the
// documentation. A typo in each setting of a provider in them is refused by the schema,
// and underlined by config check.
func TestConfigFiles(t *testing.T) {
	t.Parallel()
	openbroker, acme := configPrograms(t)
	files := configFiles(t, openbroker.fields)
	if len(files) < 12 {
		t.Errorf("only %d configuration files", len(files))
	}
	typos := 0
	for _, file := range files {
		program := openbroker
		if strings.HasPrefix(file.name, "../../examples/app/") {
			program = acme
		}
		t.Run(file.name, func(t *testing.T) {
			t.Parallel()
			if err := program.schema.Validate(file.body.Value()); err != nil {
				t.Error(err)
			}
			for _, setting := range settingsOf(file.body) {
				file.mistype(t, program, setting)
			}
		})
		typos += len(settingsOf(file.body))
	}
	if typos < 8 {
		t.Errorf("only %d settings of providers", typos)
	}
}

// settingsOf returns the settings of providers in a configuration.
func settingsOf(body *tree.Node) []*tree.Member {
	var found []*tree.Member
	kinds := func(node *tree.Node) {
		if !node.Is(tree.Object) {
			return
		}
		for i := range node.Members {
			settings := node.Members[i].Value
			for j := range settings.Members {
				found = append(found, &settings.Members[j])
			}
		}
	}
	kinds(body.Member("provider"))
	if named := body.Member("providers"); named != nil {
		for i := range named.Members {
			kinds(named.Members[i].Value)
		}
	}
	return found
}

// mistype checks a file in which a setting has a typo.
func (c configFile) mistype(t *testing.T, program configProgram, setting *tree.Member) {
	t.Helper()
	lines := strings.Split(c.text, "\n")
	line := []rune(lines[setting.Line-1])
	end := setting.Column - 1 + len([]rune(setting.Name))
	lines[setting.Line-1] = string(line[:end]) + "x" + string(line[end:])
	text := strings.Join(lines, "\n")
	body, err := tree.ParseYAML(c.name, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", setting.Name, err)
	}
	if program.schema.Validate(body.Value()) == nil {
		t.Errorf("the schema accepts %sx", setting.Name)
	}
	directory := t.TempDir()
	write(t, directory, "openbroker.yaml", text)
	code, got := program.check(t, directory, "openbroker.yaml")
	place := fmt.Sprintf("openbroker.yaml:%d:%d: %q is unknown: did you mean %q?", setting.Line, setting.Column, setting.Name+"x", setting.Name)
	caret := "      | " + strings.Repeat(" ", setting.Column-1) + "^\n"
	if _, after, ok := strings.Cut(got, place); code != 1 || !ok || !strings.Contains(after, caret) {
		t.Errorf("exit code %d, want %s\n%s\n%s", code, place, caret, got)
	}
}

// settingsForCatalog are settings with which each provider can be configured without a
// service behind it, by its kind.
var settingsForCatalog = map[string]string{
	"sqlitefile": "{}",
	"command":    "{command: ['true']}",
	"webhook":    "{url: 'http://127.0.0.1:9/', secrets: [whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0" + "]}",
	"postgres":   "{url: 'postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable'}",
	"mysql":      "{url: 'mysql://root@127.0.0.1:3306'}",
	"redis":      "{url: 'redis://127.0.0.1:6379'}",
	"rabbitmq":   "{url: 'http://guest:guest@127.0.0.1:15672', amqp: 'amqp://127.0.0.1:5672'}",
	"nats":       "{url: 'nats://127.0.0.1:4222', operator_seed: '${file:operator.nk}', system_creds: '${file:system.creds}'}",
}

// Without a catalog file, the default catalogs of all providers are served together.
func TestDefaultCatalogsTogether(t *testing.T) {
	t.Parallel()
	openbroker, _ := configPrograms(t)
	schema, _ := openbroker.fields["provider"].(map[string]any)
	kinds, _ := schema["properties"].(map[string]any)
	if len(kinds) < 3 {
		t.Fatalf("there are %d providers", len(kinds))
	}
	directory := t.TempDir()
	configured := func(kinds ...string) string {
		var text strings.Builder
		text.WriteString("data: openbroker-data\nproviders:\n")
		for _, kind := range kinds {
			if settingsForCatalog[kind] == "" {
				t.Errorf("the test needs settings of %s", kind)
				continue
			}
			text.WriteString("  my-" + kind + ": {" + kind + ": " + settingsForCatalog[kind] + "}\n")
		}
		return text.String()
	}
	seed, creds := natsSecrets(t)
	write(t, directory, "operator.nk", seed)
	write(t, directory, "system.creds", creds)
	write(t, directory, "all.yaml", configured(slices.Sorted(maps.Keys(kinds))...))
	if code, text := openbroker.check(t, directory, "all.yaml"); code != 0 {
		t.Errorf("exit code %d, %s", code, text)
	}

	p := serve(t, directory, nil, "--config", write(t, directory, "three.yaml", configured("sqlitefile", "command", "webhook")))
	catalog := p.exchange("GET", "/v2/catalog", "")
	for _, service := range []string{"sqlite", "command", "webhook"} {
		if strings.Count(catalog, `"name": "`+service+`"`) != 1 {
			t.Errorf("the catalog has not one service %s: %s", service, catalog)
		}
	}
	if strings.Contains(catalog, `"provider"`) || strings.Contains(catalog, "my-") {
		t.Errorf("platforms see %s", catalog)
	}
	// Each service is that of its provider.
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	if databases(t, filepath.Join(directory, "openbroker-data", "instances-my-sqlitefile")) != 1 {
		t.Error("sqlitefile has not made a database")
	}
	failed := p.exchange("PUT", "/v2/service_instances/two", `{"service_id":"6a0f5f0c-3b8e-4d0a-9c57-52d1a3a6be10","plan_id":"6a0f5f0c-3b8e-4d0a-9c57-52d1a3a6be11","organization_guid":"o","space_guid":"s"}`)
	if !strings.Contains(failed, "500 Internal Server Error") {
		t.Errorf("the program that answers nothing: %s", failed)
	}
	p.awaitLog("its standard output is no answer to provision")
	p.stop()
}
