package main_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	subcommandLine = regexp.MustCompile(`^  ([a-z]+) `)
	flagInHelp     = regexp.MustCompile(`--[a-z-]+`)
)

// Every help has an example, and examples use existing flags and commands.
func TestExamplesInHelp(t *testing.T) {
	t.Parallel()
	var wait sync.WaitGroup
	defer wait.Wait()
	var visit func(path []string)
	visit = func(path []string) {
		code, help, stderr := command(t, t.TempDir(), nil, append(slices.Clone(path), "--help")...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, standard error %q", path, code, stderr)
			return
		}
		_, rest, found := strings.Cut(help, "\nExamples:\n")
		if !found {
			t.Errorf("%q has no example", path)
		}
		example, _, _ := strings.Cut(rest, "\n\n")
		if !strings.Contains(example, strings.Join(append([]string{"openbroker"}, path...), " ")) {
			t.Errorf("%q: the example is of another command: %s", path, example)
		}
		for _, flag := range flagInHelp.FindAllString(example, -1) {
			if len(path) > 0 && !strings.Contains(help, "  "+flag+" ") && !strings.Contains(help, ", "+flag+" ") && !slices.Contains([]string{"admin", "check", "keyset"}, path[len(path)-1]) {
				t.Errorf("%q has no %s", path, flag)
			}
		}
		_, list, _ := strings.Cut(help, "\nAvailable Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for line := range strings.Lines(list) {
			if name := subcommandLine.FindStringSubmatch(line); name != nil {
				wait.Go(func() { visit(append(slices.Clone(path), name[1])) })
			}
		}
	}
	visit(nil)
}

// The shell proposes the values of a flag.
func TestCompletion(t *testing.T) {
	t.Parallel()
	const noFiles, files, directories, noSpaceNoFiles = ":4", ":0", ":16", ":6"
	for _, c := range []struct {
		args      []string
		values    string
		directive string
	}{
		{[]string{"serve", "--config", ""}, "", files},
		{[]string{"serve", "--data", ""}, "", directories},
		{[]string{"serve", "--store", ""}, "sqlite: postgres://", noSpaceNoFiles},
		{[]string{"serve", "--listen", ""}, "127.0.0.1:8080 :8080", noFiles},
		{[]string{"serve", ""}, "", noFiles},
		{[]string{"config", "check", ""}, "", files},
		{[]string{"simulate", "--plans", "sync,async-b"}, "sync,async-binding", noFiles},
		{[]string{"admin", "operations", "--kind", "u"}, "update unbind", noFiles},
		{[]string{"admin", "operations", "--state", ""}, "active cancelling succeeded failed", noFiles},
		{[]string{"admin", "instances", "--status", "c"}, "creating create-failed", noFiles},
		{[]string{"admin", "cancel", "--reason", ""}, "", noFiles},
		{[]string{"check", "--profile", ""}, "cloudfoundry korifi kubernetes sm", noFiles},
		{[]string{"check", "--level", ""}, "must should may", noFiles},
		{[]string{"check", "--waive", ""}, "", files},
		{[]string{"check", "--timeout", ""}, "", noFiles},
		{[]string{"lint", "-o", ""}, "text json yaml sarif", noFiles},
		{[]string{"lint", "--platform", "cf,k"}, "cf,korifi cf,kubernetes", noFiles},
		{[]string{"diff", "-o", ""}, "text json yaml markdown", noFiles},
		{[]string{"check", "-o", ""}, "text json yaml junit markdown html", noFiles},
		{[]string{"check", "--report", "j"}, "json= junit=", noSpaceNoFiles},
		{[]string{"check", "--report", "junit=re"}, "", files},
		{[]string{"admin", "instances", "-o", ""}, "text json name", noFiles},
		{[]string{"keyset", "list", "--keyset", ""}, "", files},
		{[]string{"init", ""}, "", directories},
		{[]string{"init", "acme", ""}, "", noFiles},
		{[]string{"init", "--language", ""}, "go python bash", noFiles},
		{[]string{"init", "--replace", ""}, "", directories},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			code, stdout, _ := command(t, t.TempDir(), nil, append([]string{"__complete"}, c.args...)...)
			lines := strings.Fields(stdout)
			if code != 0 || len(lines) == 0 {
				t.Fatalf("exit code %d, standard output %q", code, stdout)
			}
			values, directive := strings.Join(lines[:len(lines)-1], " "), lines[len(lines)-1]
			if directive != c.directive || values != c.values {
				t.Errorf("proposes %q %s, want %q %s", values, directive, c.values, c.directive)
			}
		})
	}
}
