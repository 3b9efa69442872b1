package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// programConfig has a command provider beside the one of the binary, and a catalog for
// both.
const (
	programConfig = `
providers:
  files: {sqlitefile: {directory: files}}
  scripts: {command: {command: [./provider.sh]}}
catalog: {file: catalog.yaml}
`
	programCatalog = `
services:
  - {id: one, name: database, provider: files, description: A database., bindable: true, plans: [{id: one-p, name: small, description: Small., sqlitefile: {max_bytes: 40960}}]}
  - {id: two, name: thing, provider: scripts, description: A thing., bindable: false, plans: [{id: two-p, name: small, description: Small.}, {id: two-q, name: large, description: Large.}]}
`
	// programScript makes an instance once only.
	programScript = `#!/bin/sh
REQUEST=$(cat)
NAME=$(printf '%s' "$REQUEST" | sed 's/.*"resource_name":"\(ob-[a-z2-7]*\)".*/\1/')
case $REQUEST in
*'"operation":"provision"'*) [ ! -e begun ] || { echo >> begun; sleep 1000; }; mkdir "made-$NAME" && echo '{}' ;;
*'"operation":"deprovision"'*) rm -rf "made-$NAME"; echo '{}' ;;
*) exit 1 ;;
esac
`
)

func programDirectory(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	write(t, directory, "openbroker.yaml", programConfig)
	write(t, directory, "catalog.yaml", programCatalog)
	if err := os.Chmod(write(t, directory, "provider.sh", programScript), 0o700); err != nil {
		t.Fatal(err)
	}
	return directory
}

// The test of a provider says what is wrong, as text and as JSON, by its exit code too.
func TestProviderTest(t *testing.T) {
	t.Parallel()
	directory := programDirectory(t)
	code, stdout, stderr := command(t, directory, nil, "provider", "test", "--step", "provision-repeated,bind", "openbroker.yaml")
	for _, want := range []string{
		"The provider scripts, with the plan small of the service thing:\n",
		"  passed   provision                     it makes an instance\n",
		"  FAILED   provision-repeated            a repeated provision succeeds, because the first answer may be lost\n",
		"           problem  the second provision failed: the program exited with 1: mkdir: ",
		"           log      mkdir: ",
		"  skipped  bind                          the plan is not bindable\n",
		"  passed   deprovision                   it deletes the instance\n",
		"openbroker.yaml: 2 passed, 1 failed, 1 skipped.\n",
	} {
		if code != 1 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, want %s\n%s%s", code, want, stdout, stderr)
		}
	}
	code, stdout, _ = command(t, directory, nil, "provider", "test", "--step", "deprovision-repeated", "--plan", "large", "--provider", "scripts", "-o", "json", "openbroker.yaml")
	var report struct {
		File                    string
		Passed, Failed, Skipped int
		Steps                   []struct{ Provider, Service, Plan, Step, Doc, Outcome string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 0 || report.Passed != 3 || report.Failed != 0 || report.Steps[0].Outcome != "passed" || report.Steps[0].Plan != "large" || report.Steps[0].Provider != "scripts" {
		t.Errorf("exit code %d, %v, %s", code, err, stdout)
	}
	if left, _ := filepath.Glob(filepath.Join(directory, "*-ob-*")); len(left) > 0 {
		t.Errorf("it left %q", left)
	}
	if _, err := os.Stat(filepath.Join(directory, "openbroker-data")); err == nil {
		t.Error("it made a data directory")
	}

	write(t, directory, "list.yaml", "[1]")
	write(t, directory, "parameters.yaml", "a: [1")
	write(t, directory, "gone.yaml", strings.Replace(programConfig, "provider.sh", "none.sh", 1))
	write(t, directory, "files.yaml", "provider: {sqlitefile: {}}\n")
	for want, args := range map[string][]string{
		"gone.yaml:4:32: providers.scripts.command.command cannot be run: the program " + directory + "/none.sh does not exist": {"gone.yaml"},
		"no provider of the configuration is a program or a webhook":                                                            {"files.yaml"},
		"--provider files: the configuration has no such provider that can be tested: it has scripts":                           {"--provider", "files", "openbroker.yaml"},
		"the catalog has no plan to test: see --provider, --service and --plan":                                                 {"--service", "database", "openbroker.yaml"},
		"list.yaml: the parameters must be an object":                                                                           {"--parameters", "list.yaml", "openbroker.yaml"},
		"parameters.yaml:2:1: is not valid YAML":                                                                                {"--bind-parameters", "parameters.yaml", "openbroker.yaml"},
		`there is no step "bund": the steps are`:                                                                                {"--step", "bund", "openbroker.yaml"},
		"--timeout must be positive":                                                                                            {"--timeout", "0s", "openbroker.yaml"},
		"stat none.yaml: no such file":                                                                                          {"none.yaml"},
		"accepts 1 arg(s), received 0; see openbroker ":                                                                         {},
	} {
		if code, stdout, stderr := command(t, directory, nil, append([]string{"provider", "test"}, args...)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit code %d, want %s\n%s%s", args, code, want, stdout, stderr)
		}
	}
}

// A signal ends the test, which deletes what it made.
func TestProviderTestInterrupted(t *testing.T) {
	t.Parallel()
	directory := programDirectory(t)
	write(t, directory, "begun", "")
	test := exec.CommandContext(t.Context(), binary, "provider", "test", "openbroker.yaml")
	test.Dir = directory
	if err := test.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the program works", func() bool {
		text, err := os.ReadFile(filepath.Join(directory, "begun"))
		return err == nil && len(text) > 0
	})
	if err := test.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = test.Wait()
	if code := test.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("exit code %d", code)
	}
	if left, _ := filepath.Glob(filepath.Join(directory, "made-*")); len(left) > 0 {
		t.Errorf("it left %q", left)
	}
}

// The schema of the messages is a JSON Schema.
func TestProviderSchema(t *testing.T) {
	t.Parallel()
	code, stdout, _ := command(t, t.TempDir(), nil, "provider", "schema")
	var schema struct {
		Schema string         `json:"$schema"`
		Defs   map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil || code != 0 || schema.Schema != "https://json-schema.org/draft/2020-12/schema" || schema.Defs["request"] == nil || schema.Defs["bind_answer"] == nil {
		t.Errorf("exit code %d, %v, %s", code, err, stdout)
	}
}

// Nobody can start a supervisor by hand, and others do not know the flag.
func TestProviderHelper(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--provider-helper", "command"}, {"--provider-helper", "sqlitefile"}, {"--provider-helper"}} {
		if code, stdout, _ := command(t, t.TempDir(), nil, args...); code == 0 || stdout != "" {
			t.Errorf("%q: exit code %d, %s", args, code, stdout)
		}
	}
}
