package app_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/command"
)

const queueCatalog = `
services:
  - id: 3f9e4f0a-8f0e-4d0c-9b39-0b5ad1a1c001
    name: queue
    description: Queues.
    bindable: false
    plans:
      - {id: 3f9e4f0a-8f0e-4d0c-9b39-0b5ad1a1c002, name: three, description: Three queues.}
`

// acme is a program with a provider of its own.
func acme() app.Program {
	return app.Program{Name: "acme-broker", Version: "1.2.3", Providers: []provider.Definition{
		provider.Define(provider.Spec[struct{}, struct{}]{
			Name: "queue", Doc: "queues of Acme", Catalog: queueCatalog,
			New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) {
				return durable.UnimplementedProvider{}, nil
			},
		}),
	}}
}

func run(t *testing.T, p app.Program, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, messages bytes.Buffer
	code = app.Run(t.Context(), p, args, strings.NewReader(""), &out, &messages)
	return code, out.String(), messages.String()
}

// otherName matches the name openbroker where that of the program belongs.
var otherName = regexp.MustCompile(`(?m)(^|[^\w/.-])openbroker(:| (` + strings.Join(output.Commands, "|") + `)\b)`)

// Every help names the program, and no other.
func TestHelpNamesProgram(t *testing.T) {
	t.Parallel()
	subcommand := regexp.MustCompile(`(?m)^  ([a-z]+) `)
	visited := 0
	var visit func(path []string)
	visit = func(path []string) {
		visited++
		code, help, stderr := run(t, acme(), append(slices.Clone(path), "--help")...)
		if code != 0 || stderr != "" || !strings.Contains(help, strings.Join(append([]string{"  acme-broker"}, path...), " ")) {
			t.Errorf("%q: exit code %d, %s%s", path, code, help, stderr)
		}
		for _, found := range otherName.FindAllString(help, -1) {
			t.Errorf("%q names %q", path, found)
		}
		_, list, _ := strings.Cut(help, "\nAvailable Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for _, name := range subcommand.FindAllStringSubmatch(list, -1) {
			if len(path) == 0 && !slices.Contains(output.Commands, name[1]) {
				t.Errorf("output.Commands lacks %s", name[1])
			}
			visit(append(slices.Clone(path), name[1]))
		}
	}
	visit(nil)
	if visited < 50 {
		t.Errorf("only %d commands", visited)
	}
}

// What a program prints has its name and its version.
func TestProgramName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"--version", 0, "acme-broker 1.2.3 ", ""},
		{"version", 0, "acme-broker 1.2.3 ", ""},
		{"version -o json", 0, `"version": "1.2.3"`, ""},
		{"config schema", 0, "queues of Acme", ""},
		{"completion bash", 0, "__start_acme-broker", ""},
		{"completion zsh", 0, "#compdef acme-broker", ""},
		{"completion fish", 0, "fish completion for acme-broker", ""},
		{"completion powershell", 0, "acme-broker", ""},
		{"completion zsh --help", 0, "/_acme-broker", ""},
		{"completion fish --help", 0, "/acme-broker.fish", ""},
		{"lint --config none.yaml", 1, "", "acme-broker: "},
		{"lint none.yaml", 2, "", "acme-broker: "},
		{"serve --lisen x", 2, "", "acme-broker: unknown flag"},
		{"serv", 2, "", `acme-broker: unknown command "serv" for "acme-broker" (did you mean "serve"?); see acme-broker --help`},
		{"help serv", 2, "", `acme-broker: unknown command "serv" for "acme-broker" (did you mean "serve"?); see acme-broker --help`},
		{"help admin list", 0, "acme-broker admin instances", ""},
		{"keyset list --keyset none/keyset.json", 1, "", "acme-broker serve creates one"},
		{"check --only none --list", 2, "", "acme-broker check --list lists them"},
		{"admin export --output x", 2, "", "use acme-broker admin export FILE"},
		{"target none", 2, "", "acme-broker: "},
		{"lint --rules", 0, "acme-broker serve and", ""},
		{"lint --rules -o json", 0, "acme-broker lint --at", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, acme(), strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
				t.Errorf("exit code %d, want %d\n%.2000s%s", code, c.code, stdout, stderr)
			}
			for _, line := range slices.Collect(strings.Lines(stdout + stderr)) {
				if found := otherName.FindString(line); found != "" {
					t.Errorf("names %q: %s", found, line)
				}
			}
		})
	}
}

// The manual pages are those of the program.
func TestManNamesProgram(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if code, _, stderr := run(t, acme(), "man", directory); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(directory, "acme-broker-admin-instances.1")); err != nil {
		t.Error(err)
	}
}

