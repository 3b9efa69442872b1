package main_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// The commands of the README print what it shows, in bash and in zsh.
func TestReadme(t *testing.T) {
	t.Parallel()
	const clone = "git clone https://github.com/openbroker/openbroker ~/openbroker\n"
	bin := t.TempDir()
	// In sequence: the second shell finds the installation of the first up to date.
	for _, kind := range []string{"bash", "zsh"} { //nolint:paralleltest // See above.
		t.Run(kind, func(t *testing.T) {
			page := blocks(t, "README.md")
			if !strings.HasPrefix(page[0].text, clone) {
				t.Fatalf("%s begins with %s", page[0], page[0].text)
			}
			page[0].text = strings.TrimPrefix(page[0].text, clone) // The test has the clone already.
			r := newReader(t, kind, bin)
			server, err := url.Parse(pgtest.Start(t, pgtest.WithPassword("secret")).DSN())
			if err != nil {
				t.Fatal(err)
			}
			r.postgres = server.Host
			if commands := r.follow(page, func(block) {}); commands < 15 {
				t.Errorf("only %d blocks of commands: is the pattern right?", commands)
			}
			if _, err := os.Stat(filepath.Join(bin, "openbroker")); err != nil {
				t.Errorf("make install: %v", err)
			}
		})
	}
}

// The Go files of the README compile unchanged.
func TestReadmeGo(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, ".tmp"), 0o750); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, b := range blocks(t, "README.md") {
		if b.language != "go" {
			continue
		}
		found++
		directory, err := os.MkdirTemp(filepath.Join(root, ".tmp"), "readme-") //nolint:usetesting // In the module, so that it can import it.
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(directory) })
		name := "block.go"
		if strings.Contains(b.text, "func Test") {
			name = "block_test.go"
		}
		write(t, directory, name, b.text)
		command := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-run", "^$", ".")
		command.Dir = directory
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", b, err, out)
		}
	}
	if found < 3 {
		t.Errorf("only %d Go files: is the pattern right?", found)
	}
}

// The links of the README and the guide lead to existing files.
func TestReadmeLinks(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "docs/writing-a-broker.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		links := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(string(text), -1)
		if len(links) < 5 {
			t.Errorf("%s has only %d links: is the pattern right?", page, len(links))
		}
		for _, link := range links {
			if _, err := os.Stat(filepath.Join("..", "..", filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// docs/serve.md starts a broker and walks through the life of an instance.
func TestServeManual(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"bash", "zsh"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			page := blocks(t, "docs/serve.md")[:4] // The other blocks need the configuration of the reader.
			if commands := newReader(t, kind, t.TempDir()).follow(page, func(b block) { t.Errorf("%s is a file", b) }); commands != 2 {
				t.Errorf("%d blocks of commands", commands)
			}
		})
	}
}

// The guide leads from an empty directory to a broker that survives kill -9, in zsh, which
// is stricter than bash. Its files are those of
// examples/durable; the last one is that of examples/app.
func TestGuide(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("This is `([\\w.]+)`:$")
	r := newReader(t, "zsh", t.TempDir())
	files := 0
	commands := r.follow(blocks(t, "docs/writing-a-broker.md"), func(b block) {
		if strings.Contains(b.before, "(../examples/app/main.go)") {
			if example, err := os.ReadFile(filepath.Join("..", "..", "examples", "app", "main.go")); err != nil || string(example) != b.text {
				t.Errorf("%s differs from examples/app: %v", b, err)
			}
			return
		}
		name := named.FindStringSubmatch(b.before)
		if name == nil {
			t.Fatalf("%s: the paragraph before it names no file: %q", b, b.before)
		}
		example, err := os.ReadFile(filepath.Join("..", "..", "examples", "durable", name[1]))
		if err != nil || string(example) != b.text {
			t.Errorf("%s differs from examples/durable: %v", b, err)
		}
		write(t, r.typed("broker", "pwd"), name[1], strings.ReplaceAll(b.text, printed, "127.0.0.1:0"))
		files++
	})
	examples, err := filepath.Glob(filepath.Join("..", "..", "examples", "durable", "*"))
	if err != nil || files != len(examples) || commands < 6 {
		t.Errorf("%d files, %d blocks of commands, examples/durable has %q: %v", files, commands, examples, err)
	}
}
