package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A misuse of the command is reported in one line, before any request.
func TestCheckMisuse(t *testing.T) {
	t.Parallel()
	const broker = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		// file is the content of parameters.yaml.
		file        string
		environment []string
		args        []string
	}{
		"no_url":             {"", nil, nil},
		"two_urls":           {"", nil, []string{broker, broker}},
		"bad_url":            {"", nil, []string{"https://user:hunter2@host:port"}},
		"bad_scheme":         {"", nil, []string{"ftp://user:hunter2@host"}},
		"query":              {"", nil, []string{broker + "?password=hunter2"}},
		"unknown_flag":       {"", nil, []string{"--strict", broker}},
		"empty_flag":         {"", nil, []string{"--service", "", broker}},
		"bad_level":          {"", nil, []string{"--level", "must not", broker}},
		"bad_profile":        {"", nil, []string{"--profile", "heroku", broker}},
		"bad_profiles":       {"", nil, []string{"--profile", "cloudfoundry", "--profile", "heroku", broker}},
		"no_waivers":         {"", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_object":     {"bind-succeeds: {}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_string":     {"- bind-succeeds\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_member":     {"- {id: bind-succeeds, reason: r, until: 2026-12-31, by: me}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_check":      {"- {id: bind-quickly, reason: r, until: 2026-12-31}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_reason":     {"- {id: bind-succeeds, until: 2026-12-31}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_day":        {"- {id: bind-succeeds, reason: r, until: soon}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_kind":       {"- {id: bind-succeeds, reason: 17, until: 2026-12-31}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"waivers_twice":      {"- {id: bind-succeeds, reason: r, until: 2026-12-31}\n- {id: bind-succeeds, reason: r, until: 2026-12-31}\n", nil, []string{"--waive", "parameters.yaml", broker}},
		"bad_format":         {"", nil, []string{"-o", "pdf", broker}},
		"bad_report":         {"", nil, []string{"--report", "junit", broker}},
		"bad_report_format":  {"", nil, []string{"--report", "pdf=report.pdf", broker}},
		"same_file":          {"", nil, []string{"--report", "junit=a.xml", "--report", "html=a.xml", broker}},
		"no_directory":       {"", nil, []string{"--report", "junit=reports/a.xml", broker}},
		"bad_timeout":        {"", nil, []string{"--timeout", "0s", broker}},
		"bad_parallel":       {"", nil, []string{"--parallel", "0", broker}},
		"bad_pattern":        {"", nil, []string{"--only", "bind-[", broker}},
		"unknown_check":      {"", nil, []string{"--skip", "bind-quickly", broker}},
		"no_check":           {"", nil, []string{"--only", "bind-*", "--skip", "*", broker}},
		"list_url":           {"", nil, []string{"--list", broker}},
		"list_format":        {"", nil, []string{"--list", "-o", "html"}},
		"list_report":        {"", nil, []string{"--list", "--report", "json=checks.json"}},
		"output_file":        {"", nil, []string{"--output", "report.html", broker}},
		"two_logins":         {"", nil, []string{"--username", "a", "--password", "hunter2", "--bearer", "hunter2", broker}},
		"two_logins_url":     {"", nil, []string{"--username", "a", "http://user:hunter2@127.0.0.1:1"}},
		"two_passwords":      {"", nil, []string{"--password", "hunter2", "--password-file", "x", broker}},
		"two_tokens":         {"", nil, []string{"--bearer", "hunter2", "--bearer-file", "x", broker}},
		"two_variables":      {"", []string{"OPENBROKER_PASSWORD=hunter2", "OPENBROKER_BEARER_TOKEN=hunter2"}, []string{broker}},
		"no_password":        {"", nil, []string{"--username", "a", broker}},
		"no_password_file":   {"", nil, []string{"--password-file", "password", broker}},
		"no_certificate":     {"", nil, []string{"--client-key", "key.pem", broker}},
		"no_key":             {"", nil, []string{"--client-key", "key.pem", "--client-cert", "cert.pem", broker}},
		"bad_ca":             {"hunter2", nil, []string{"--ca-file", "parameters.yaml", broker}},
		"no_parameters":      {"", nil, []string{"--parameters", "parameters.yaml", broker}},
		"parameters_syntax":  {"small: {provision: {a: hunter2}\n", nil, []string{"--parameters", "parameters.yaml", broker}},
		"parameters_array":   {"[hunter2]\n", nil, []string{"--parameters", "parameters.yaml", broker}},
		"parameters_plan":    {"small: hunter2\n", nil, []string{"--parameters", "parameters.yaml", broker}},
		"parameters_request": {"small:\n  provison: {a: hunter2}\n", nil, []string{"--parameters", "parameters.yaml", broker}},
		"parameters_value":   {"small:\n  bind: [hunter2]\n", nil, []string{"--parameters", "parameters.yaml", broker}},
		"parameters_twice":   {"small: {}\nsmall: {}\n", nil, []string{"--parameters", "parameters.yaml", broker}},
		"unreachable":        {"", nil, []string{broker}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			if c.file != "" {
				write(t, directory, "parameters.yaml", c.file)
			}
			code, stdout, stderr := command(t, directory, c.environment, append([]string{"check"}, c.args...)...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, standard output %q", code, stdout)
			}
			if strings.Contains(stderr, "hunter2") {
				t.Error("a secret is shown")
			}
			golden(t, "conformance_"+name, stderr)
		})
	}
}

