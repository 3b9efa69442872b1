package main_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	cleanCatalog = `services:
  - id: 1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e
    name: database
    description: A database.
    bindable: true
    plans:
      - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: A small database., free: true, bindable: true}
`
	brokenCatalog = `services:
  - id: 1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e
    name: my database
    description: A database.
    bindable: "yes"
    dashboard_client: {id: c, secret: hunter2}
    plans:
      - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: A small database., bindable: true}
`
)

func TestLint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"lint_clean":     {0, []string{"clean.yaml"}},
		"lint_broken":    {1, []string{"broken.yaml"}},
		"lint_sm":        {1, []string{"--platform", "sm", "broken.yaml"}},
		"lint_disable":   {0, []string{"--disable", "type-boolean,cf-dashboard-client-redirect-uri-missing", "--disable", "plan-free-missing", "broken.yaml"}},
		"lint_strict":    {1, []string{"-W", "--disable", "type-boolean", "--platform", "korifi", "broken.yaml"}},
		"lint_syntax":    {1, []string{"syntax.json", "clean.yaml"}},
		"lint_directory": {1, []string{"catalog"}},
		"lint_json":      {1, []string{"-o", "json", "broken.yaml", "syntax.json"}},
		"lint_at":        {0, []string{"--at", "/broker/catalog", "application.yaml"}},
		"lint_at_list":   {0, []string{"--at", "/broker/catalog/services", "application.yaml"}},
		"lint_at_wrong":  {2, []string{"--at", "/broker/catalogue", "application.yaml"}},
		"lint_at_text":   {2, []string{"--at", "broker", "application.yaml"}},
		"lint_at_no":     {2, []string{"--at", "/broker", "catalog"}},
		"lint_elsewhere": {1, []string{"application.yaml"}},
		"lint_missing":   {2, []string{"missing.yaml", "clean.yaml"}},
		"lint_nothing":   {2, nil},
		"lint_format":    {2, []string{"-o", "xml", "clean.yaml"}},
		"lint_platform":  {2, []string{"--platform", "nomad", "clean.yaml"}},
		"lint_rule":      {2, []string{"--disable", "no-such-rule", "clean.yaml"}},
		"lint_rules_arg": {2, []string{"--rules", "clean.yaml"}},
		"lint_rules_as":  {2, []string{"--rules", "-o", "sarif"}},
		"lint_bad_url":   {2, []string{"http://u:hunter2@%zz/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			write(t, directory, "clean.yaml", cleanCatalog)
			write(t, directory, "broken.yaml", brokenCatalog)
			write(t, directory, "application.yaml", inApplication(cleanCatalog))
			write(t, directory, "syntax.json", "{\n  \"services\": [\n}\n")
			write(t, directory, "catalog/a.yaml", cleanCatalog+"x-owner: a\n")
			write(t, directory, "catalog/b.json", `{"services": [], "x-owner": "b"}`)
			code, stdout, stderr := command(t, directory, nil, append([]string{"lint"}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d", code)
			}
			got := stdout + "--- stderr\n" + stderr
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			golden(t, name, got)
		})
	}
}

func TestLintRules(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := command(t, t.TempDir(), nil, "lint", "--rules")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\nplan-id-duplicate ") || !strings.Contains(stdout, "kubernetes-id-long") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	code, stdout, _ = command(t, t.TempDir(), nil, "lint", "--rules", "-o", "json", "--platform", "cloudfoundry")
	var rules []struct{ ID, Severity, Summary, Fix, Clause, Link string }
	if err := json.Unmarshal([]byte(stdout), &rules); err != nil || code != 0 || len(rules) < 60 {
		t.Fatalf("exit code %d, %d rules, %v", code, len(rules), err)
	}
	for _, rule := range rules {
		if rule.ID == "" || rule.Summary == "" || rule.Fix == "" || rule.Link == "" || rule.ID == "kubernetes-id-long" {
			t.Errorf("rule %+v", rule)
		}
	}
}

