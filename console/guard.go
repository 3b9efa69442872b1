package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
)

// A guard decides who reaches the pages.
type guard struct {
	authenticator      openbroker.Authenticator
	operators, viewers []string
	hosts              []string
	crossOrigin        *http.CrossOriginProtection
	// failedLogin is that of the configuration.
	failedLogin func(*http.Request)
	// login replaces the authenticator, if it is not nil.
	login *login
}

func newGuard(config *Config) (*guard, error) {
	g := &guard{
		authenticator: config.Authenticator, failedLogin: config.FailedLogin, operators: config.Operators, viewers: config.Viewers,
		hosts: []string{"localhost", "127.0.0.1", "::1"}, crossOrigin: http.NewCrossOriginProtection(),
	}
	for _, entry := range slices.Concat(config.Operators, config.Viewers) {
		if err := CheckRole(entry, config.OIDC != nil); err != nil {
			return nil, err
		}
	}
	for _, host := range config.Hosts {
		if err := CheckHost(host); err != nil {
			return nil, err
		}
		g.hosts = append(g.hosts, strings.ToLower(strings.Trim(host, "[]")))
	}
	for _, origin := range config.TrustedOrigins {
		if err := g.crossOrigin.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("the trusted origin %q must be a scheme and a host, such as https://console.example.com: %w", origin, err)
		}
	}
	g.crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This form came from another web site, or a proxy changed the Host header. For a proxy, add the origin of the console to trusted_origins.", http.StatusForbidden)
	}))
	return g, nil
}

// groupPrefix marks a group in the lists of operators and viewers.
const groupPrefix = "group:"

// CheckRole returns an error unless entry is the name of a user, "*" or, where users
// have groups, group:NAME.
func CheckRole(entry string, groups bool) error {
	group, isGroup := strings.CutPrefix(entry, groupPrefix)
	switch {
	case entry == "" || isGroup && group == "":
		return fmt.Errorf("%q must be the name of a user, group:NAME or *", entry)
	case isGroup && !groups:
		return fmt.Errorf("%q is a group, and only users who log in by OpenID Connect have groups", entry)
	default:
		return nil
	}
}

// CheckHost returns an error unless host is a host name or an address without a port.
func CheckHost(host string) error {
	if host == "" || strings.ContainsAny(host, "/@?#% ") || strings.Contains(host, ":") && net.ParseIP(strings.Trim(host, "[]")) == nil {
		return fmt.Errorf("the host %q must be a name or an address, without a port", host)
	}
	return nil
}

// CheckOrigin returns an error unless origin is a scheme and a host, perhaps with a port.
func CheckOrigin(origin string) error {
	if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
		return fmt.Errorf("%q must be a scheme and a host, such as https://console.example.com", origin)
	}
	return nil
}

// protect returns next behind all checks. Those that need no credentials come first.
func (g *guard) protect(next http.Handler) http.Handler {
	inner := g.authenticated(next)
	if g.login != nil {
		inner = g.login.routes(inner)
	}
	inner = g.crossOrigin.Handler(inner)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if !g.knowsHost(r.Host) {
			http.Error(w, "The console does not have this name. Add it to the hosts of the console.", http.StatusMisdirectedRequest)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// setHeaders sets what keeps a page from doing more, or being used otherwise, than it
// should: a mistake in a template must not become an attack.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// knowsHost reports whether the Host header names the console. A web site whose name
// resolves to this machine would otherwise be its own origin.
func (g *guard) knowsHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.Contains(g.hosts, strings.ToLower(strings.Trim(host, "[]")))
}

// A user is who sent a request.
type user struct {
	Name string
	// Operator is the right to act. Everyone else only looks.
	Operator bool
	// Subject identifies the user at the OpenID Connect provider.
	Subject string
	// Session says that the user can log out.
	Session bool
}

// Actor returns the name for the audit trail. A provider does not promise that a name
// belongs to one user only, or that users cannot change it; it does so for the subject.
func (u user) Actor() string {
	if u.Subject == "" || u.Subject == u.Name {
		return u.Name
	}
	return u.Name + " (sub " + u.Subject + ")"
}

type userKey struct{}

func userOf(ctx context.Context) user {
	u, _ := ctx.Value(userKey{}).(user)
	return u
}

var errNoRole = errors.New("no role")

// authenticate returns the user of a request. The error is errNoRole if the user has no
// role, errNoSession if there is a login and the user has to use it, and the error of the
// authenticator otherwise.
func (g *guard) authenticate(r *http.Request) (user, error) {
	if g.login != nil {
		return g.login.authenticate(r)
	}
	principal, err := g.authenticator.Authenticate(r)
	if err != nil {
		// A browser asks without credentials first.
		if g.failedLogin != nil && r.Header.Get("Authorization") != "" {
			g.failedLogin(r)
		}
		return user{}, err
	}
	u := user{Name: principal.Name}
	u.Operator, err = g.role(principal.Name, nil)
	return u, err
}

// role reports whether a user is an operator. The error is errNoRole for one who is not
// even a viewer.
func (g *guard) role(name string, groups []string) (operator bool, err error) {
	has := func(entries []string) bool {
		return slices.ContainsFunc(entries, func(entry string) bool {
			if group, isGroup := strings.CutPrefix(entry, groupPrefix); isGroup {
				return slices.Contains(groups, group)
			}
			return entry == "*" || name != "" && entry == name
		})
	}
	if has(g.operators) {
		return true, nil
	}
	if has(g.viewers) {
		return false, nil
	}
	return false, errNoRole
}

func (g *guard) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := g.authenticate(r)
		var answer *openbroker.Error
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, u)))
		case errors.Is(err, errNoSession):
			g.login.ask(w, r)
		case errors.Is(err, errNoRole):
			http.Error(w, "This user may not use the console. Add the name to operators or viewers of the console.", http.StatusForbidden)
		case errors.As(err, &answer) && answer.Status != http.StatusUnauthorized:
			http.Error(w, "The login cannot be checked now. Try again.", answer.Status)
		default:
			for _, challenge := range g.authenticator.Challenges() {
				w.Header().Add("WWW-Authenticate", challenge)
			}
			http.Error(w, "Log in with a user name and a password of the broker.", http.StatusUnauthorized)
		}
	})
}
