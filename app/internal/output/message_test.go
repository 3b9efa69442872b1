package output_test

import (
	"strings"
	"testing"

	"github.com/openbroker/openbroker/app/internal/output"
)

// Commands get the name of the program; paths, files and other words keep theirs.
func TestNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"openbroker serve":                            "acme serve",
		"run openbroker keyset reseal first":          "run acme keyset reseal first",
		"source <(openbroker completion bash)":        "source <(acme completion bash)",
		`"openbroker lint --rules" lists them`:        `"acme lint --rules" lists them`,
		"a; openbroker instances, openbroker check x": "a; acme instances, acme check x",
		`> "${fpath[1]}/_openbroker"`:                 `> "${fpath[1]}/_acme"`,
		"~/completions/openbroker.fish":               "~/completions/acme.fish",
		"/etc/openbroker/keyset.json":                 "/etc/openbroker/keyset.json",
		"/srv/openbroker config":                      "/srv/openbroker config",
		"openbroker.yaml: openbroker-data is missing": "openbroker.yaml: openbroker-data is missing",
		"the user openbroker with a password":         "the user openbroker with a password",
		"my-openbroker serve":                         "my-openbroker serve",
	} {
		if got := output.Named("acme", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := output.Named("openbroker", text); got != text {
			t.Errorf("%q for openbroker: %q", text, got)
		}
	}
}

// A message begins with the name of the program.
func TestMessages(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	messages := output.Messages{Writer: &text, Program: "acme"}
	messages.Complain("%s; see %s", "wrong", "openbroker serve --help")
	messages.Lines("catalog.yaml:1:1: see openbroker lint --rules")
	if want := "acme: wrong; see acme serve --help\ncatalog.yaml:1:1: see acme lint --rules\n"; text.String() != want {
		t.Errorf("%q, want %q", text.String(), want)
	}
}
