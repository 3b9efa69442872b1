package main_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"
)

// Every command that prints a result has -o, and refuses an unknown format with the list
// of known ones. No command has the flags of earlier versions.
func TestOutputFlagOfAllCommands(t *testing.T) {
	t.Parallel()
	var wait sync.WaitGroup
	defer wait.Wait()
	var mu sync.Mutex
	without := map[string]bool{}
	usage := regexp.MustCompile(`(?m)^  -o, --output FORMAT +print the result as FORMAT: ([a-z, ]+) \(default text\)$`)
	var visit func(path []string)
	visit = func(path []string) {
		name := strings.Join(path, " ")
		_, help, _ := command(t, t.TempDir(), nil, append(slices.Clone(path), "--help")...)
		_, list, nested := strings.Cut(help, "\nAvailable Commands:\n")
		if nested {
			list, _, _ = strings.Cut(list, "\n\n")
			for line := range strings.Lines(list) {
				if sub := subcommandLine.FindStringSubmatch(line); sub != nil {
					wait.Go(func() { visit(append(slices.Clone(path), sub[1])) })
				}
			}
			return
		}
		for _, former := range []string{"--json", "--format"} {
			if strings.Contains(help, former) {
				t.Errorf("%s has %s", name, former)
			}
		}
		match := usage.FindStringSubmatch(help)
		if match == nil {
			mu.Lock()
			defer mu.Unlock()
			without[name] = true
			return
		}
		code, stdout, stderr := command(t, t.TempDir(), nil, append(slices.Clone(path), "-o", "pdf")...)
		if want := `invalid argument "pdf" for "-o, --output" flag: must be ` + match[1] + "; see openbroker " + name + " --help"; code != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s -o pdf: exit code %d, standard output %q, standard error %q", name, code, stdout, stderr)
		}
	}
	visit(nil)
	wait.Wait()
	for _, name := range []string{"serve", "simulate", "docs", "man", "config schema", "config check", "provider schema", "admin export", "admin import", "admin backup", "admin restore", "admin adopt", "help"} {
		if !without[name] {
			t.Errorf("%s has -o, or does not exist", name)
		}
		delete(without, name)
	}
	for name := range without {
		if !strings.HasPrefix(name, "completion ") {
			t.Errorf("%s has no -o", name)
		}
	}
}

// The error about a flag of an earlier version names its replacement.
func TestRemovedFlags(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"admin instances --json":             "unknown flag: --json; use -o json; see openbroker admin instances --help",
		"admin retry x --json":               "unknown flag: --json; use -o json; ",
		"keyset list --json":                 "unknown flag: --json; use -o json; ",
		"lint --format sarif catalog.yaml":   "unknown flag: --format; use -o FORMAT, or --report FORMAT=FILE to write a file; ",
		"check --format=json http://host":    "unknown flag: --format; use -o FORMAT, or --report FORMAT=FILE to write a file; ",
		"check --output a.html http://host":  "must be text, json, yaml, junit, markdown or html; to write a file, use --report FORMAT=FILE; ",
		"diff --format markdown a.yaml b":    "unknown flag: --format; use -o FORMAT, or --report FORMAT=FILE to write a file; ",
		"admin export --output file.archive": "unknown flag: --output; use openbroker admin export FILE; ",
		"version --format json":              "unknown flag: --format; use -o FORMAT; ",
		"serve --json":                       "unknown flag: --json; see ",
	} {
		code, stdout, stderr := command(t, t.TempDir(), nil, strings.Fields(line)...)
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "openbroker: ") || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, standard output %q, standard error %q", line, code, stdout, stderr)
		}
	}
}

// YAML has the members of JSON.
func TestOutputYAML(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "broken.yaml", "services: [{id: 5}]\n")
	for line, code := range map[string]int{
		"version":                            0,
		"check --list --only bind-*":         0,
		"lint --rules":                       0,
		"lint broken.yaml":                   1,
		"keyset add --keyset k/keyset.json":  1,
		"diff broken.yaml nothing.yaml":      2,
		"diff ../nothing.yaml ../other.yaml": 2,
	} {
		args := strings.Fields(line)
		gotJSON, asJSON, _ := command(t, directory, nil, append(slices.Clone(args), "-o", "json")...)
		gotYAML, asYAML, _ := command(t, directory, nil, append(slices.Clone(args), "-o", "yaml")...)
		if gotJSON != code || gotYAML != code {
			t.Errorf("%s: exit codes %d and %d, want %d", line, gotJSON, gotYAML, code)
		}
		if (asJSON == "") != (asYAML == "") || strings.HasPrefix(asYAML, "{") || strings.HasPrefix(asYAML, "[") {
			t.Errorf("%s prints\n%s", line, asYAML)
		}
		if asJSON == "" {
			continue
		}
		var first, second any
		if err := json.Unmarshal([]byte(asJSON), &first); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if err := yaml.Unmarshal([]byte(asYAML), &second); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := json.Marshal(second)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(first)
		if err != nil || string(again) != string(want) {
			t.Errorf("%s: YAML has\n%s\nJSON\n%s", line, again, want)
		}
	}
}

// A run writes several reports beside its output.
func TestReports(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "a.yaml", catalogText(smallPlan))
	write(t, directory, "b.yaml", catalogText(smallPlan, customPlan))
	for _, args := range [][]string{
		{"lint", "a.yaml", "--report", "sarif=out.sarif", "--report", "json=out.json"},
		{"diff", "a.yaml", "b.yaml", "--report", "markdown=out.md", "--report", "json=out.json"},
	} {
		code, stdout, stderr := command(t, directory, nil, args...)
		if code != 0 || stderr != "" || strings.HasPrefix(stdout, "{") {
			t.Errorf("%q: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
		}
		for i := 1; i < len(args); i++ {
			format, file, found := strings.Cut(args[i], "=")
			if !found {
				continue
			}
			_, printed, _ := command(t, directory, nil, append(slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.Contains(arg, "=") || arg == "--report" }), "-o", format)...)
			if got := read(t, directory+"/"+file); got != printed {
				t.Errorf("%s has\n%s\nwant\n%s", file, got, printed)
			}
		}
	}
	if code, _, stderr := command(t, directory, nil, "diff", "a.yaml", "none.yaml", "--report", "json=out.json"); code != 2 || !strings.Contains(stderr, "none.yaml") {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, args := range [][]string{{"lint", "a.yaml"}, {"diff", "a.yaml", "b.yaml"}} {
		if code, stdout, stderr := command(t, directory, nil, append(args, "--report", "json=none/out.json")...); code != 2 || stdout != "" || !strings.Contains(stderr, "none/out.json: no such file") {
			t.Errorf("%q: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
		}
	}
}