func TestCheckList(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := command(t, t.TempDir(), nil, "check", "--list", "--only", "auth-*", "--level", "must")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || stderr != "" || len(lines) < 5 || !strings.HasPrefix(lines[0], "CHECK ") {
		t.Fatalf("exit code %d, standard output\n%s\nstandard error\n%s", code, stdout, stderr)
	}
	for _, line := range lines[1:] {
		if fields := strings.Fields(line); !strings.HasPrefix(fields[0], "auth-") || fields[1] != "MUST" {
			t.Errorf("listed: %s", line)
		}
	}
	code, stdout, stderr = command(t, t.TempDir(), nil, "check", "--list", "-o", "json", "--profile", "cloudfoundry")
	var checks []struct {
		ID, Title, Level, Profile string
		Clause                    struct{ URL string }
		Expect                    []struct{ Words string }
	}
	if err := json.Unmarshal([]byte(stdout), &checks); code != 0 || stderr != "" || err != nil {
		t.Fatalf("exit code %d, standard error %q, %v", code, stderr, err)
	}
	profiles := map[string]int{}
	for _, check := range checks {
		profiles[check.Profile]++
		if check.ID == "" || check.Title == "" || check.Level == "" || !strings.HasPrefix(check.Clause.URL, "https://") || len(check.Expect) == 0 {
			t.Errorf("%+v", check)
		}
	}
	if len(profiles) != 2 || profiles[""] < 100 || profiles["cloudfoundry"] == 0 {
		t.Errorf("the profiles of the checks are %v", profiles)
	}
}

// A broker that refuses the credentials is not checked.
func TestCheckRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if username, password, _ := r.BasicAuth(); username != "right" || password != "hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		environment []string
		args        []string
		want        string
	}{
		"none":      {nil, nil, "requires credentials"},
		"wrong":     {[]string{"OPENBROKER_PASSWORD=hunter2"}, []string{"--username", "wrong"}, "refuses the credentials"},
		"token":     {[]string{"OPENBROKER_BEARER_TOKEN=hunter2"}, nil, "refuses the credentials"},
		"flag":      {[]string{"OPENBROKER_PASSWORD=other"}, []string{"--username", "wrong", "--password", "hunter2"}, "refuses the credentials"},
		"in a file": {nil, []string{"--bearer-file", filepath.Join("testdata", "no_command.txt")}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := command(t, t.TempDir(), c.environment, append([]string{"check", server.URL}, c.args...)...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "hunter2") || !strings.HasSuffix(stderr, "\n") {
				t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
			}
		})
	}
}

// The page documents every option.
func TestCheckDocumented(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join("..", "..", "docs", "check.md"))
	_, help, _ := command(t, t.TempDir(), nil, "check", "--help")
	options := regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(help, -1)
	if len(options) < 25 {
		t.Errorf("the help has only %d options", len(options))
	}
	for _, option := range options {
		if option[1] != "--help" && !regexp.MustCompile("`"+option[1]+`\b`).MatchString(page) {
			t.Errorf("docs/check.md does not say what %s does", option[1])
		}
	}
}
