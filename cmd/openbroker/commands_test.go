package main_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		write(t, "testdata", name+".txt", got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// An error is one line on the standard error, or the list of problems of a configuration
// file.
func TestErrors(t *testing.T) {
	t.Parallel()
	const invalid = `lisen: 127.0.0.1:0
auth:
  basic:
    - username: cc
      pasword: hunter2
log: {level: loud}
`
	for name, c := range map[string]struct {
		config string
		code   int
		args   []string
	}{
		"no_command":        {"", 2, []string{"run"}},
		"no_subcommand":     {"", 2, []string{"config", "make"}},
		"unknown_flag":      {"", 2, []string{"serve", "--lisen", ":8080"}},
		"argument":          {"", 2, []string{"serve", "openbroker.yaml"}},
		"bad_listen":        {"", 2, []string{"serve", "--listen", "8080"}},
		"empty_flag":        {"", 2, []string{"serve", "--store", ""}},
		"bad_store":         {"", 2, []string{"serve", "--store", "mysql://root:hunter2@localhost"}},
		"simulate_argument": {"", 2, []string{"simulate", "sync"}},
		"simulate_flag":     {"", 2, []string{"simulate", "--fault", "drop"}},
		"simulate_listen":   {"", 2, []string{"simulate", "--listen", "localhost"}},
		"simulate_empty":    {"", 2, []string{"simulate", "--password", ""}},
		"simulate_store":    {"", 2, []string{"simulate", "--store", "simulator.db"}},
		"simulate_plans":    {"", 2, []string{"simulate", "--plans", "sync,fast"}},
		"simulate_no_plans": {"", 2, []string{"simulate", "--plans", ""}},
		"simulate_status":   {"", 2, []string{"simulate", "--missing-version-status", "200"}},
		"simulate_public":   {"", 2, []string{"simulate", "--listen", ":8080"}},
		"simulate_username": {"", 1, []string{"simulate", "--username", "a:b", "--password", "hunter2"}},
		"simulate_postgres": {"", 2, []string{"simulate", "--store", "postgres://u:hunter2@%zz/d"}},
		"check_nothing":     {"", 2, []string{"config", "check"}},
		"check_missing":     {"", 1, []string{"config", "check", "openbroker.yaml"}},
		"serve_missing":     {"", 1, []string{"serve", "--config", "openbroker.yaml"}},
		"check_invalid":     {invalid, 1, []string{"config", "check", "openbroker.yaml"}},
		"serve_invalid":     {invalid, 1, []string{"serve", "--config", "openbroker.yaml"}},
		"check_policy":      {"policies:\n  plans:\n    huge: {mode: synchronous}\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"serve_policy":      {"policies:\n  plans:\n    huge: {mode: synchronous}\n", 1, []string{"serve", "--config", "openbroker.yaml"}},
		"check_catalog":     {"catalog: {services: {mysql: {}}}\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"serve_credentials": {"auth:\n  credentials_file: ../../../../../nonexistent/htpasswd\n", 1, []string{"serve", "--config", "openbroker.yaml"}},
		"serve_tls":         {"listen: 127.0.0.1:0\nauth: {none: true}\ntls: {cert: /nonexistent/a.pem, key: /nonexistent/b.pem}\nlog: {level: error}\n", 1, []string{"serve", "--config", "openbroker.yaml"}},
		"near_command":      {"", 2, []string{"sreve"}},
		"near_subcommand":   {"", 2, []string{"config", "chek"}},
		"near_nested":       {"", 2, []string{"admin", "instance"}},
		"url_argument":      {"", 2, []string{"serve", "postgres://u:hunter2@h/d"}},
		"url_command":       {"", 2, []string{"postgres://u:hunter2@h/d"}},
		"listen_number":     {"listen: 8443\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"listen_port":       {"", 2, []string{"serve", "--listen", ":80800"}},
		"check_empty":       {"# nothing\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"serve_empty":       {"\n", 1, []string{"serve", "--config", "openbroker.yaml"}},
		"check_tab":         {"log:\n\tlevel: info\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"check_store":       {"store: 'postgres://u:x@hunter2@h/d'\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"check_keyset":      {"encryption: {keyset: '{hunter2}'}\n", 1, []string{"config", "check", "openbroker.yaml"}},
		"store_at":          {"", 2, []string{"serve", "--store", "postgres://u:x@hunter2@h/d"}},
		"store_slash":       {"", 2, []string{"admin", "instances", "--store", "postgres://u:x/hunter2@h/d"}},
		"serve_postgres":    {"", 2, []string{"serve", "--store", "postgres://u:hunter2@%zz/d"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			if c.config != "" {
				write(t, directory, "openbroker.yaml", c.config)
			}
			code, stdout, stderr := command(t, directory, nil, c.args...)
			if code != c.code || stdout != "" {
				t.Errorf("exit code %d, standard output %q", code, stdout)
			}
			if strings.Contains(stderr, "hunter2") {
				t.Error("a secret is shown")
			}
			golden(t, name, regexp.MustCompile(`/\S*/nonexistent/`).ReplaceAllString(stderr, "/nonexistent/"))
		})
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "openbroker.yaml", "auth: {basic: [{username: a, password: '${env:SECRET}'}]}\npolicies: {plans: {small: {mode: synchronous}}}\n")
	code, stdout, stderr := command(t, directory, []string{"SECRET=s"}, "config", "check", "openbroker.yaml")
	if code != 0 || stdout != "openbroker.yaml: ok\n" || stderr != "" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 1 {
		t.Errorf("after checking, the directory has %v, %v", entries, err)
	}
}

func TestConfigSchema(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := command(t, t.TempDir(), nil, "config", "schema")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", document); err != nil {
		t.Fatal(err)
	}
	if _, err := compiler.Compile("config.json"); err != nil {
		t.Error(err)
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil || schema["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$schema is %v, %v", schema["$schema"], err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"version", "--version", "-v"} {
		code, stdout, stderr := command(t, t.TempDir(), nil, arg)
		if code != 0 || stderr != "" || !regexp.MustCompile(`^openbroker \S+( [0-9a-f]{40})? go1\.\S+\n$`).MatchString(stdout) {
			t.Errorf("%s: exit code %d, standard output %q, standard error %q", arg, code, stdout, stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"serve", "--help"}, {"simulate", "--help"}, {"config", "--help"}} {
		code, stdout, stderr := command(t, t.TempDir(), nil, args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "Usage:") {
			t.Errorf("%q: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
		}
	}
}
