package main_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// init writes a broker in Python or bash that serves, follows the specification, and does
// what the engine relies on, without a change.
func TestInitPrograms(t *testing.T) {
	t.Parallel()
	for language, analysis := range map[string][]string{
		"python": {"python3", "-W", "error", "-m", "py_compile", "broker.py"},
		"bash":   {"shellcheck", "broker.sh", "test.sh"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			n := typesInit(t, "--language "+language)
			config := filepath.Join("acme-broker", "openbroker.yaml")
			p, environment := n.serves(binary, "--config", config)
			n.runs(environment, binary, "provision", "acme", "small", "first", "--wait")
			credentials := n.runs(environment, binary, "bind", "first", "app", "--wait", "--show-secrets")
			t.Logf("from an empty directory to the first binding: %v", time.Since(begin))
			for _, want := range []string{"credentials.folder", "credentials.username", "credentials.password"} {
				if !strings.Contains(credentials, want) {
					t.Errorf("%s is missing: %s", want, credentials)
				}
			}
			if out := n.runs(environment, binary, "check", p.url); !strings.Contains(out, "Conformant") {
				t.Errorf("check: %s", out)
			}
			n.runs(environment, binary, "update", "first", "--plan", "large", "--wait")
			quotas, err := filepath.Glob(filepath.Join(n.broker, "openbroker-data", "folders", "*", "quota"))
			if err != nil || len(quotas) != 1 || strings.TrimSpace(read(t, quotas[0])) != "10000" {
				t.Errorf("quotas in %q, %v", quotas, err)
			}
			if out := n.runs(nil, binary, "admin", "orphans", "--config", "openbroker.yaml"); strings.Contains(out, "ob-") {
				t.Errorf("orphans: %s", out)
			}
			users := filepath.Join(n.broker, "openbroker-data", "folders", "*", "users", "*")
			if made, err := filepath.Glob(users); err != nil || len(made) != 1 {
				t.Errorf("the users are %q, %v", made, err)
			} else {
				write(t, filepath.Dir(made[0]), filepath.Base(made[0])+".draft", "A killed bind leaves it.")
			}
			n.runs(environment, binary, "unbind", "first", "app", "--wait")
			if left, err := filepath.Glob(users); err != nil || len(left) > 0 {
				t.Errorf("unbind has left %q, %v", left, err)
			}
			n.runs(environment, binary, "deprovision", "first", "--wait")
			if left, err := filepath.Glob(filepath.Join(n.broker, "openbroker-data", "folders", "*")); err != nil || len(left) > 0 {
				t.Errorf("there is still %q, %v", left, err)
			}
			p.stop()

			if out := n.runs(nil, binary, "lint", "--strict", "--platform", "cf,korifi,sm,kubernetes", "catalog.yaml"); out != "catalog.yaml: ok\n" {
				t.Errorf("lint: %s", out)
			}
			n.runs(nil, analysis[0], analysis[1:]...)
			if out := n.runs(nil, filepath.Join(n.broker, "test.sh")); !strings.HasSuffix(out, " passed, 0 failed, 1 skipped.\n") || strings.Contains(out, "warning") {
				t.Errorf("test.sh: %s", out)
			}
			n.followsReadme("./test.sh", "openbroker check ")
		})
	}
}
