package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples of docs/cli.md print what the page shows, with openbroker serve and with
// the simulator. The page shows tables as on a terminal; here they go through a pipe.
func TestCLIManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	served, simulator := serve(t, directory, nil), simulate(t, t.TempDir(), nil)
	home := filepath.Join(directory, "home")
	blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(manual), -1)
	var script, want strings.Builder
	examples := 0
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			if command, found := strings.CutPrefix(line, "$ "); found {
				examples++
				command = strings.NewReplacer("http://127.0.0.1:8080", served.url, "http://127.0.0.1:8090", simulator.url).Replace(command)
				// Both streams keep their order. A pipe has the exit code of its last command.
				script.WriteString("echo " + shellQuote(strings.TrimSpace("$ "+command)) + "\n{ " + strings.TrimSpace(command) + "\n} 2>&1\ncode=$?; [ $code = 0 ] || echo \"[exit code $code]\"\n")
				want.WriteString(strings.TrimSpace("$ "+command) + "\n")
				continue
			}
			// Titles are for terminals.
			if !regexp.MustCompile(`^[A-Z][A-Z ]+\n$`).MatchString(line) {
				want.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
			}
		}
	}
	if examples < 35 {
		t.Errorf("only %d examples: is the pattern right?", examples)
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	shell.Dir = directory
	shell.Env = append(os.Environ(), "OPENBROKER_HOME="+home, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	normal := func(text string) string {
		for _, replacement := range []struct{ pattern, by string }{
			{`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`, "UUID"},
			{regexp.QuoteMeta(home), "HOME"},
			{`\((\d+h)?(\d+m)?\d+s\)`, "(AGE)"},
			{regexp.QuoteMeta(served.url), "http://127.0.0.1:8080"},
			{regexp.QuoteMeta(simulator.url), "http://127.0.0.1:8090"},
			{`(?m)^(credentials\.(?:dsn|path)) \d+`, "$1 NUMBER"},
		} {
			text = regexp.MustCompile(replacement.pattern).ReplaceAllString(text, replacement.by)
		}
		return text
	}
	var got strings.Builder
	for line := range strings.Lines(string(output)) {
		if strings.HasPrefix(line, "$ ") {
			got.WriteString(line)
		} else {
			got.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
		}
	}
	if diff := cmp.Diff(normal(want.String()), normal(got.String())); diff != "" {
		t.Errorf("docs/cli.md (-manual +printed):\n%s", diff)
	}
}

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
