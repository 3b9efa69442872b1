package console

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// CallbackPath is the path of the redirect URL, see [OIDC].
const CallbackPath = "/oidc/callback"

const (
	defaultNameClaim   = "preferred_username"
	defaultGroupsClaim = "groups"
	defaultLifetime    = 12 * time.Hour
	defaultIdle        = time.Hour

	scopeOpenID = "openid"
	schemeHTTPS = "https"
	schemeHTTP  = "http"
)

// OIDC configures the login by OpenID Connect. Issuer, ClientID and RedirectURL are
// required.
type OIDC struct {
	// Issuer is the URL of the provider, exactly as it is in the claim iss. The console
	// finds the rest below it by discovery, when the first user logs in. It must be an
	// https URL; http is accepted for loopback hosts only.
	Issuer string
	// ClientID and ClientSecret are what the provider has given the console. A public
	// client has no secret: PKCE protects its logins, as it does those of all clients.
	ClientID, ClientSecret string
	// RedirectURL is where browsers reach [CallbackPath], such as
	// https://console.example.com/oidc/callback. It must be an https URL; http is
	// accepted for loopback hosts only. Its host is one of Config.Hosts, and its origin
	// one of Config.TrustedOrigins.
	RedirectURL string
	// Scopes are what the console asks for, by default openid, profile and groups.
	Scopes []string
	// NameClaim is the claim of the ID token that names the user, by default
	// preferred_username. A name that users can choose freely must not give a role: use
	// sub, or groups.
	NameClaim string
	// GroupsClaim is the claim with the groups of the user, a list of texts or one text,
	// by default groups. A token without it has no groups.
	GroupsClaim string
	// SessionLifetime ends a session that long after the login, 12 h by default;
	// IdleTimeout that long after the last request, 1 h by default. The updates of an
	// open page are no requests.
	SessionLifetime, IdleTimeout time.Duration
	// HTTPClient sends the requests to the provider, by default a plain client. They are
	// cancelled after 10 seconds, and follow no redirects.
	HTTPClient *http.Client

	now func() time.Time // replaced by tests
}

// A FieldError is what is wrong with a field of [OIDC].
type FieldError struct {
	Field string
	Err   error
}

// Error returns the field and what is wrong with it.
func (e *FieldError) Error() string { return e.Field + " " + e.Err.Error() }

// Unwrap returns the error without the field.
func (e *FieldError) Unwrap() error { return e.Err }

// Check returns what is wrong with each field. It does not use the network.
func (o *OIDC) Check() []*FieldError {
	var problems []*FieldError
	report := func(field string, err error) {
		if err != nil {
			problems = append(problems, &FieldError{field, err})
		}
	}
	issuer, err := secureURL(o.Issuer)
	if err == nil && (issuer.RawQuery != "" || issuer.ForceQuery) {
		err = errors.New("must have no query")
	}
	report("Issuer", err)
	if !printable(o.ClientID) {
		report("ClientID", errors.New("must be the client id that the provider has given the console"))
	}
	redirect, err := secureURL(o.RedirectURL)
	switch {
	case err != nil:
	case redirect.EscapedPath() != CallbackPath || redirect.RawQuery != "" || redirect.ForceQuery:
		err = fmt.Errorf("must have the path %s, and no query", CallbackPath)
	default:
		err = CheckHost(redirect.Hostname())
	}
	report("RedirectURL", err)
	if len(o.Scopes) > 0 && !slices.Contains(o.Scopes, scopeOpenID) {
		report("Scopes", errors.New("must contain openid"))
	}
	for _, scope := range o.Scopes {
		if scope == "" || strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			report("Scopes", fmt.Errorf("have %q: a scope is one word of printable ASCII without \" and \\", scope))
		}
	}
	if o.SessionLifetime < 0 {
		report("SessionLifetime", errors.New("must not be negative"))
	}
	if o.IdleTimeout < 0 {
		report("IdleTimeout", errors.New("must not be negative"))
	}
	return problems
}

// secureURL parses a URL that must be https, or http on a loopback host.
func secureURL(raw string) (*url.URL, error) {
	parsed, err := url.Parse(raw)
	switch {
	case strings.Contains(raw, "@"): // A parsed URL hides a password that is not escaped.
		return nil, errors.New("contains a user name or password, which is not supported")
	case err != nil || parsed.Hostname() == "":
		return nil, errors.New("must be an https URL")
	case strings.Contains(raw, "#"):
		return nil, errors.New("must have no fragment")
	case parsed.Scheme == schemeHTTPS, parsed.Scheme == schemeHTTP && isLoopback(parsed.Hostname()):
		return parsed, nil
	default:
		return nil, errors.New("must be an https URL; http is accepted for loopback hosts only")
	}
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (o *OIDC) setDefaults() {
	o.Scopes = slices.Clone(o.Scopes)
	if len(o.Scopes) == 0 {
		o.Scopes = []string{scopeOpenID, "profile", "groups"}
	}
	o.NameClaim = cmp.Or(o.NameClaim, defaultNameClaim)
	o.GroupsClaim = cmp.Or(o.GroupsClaim, defaultGroupsClaim)
	o.SessionLifetime = cmp.Or(o.SessionLifetime, defaultLifetime)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, defaultIdle)
	if o.now == nil {
		o.now = time.Now
	}
}
