package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/server/config"
)

// Without redirect_url, it follows from the address if that is certainly where browsers
// reach the console.
func TestRedirectURL(t *testing.T) {
	t.Parallel()
	const tls = "tls: {cert: c, key: k}\n"
	for name, c := range map[string]struct{ file, listen, redirect, want string }{
		"the default":             {"", "", "", "http://127.0.0.1:8081/oidc/callback"},
		"loopback":                {"", "localhost:9000", "", "http://localhost:9000/oidc/callback"},
		"loopback in IPv6":        {"", "'[::1]:9000'", "", "http://[::1]:9000/oidc/callback"},
		"loopback without TLS":    {tls, "127.0.0.1:9000", "", "http://127.0.0.1:9000/oidc/callback"},
		"an address with TLS":     {tls, "10.0.0.1:8444", "", "https://10.0.0.1:8444/oidc/callback"},
		"a name with TLS":         {tls, "console.example.com:8444", "", "https://console.example.com:8444/oidc/callback"},
		"an address without TLS":  {"", "10.0.0.1:8444", "", ""},
		"all interfaces":          {tls, "':8444'", "", ""},
		"all interfaces of IPv4":  {tls, "0.0.0.0:8444", "", ""},
		"a free port":             {"", "127.0.0.1:0", "", ""},
		"configured":              {"", "0.0.0.0:8444", "https://console.example.com/oidc/callback", "https://console.example.com/oidc/callback"},
		"configured for loopback": {"", "127.0.0.1:0", "http://127.0.0.1:8081/oidc/callback", "http://127.0.0.1:8081/oidc/callback"},
	} {
		text := c.file + "console:\n  operators: [ada]\n"
		if c.listen != "" {
			text += "  listen: " + c.listen + "\n"
		}
		text += "  oidc:\n    issuer: https://id.example.com\n    client_id: openbroker\n"
		if c.redirect != "" {
			text += "    redirect_url: " + c.redirect + "\n"
		}
		parsed, err := config.Parse("c.yaml", []byte(text), environment(nil), providers(t))
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "console.oidc needs redirect_url") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := parsed.Console.Login(parsed.TLS != nil).RedirectURL; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestConsoleLogin(t *testing.T) {
	t.Parallel()
	if login := parse(t, "console: {}", nil).Console.Login(false); login != nil {
		t.Errorf("a console without oidc has the login %+v", login)
	}
	login := parse(t, `
auth: {none: true}
console:
  oidc: {issuer: "https://id.example.com/", client_id: openbroker, client_secret: "${env:SECRET}", scopes: [openid, email], name_claim: email, groups_claim: roles, session_lifetime: 8h, idle_timeout: 30m}
  viewers: ["*"]
`, map[string]string{"SECRET": "hunter2"}).Console.Login(false)
	if login.Issuer != "https://id.example.com/" || login.ClientID != "openbroker" || login.ClientSecret != "hunter2" || strings.Join(login.Scopes, " ") != "openid email" ||
		login.NameClaim != "email" || login.GroupsClaim != "roles" || login.SessionLifetime != 8*time.Hour || login.IdleTimeout != 30*time.Minute {
		t.Errorf("the login is %+v", login)
	}
}

// The settings of the login need not be there for commands that only use the store.
func TestUnresolvedSettingsOfConsole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "openbroker.yaml")
	text := "console: {oidc: {issuer: '${file:gone}', client_id: openbroker, client_secret: '${file:gone}'}, operators: [ada]}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.LoadForStore(path, providers(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Unresolved("console"); err == nil || !strings.Contains(err.Error(), "console.oidc.issuer needs the file gone") {
		t.Errorf("the error is %v", err)
	}
	if _, err := config.Load(path, providers(t)); err == nil {
		t.Error("a console starts without the secret")
	}
}
