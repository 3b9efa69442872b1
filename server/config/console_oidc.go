package config

import (
	"net"
	"time"

	"github.com/openbroker/openbroker/console"
)

// ConsoleOIDC lets users of the console log in by OpenID Connect.
type ConsoleOIDC struct {
	Issuer          URL      `yaml:"issuer" required:"true" doc:"URL of the OpenID Connect provider, exactly as in its claim iss"`
	ClientID        string   `yaml:"client_id" required:"true" doc:"id of the console at the provider"`
	ClientSecret    Secret   `yaml:"client_secret" doc:"secret of the console at the provider, such as ${env:CONSOLE_CLIENT_SECRET}; none for a public client"`
	RedirectURL     URL      `yaml:"redirect_url" doc:"where browsers reach the path /oidc/callback of the console, as the provider knows it; by default at the host and the port of listen"`
	Scopes          []string `yaml:"scopes" doc:"scopes that the console asks for; openid, profile and groups by default"`
	NameClaim       string   `yaml:"name_claim" default:"preferred_username" doc:"claim of the ID token that names the user"`
	GroupsClaim     string   `yaml:"groups_claim" default:"groups" doc:"claim of the ID token with the groups of the user"`
	SessionLifetime Duration `yaml:"session_lifetime" default:"12h" doc:"how long after the login a session ends"`
	IdleTimeout     Duration `yaml:"idle_timeout" default:"1h" doc:"how long after the last request of a user a session ends"`
}

// oidcKeys maps the fields of [console.OIDC] to keys of the configuration file.
var oidcKeys = map[string]string{
	"Issuer": "issuer", "ClientID": "client_id", "RedirectURL": "redirect_url", "Scopes": "scopes",
	"SessionLifetime": "session_lifetime", "IdleTimeout": "idle_timeout",
}

// Login returns the login by OpenID Connect, or nil. https says that the file has a
// certificate.
func (c *Console) Login(https bool) *console.OIDC {
	o := c.OIDC
	if o == nil {
		return nil
	}
	login := &console.OIDC{
		Issuer: string(o.Issuer), ClientID: o.ClientID, ClientSecret: string(o.ClientSecret), RedirectURL: string(o.RedirectURL), Scopes: o.Scopes,
		NameClaim: o.NameClaim, GroupsClaim: o.GroupsClaim, SessionLifetime: time.Duration(o.SessionLifetime), IdleTimeout: time.Duration(o.IdleTimeout),
	}
	if login.RedirectURL == "" {
		login.RedirectURL = c.callback(https)
	}
	return login
}

// callback returns the redirect URL of a console without a proxy, or empty if only its
// users know how they reach it.
func (c *Console) callback(https bool) string {
	host, port, err := net.SplitHostPort(c.Address())
	ip := net.ParseIP(host)
	switch {
	case err != nil || host == "" || port == "0" || ip != nil && ip.IsUnspecified():
		return ""
	case c.Local():
		return "http://" + c.Address() + console.CallbackPath
	case https:
		return "https://" + c.Address() + console.CallbackPath
	default:
		return ""
	}
}

func (c *Console) checkLogin(report reporter, all *Config) {
	login := c.Login(all.TLS != nil)
	if login.RedirectURL == "" {
		report("console.oidc", "needs redirect_url, because listen does not say how browsers reach the console: write the URL that ends in %s", console.CallbackPath)
		login.RedirectURL = "http://127.0.0.1" + console.CallbackPath // It hides no other problem.
	}
	for _, problem := range login.Check() {
		report("console.oidc."+oidcKeys[problem.Field], "%v", problem.Err)
	}
	if len(c.Operators)+len(c.Viewers) == 0 {
		report("console", "needs operators or viewers: without them, no user of the provider has a role")
	}
}
