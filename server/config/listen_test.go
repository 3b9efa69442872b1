package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/server/config"
)

// invalid returns the error of an invalid configuration.
func invalid(t *testing.T, text string) string {
	t.Helper()
	_, err := config.Parse("c.yaml", []byte(text), environment(nil), providers(t))
	var problems config.Errors
	if !errors.As(err, &problems) {
		t.Fatalf("%q: the error is %v", text, err)
	}
	return err.Error()
}

func TestListen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"8443":              "for port 8443 of all interfaces, write :8443",
		"'8443'":            "for port 8443 of all interfaces, write :8443",
		"80800":             "has the port 80800: ports are from 0 to 65535",
		"':65536'":          "has the port 65536: ports are from 0 to 65535",
		"localhost":         "must be host:port",
		"'localhost:https'": "the port must be a number",
		"'::1'":             "must be host:port",
		"true":              "must be a string",
	} {
		if got := invalid(t, "listen: "+text); !strings.HasPrefix(got, "c.yaml:1:9: listen ") || !strings.Contains(got, want) {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"':8443'", "localhost:0", "'[::1]:65535'"} {
		parse(t, "listen: "+text, nil)
	}
}

func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"lisen: x":                        `"lisen" is unknown: did you mean "listen"? The file can have listen, `,
		"engine: {worker: 1}":             `"worker" is unknown: did you mean "workers"? engine can have `,
		"api: {maxBodySize: 1}":           `did you mean "max_body_size"?`,
		"auth: {basic: [{user: x}]}":      `"user" is unknown: auth.basic[0] can have `,
		"hostname: x":                     `"hostname" is unknown: the file can have `,
		"api: {body_budget: 2000}":        "api.body_budget must be at least api.max_body_size, which is 1048576",
		"max_connections: 0":              "max_connections must be a whole number from 1",
		"listen: x:1\n\tprefix: /a\n":     "c.yaml:2:1: has a tab before its first word: indent with spaces",
		"log:\n\tlevel: info\n":           "c.yaml:2:1: has a tab before its first word: indent with spaces",
		"\tlog: {}\n":                     "c.yaml:1:1: has a tab before its first word: indent with spaces",
		"log:\n  level: info\n  \tx: y\n": "c.yaml:3:3: has a tab before its first word: indent with spaces",
	} {
		if got := invalid(t, text); !strings.Contains(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// Errors do not show any part of a URL.
func TestURLsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, store := range []string{
		"postgres://u:hunter2@%zz/d", "postgres://u:x@hunter2@h/d", "postgres://u:x/hunter2@h/d", "postgres://u:1/hunter2@h/d",
		"postgres://u:hunter2/d", "postgres://u:p@h:hunter2/d", "postgres://u:p@hunter2@h:1,i:2/d", "postgres://h/d?host=u:hunter2@h",
		"postgres://u%3Ahunter2@h/d", "postgres://u:p@h/d?sslmode=hunter2", "postgres://u:p@h/d?connect_timeout=hunter2",
		"postgres://u:p@h/d?pool_max_conns=hunter2", "postgresql://u:hunter2@h:99999999/d", "mysql://u:hunter2@h/d",
		"postgres:u:hunter2@h", "sqlite://u:hunter2@h", "u:hunter2@h",
	} {
		got := invalid(t, "store: '"+store+"'")
		if strings.Contains(got, "hunter2") || !strings.HasPrefix(got, "c.yaml:1:8: store ") || !strings.Contains(got, "postgres://USER:PASSWORD@HOST:PORT/DATABASE") {
			t.Errorf("%s: %s", store, got)
		}
		if strings.Contains(got, "pgstore") {
			t.Errorf("%s: %s", store, got)
		}
	}
	for _, address := range []string{
		"https://u:hunter2@h", "https://u:hun/hunter2@h", "https://u:1/hunter2@h", "https://hunter2@h", "https://u:hunter2/x", "http://h/?token=hunter2", "hunter2", "https://%zz/hunter2",
	} {
		for _, text := range []string{
			"issuer: '" + address + "', audience: b",
			"issuer: a, jwks_url: '" + address + "', audience: b",
			"jwk_url: '" + address + "'",
		} {
			if got := invalid(t, "auth: {bearer: [{"+text+"}]}"); strings.Contains(got, "hunter2") {
				t.Errorf("%s: %s", address, got)
			}
			block := "auth:\n  bearer:\n    - " + strings.ReplaceAll(text, ", ", "\n      ")
			if got := invalid(t, block); strings.Contains(got, "hunter2") || strings.Contains(got, "Issuer") || strings.Contains(got, "JWKSURL") {
				t.Errorf("%s: %s", address, got)
			}
		}
	}
}

// FuzzStore searches for a store whose error shows a password.
func FuzzStore(f *testing.F) {
	for _, seed := range []string{"postgres://u:%s@h/d", "postgres://%s@h/d", "postgres://h/d?sslmode=%s", "postgres://u:p@h:%s/d", "sqlite:%s", "postgres://u:p/%s@h/d?a=b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		var store config.Store
		err := store.UnmarshalText([]byte(strings.ReplaceAll(form, "%s", "hunter2")))
		if err == nil {
			err = config.CheckStore(store)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") && !strings.Contains(err.Error(), "names the file") {
			t.Errorf("%q: %v", form, err)
		}
	})
}