// serve prints its URL behind the name of the program, and ends with its context.
func TestServeNamesProgram(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data")},
		{"simulate", "--listen", "127.0.0.1:0"},
	} {
		t.Run(arguments[0], func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			reader, writer := io.Pipe()
			ended := make(chan int, 1)
			var messages bytes.Buffer
			go func() {
				ended <- app.Run(ctx, acme(), arguments, strings.NewReader(""), writer, &messages)
				_ = writer.Close()
			}()
			const want = "acme-broker: listening on http://127.0.0.1:"
			begin := make([]byte, len(want))
			_, err := io.ReadFull(reader, begin)
			go func() { _, _ = io.Copy(io.Discard, reader) }()
			stop()
			if code := <-ended; code != 0 || err != nil || string(begin) != want {
				t.Errorf("exit code %d, printed %q, %v\n%s", code, begin, err, messages.String())
			}
			if !strings.Contains(messages.String(), "acme-broker: log in as ") {
				t.Errorf("does not say how to log in: %s", messages.String())
			}
		})
	}
}

// init writes brokers in other languages only for programs that can run them, and names
// the program in their files.
func TestInitNamesProgram(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "queues")
	code, stdout, stderr := run(t, acme(), "init", directory, "--language", "bash")
	if want := `acme-broker: --language bash needs the provider "command": `; code != 2 || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if _, help, _ := run(t, acme(), "init", "--help"); strings.Contains(help, "bash") {
		t.Errorf("the help offers bash: %s", help)
	}
	able := acme()
	able.Providers = append(able.Providers, command.Definition)
	code, stdout, stderr = run(t, able, "init", directory, "--language", "bash")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\n  acme-broker serve --config ") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	for _, name := range []string{"README.md", "test.sh", "openbroker.yaml"} {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil || otherName.Match(text) || !strings.Contains(string(text), "acme-broker ") {
			t.Errorf("%s, %v:\n%s", name, err, text)
		}
	}
	if code, _, stderr := run(t, able, "lint", "--strict", "--config", filepath.Join(directory, "openbroker.yaml")); code != 0 {
		t.Errorf("lint: exit code %d, %s", code, stderr)
	}
}

// Without a configuration file, a program whose first provider has required settings
// says what to do.
func TestProviderNeedsSettings(t *testing.T) {
	t.Parallel()
	type settings struct {
		URL provider.URL `yaml:"url" required:"true" doc:"where Acme is"`
	}
	p := acme()
	p.Providers = []provider.Definition{provider.Define(provider.Spec[settings, struct{}]{
		Name: "queue", Doc: "queues of Acme", Catalog: queueCatalog,
		New: func(context.Context, settings, provider.Host) (durable.Provider, error) {
			return durable.UnimplementedProvider{}, nil
		},
	})}
	const want = "acme-broker: the provider needs a configuration file: queue has no url, which is required; acme-broker config schema describes the file\n"
	if code, stdout, stderr := run(t, p, "serve", "--data", t.TempDir()); code != 1 || stdout != "" || stderr != want {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if _, help, _ := run(t, p, "serve", "--help"); !strings.Contains(help, "It needs a configuration file, because the provider queue") {
		t.Errorf("the help says %.200s", help)
	}
}

// A program whose default catalog is wrong prints each finding as lint does.
func TestWrongDefaultCatalog(t *testing.T) {
	t.Parallel()
	p := acme()
	p.Providers = []provider.Definition{provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "queue", Doc: "queues of Acme", Catalog: "services:\n  - id: 1\n",
		New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) {
			return durable.UnimplementedProvider{}, nil
		},
	})}
	code, _, stderr := run(t, p, "version")
	if code != 1 || !strings.HasPrefix(stderr, `acme-broker: the definition "queue": the default catalog: queue/catalog.yaml:2:9: error: id must be a string`) ||
		!strings.Contains(stderr, "\n    2 |   - id: 1\n      |         ^\n") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// A program that is wrong says so.
func TestWrongProgram(t *testing.T) {
	t.Parallel()
	twice := acme()
	twice.Providers = append(twice.Providers, twice.Providers[0])
	for want, p := range map[string]app.Program{
		"app: the name of the program": {Providers: acme().Providers},
		"begin with a letter":          {Name: "-x", Providers: acme().Providers},
		`"two words"`:                  {Name: "two words", Providers: acme().Providers},
		"the set has no definition":    {Name: "acme-broker"},
		`acme-broker: the definition "queue": the name is that of another one`: twice,
	} {
		if code, stdout, stderr := run(t, p, "--version"); code != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %s, want %s", code, stderr, want)
		}
	}
}
