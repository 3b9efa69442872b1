package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/server/config"
)

// TestUpstream: errors of an upstream name the key.
func TestUpstream(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{url: 'https://b.example'}":                                          "",
		"{url: 'https://b.example', username: u, password: p, mode: enforce}": "",
		"{}":                                    "upstream.url is missing",
		"{url: b.example}":                      "must be http:// or https://",
		"{url: 'https://u:hunter22@b.example'}": "must not contain a login",
		"{url: 'https://b.example', username: u}":                "needs both username and password",
		"{url: 'https://b.example', mode: strict}":               "must be report or enforce",
		"{url: 'https://b.example', api_version: two}":           "MAJOR.MINOR",
		"{url: 'https://b.example', ca: /nowhere/ca.pem}":        "upstream.ca",
		"{url: 'https://b.example'}\nprovider: {sqlitefile: {}}": "provider has no effect with upstream",
		"{url: 'https://b.example'}\nstore: 'sqlite:x.db'":       "store has no effect with upstream",
	} {
		file := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(file, []byte("upstream: "+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		settings, err := config.Load(file, providers(t))
		if err == nil {
			_, err = settings.Upstream.Broker(slog.New(slog.DiscardHandler))
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if (want == "") != (got == "") || !strings.Contains(strings.ReplaceAll(got, `"`, ""), want) || strings.Contains(got, "hunter22") {
			t.Errorf("%s: %s; want %q", text, got, want)
		}
	}
}

// TestUpstreamExample: the example file loads.
func TestUpstreamExample(t *testing.T) {
	t.Setenv("PLATFORM_PASSWORD", "one")
	t.Setenv("UPSTREAM_PASSWORD", "two")
	settings, err := config.Load(filepath.Join("..", "..", "examples", "upstream", "openbroker.yaml"), providers(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := settings.Upstream.Broker(slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}