// The SARIF log has what code scanning requires.
func TestLintSARIF(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := write(t, directory, "a b/broken.yaml", brokenCatalog)
	code, stdout, _ := command(t, directory, nil, "lint", "-o", "sarif", "a b/broken.yaml", file)
	if code != 1 || strings.Contains(stdout, "hunter2") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	var document struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			ColumnKind string
			Tool       struct {
				Driver struct {
					Name           string
					InformationURI string
					Rules          []struct {
						ID                     string
						ShortDescription, Help struct{ Text string }
						HelpURI                string
						DefaultConfiguration   struct{ Level string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
					LogicalLocations []struct{ FullyQualifiedName string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &document); err != nil {
		t.Fatal(err)
	}
	if document.Version != "2.1.0" || !strings.HasSuffix(document.Schema, "sarif-schema-2.1.0.json") || len(document.Runs) != 1 {
		t.Fatalf("version %q, schema %q, %d runs", document.Version, document.Schema, len(document.Runs))
	}
	run := document.Runs[0]
	rules := run.Tool.Driver.Rules
	if run.ColumnKind != "unicodeCodePoints" || run.Tool.Driver.Name == "" || len(rules) < 60 {
		t.Errorf("column kind %q, driver %q, %d rules", run.ColumnKind, run.Tool.Driver.Name, len(rules))
	}
	for _, rule := range rules {
		if level := rule.DefaultConfiguration.Level; rule.ID == "" || rule.ShortDescription.Text == "" || rule.Help.Text == "" ||
			!strings.HasPrefix(rule.HelpURI, "https://") || level != "error" && level != "warning" {
			t.Errorf("rule %+v", rule)
		}
	}
	var got []string
	for _, result := range run.Results {
		if rules[result.RuleIndex].ID != result.RuleID || result.Message.Text == "" || len(result.Locations) != 1 {
			t.Fatalf("result %+v", result)
		}
		at := result.Locations[0]
		got = append(got, fmt.Sprintf("%s %s %s:%d:%d %s", result.Level, result.RuleID, at.PhysicalLocation.ArtifactLocation.URI,
			at.PhysicalLocation.Region.StartLine, at.PhysicalLocation.Region.StartColumn, at.LogicalLocations[0].FullyQualifiedName))
	}
	want := []string{
		"warning name-not-cli-friendly FILE:3:11 /services/0/name",
		"error type-boolean FILE:5:15 /services/0/bindable",
		"error cloudfoundry-dashboard-client-redirect-uri-missing FILE:6:5 /services/0/dashboard_client",
	}
	expected := strings.Join(want, "\n")
	expected = strings.ReplaceAll(expected, "FILE", "a%20b/broken.yaml") + "\n" +
		strings.ReplaceAll(expected, "FILE", "file://"+strings.ReplaceAll(filepath.ToSlash(file), " ", "%20"))
	if strings.Join(got, "\n") != expected {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), expected)
	}
}

// broker answers with a clean, minified catalog.
func broker(t *testing.T, authorization string) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/base/v2/catalog" || r.Method != http.MethodGet || r.Header.Get("X-Broker-API-Version") != "2.17":
			http.NotFound(w, r)
		case r.Header.Get("Authorization") != authorization:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"description":"no"}`)
		default:
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			fmt.Fprint(w, `{"services":[{"id":"1a8dcc0a-6c1e-4b5e-9d3c-0a1f3b5c7d9e","name":"database","description":"A database.","bindable":true,`+
				`"plans":[{"id":"5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7","name":"small","description":"A small database.","free":1,"bindable":true}]}]}`)
		}
	}
}

func TestLintURL(t *testing.T) {
	t.Parallel()
	const basic, bearer = "Basic YWRtaW46aHVudGVyMg==", "Bearer hunter2"
	plain := httptest.NewServer(broker(t, basic))
	t.Cleanup(plain.Close)
	token := httptest.NewServer(broker(t, bearer))
	t.Cleanup(token.Close)
	secure := httptest.NewUnstartedServer(broker(t, basic))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // One client refuses its certificate.
	secure.StartTLS()
	t.Cleanup(secure.Close)
	redirect := httptest.NewServer(http.RedirectHandler(plain.URL+"/base/v2/catalog", http.StatusFound))
	t.Cleanup(redirect.Close)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	for name, c := range map[string]struct {
		code        int
		url         string
		environment []string
		args        []string
		want        string
	}{
		"environment":   {1, plain.URL + "/base", []string{"OPENBROKER_USERNAME=admin", "OPENBROKER_PASSWORD=hunter2"}, nil, "/base/v2/catalog:13:19: error: free must be a boolean"},
		"password file": {1, plain.URL + "/base/", nil, []string{"--username", "admin", "--password-file", "password"}, "1 error, 0 warnings in " + plain.URL + "/base/v2/catalog\n"},
		"in the URL":    {1, strings.Replace(plain.URL, "://", "://admin:hunter2@", 1) + "/base/v2/catalog", nil, nil, "free must be a boolean"},
		"bearer file":   {1, token.URL + "/base", nil, []string{"--bearer-file", "password"}, "free must be a boolean"},
		"bearer":        {1, token.URL + "/base", []string{"OPENBROKER_BEARER_TOKEN=hunter2"}, nil, "free must be a boolean"},
		"flags first":   {1, plain.URL + "/base", []string{"OPENBROKER_BEARER_TOKEN=x"}, []string{"--username", "admin", "--password-file", "password"}, "free must be a boolean"},
		"refused":       {1, plain.URL + "/base", nil, nil, "the broker responds with status 401 Unauthorized instead of 200 [response-status]"},
		"not found":     {1, plain.URL, nil, nil, "the broker responds with status 404 Not Found instead of 200 [response-status]"},
		"redirect":      {1, redirect.URL, nil, nil, "the broker responds with status 302 Found instead of 200 [response-status]"},
		"authority":     {1, secure.URL + "/base", []string{"OPENBROKER_USERNAME=admin", "OPENBROKER_PASSWORD=hunter2"}, []string{"--ca-file", "ca.pem"}, "free must be a boolean"},
		"insecure":      {1, secure.URL + "/base", []string{"OPENBROKER_USERNAME=admin", "OPENBROKER_PASSWORD=hunter2"}, []string{"--insecure-skip-verify"}, "free must be a boolean"},
		"untrusted":     {2, strings.Replace(secure.URL, "://", "://admin:hunter2@", 1) + "/base", nil, nil, "certificate"},
		"no authority":  {2, secure.URL + "/base", nil, []string{"--ca-file", "password"}, "password has no certificate in PEM"},
		"which one":     {2, token.URL, nil, []string{"--username", "admin", "--bearer-file", "password"}, "there are several credentials"},
		"empty file":    {2, plain.URL, nil, []string{"--username", "admin", "--password-file", "empty"}, "empty is empty"},
		"no password":   {2, plain.URL, nil, []string{"--username", "admin"}, "the password of the user"},
		"no file":       {2, plain.URL + "/base", nil, []string{"--password-file", "missing"}, "missing: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			write(t, directory, "password", "hunter2\n")
			write(t, directory, "ca.pem", authority)
			write(t, directory, "empty", "\n")
			code, stdout, stderr := command(t, directory, c.environment, append(append([]string{"lint"}, c.args...), c.url)...)
			got := stdout + stderr
			if code != c.code || !strings.Contains(got, c.want) {
				t.Errorf("exit code %d,\n%s", code, got)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown:\n%s", got)
			}
		})
	}
}

// openbroker serve has a clean catalog.
func TestLintServe(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), []string{"OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p"})
	code, stdout, stderr := command(t, t.TempDir(), []string{"OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p"}, "lint", "--strict", p.url)
	if code != 0 || stdout != p.url+"/v2/catalog: ok\n" || stderr != "" {
		t.Errorf("exit code %d,\n%s%s", code, stdout, stderr)
	}
}

func TestLintManyErrors(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, directory, nil, "lint", "empty", "-o", "json")
	if code != 2 || !strings.Contains(stdout, `"findings": []`) || !strings.Contains(stderr, "empty has no *.yaml, *.yml or *.json file") {
		t.Errorf("exit code %d,\n%s%s", code, stdout, stderr)
	}
}

// An unread catalog must not look like a clean one: code scanning closes the alerts that
// a report does not repeat.
func TestLintUnread(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "clean.yaml", cleanCatalog)
	for _, c := range []struct {
		format, file, want string
		code               int
	}{
		{"sarif", "missing.yaml", `"executionSuccessful": false`, 2},
		{"sarif", "missing.yaml", `"text": "read the catalog: stat missing.yaml: no such file or directory"`, 2},
		{"sarif", "clean.yaml", `"executionSuccessful": true`, 0},
		{"json", "missing.yaml", `"read the catalog: stat missing.yaml: no such file or directory"`, 2},
	} {
		code, stdout, _ := command(t, directory, nil, "lint", "-o", c.format, c.file)
		if code != c.code || !strings.Contains(stdout, c.want) || strings.Contains(stdout, "toolExecutionNotifications") != (c.format == "sarif" && code == 2) {
			t.Errorf("%s %s: exit code %d,\n%s", c.format, c.file, code, stdout)
		}
	}
}
