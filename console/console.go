package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/admin"
)

// A Config configures a [Console]. Admin and Catalog are required, and Authenticator or
// OIDC.
type Config struct {
	// Admin returns what inspects and changes the store. A page calls it once, because
	// the catalog may have changed since the last page.
	Admin func(ctx context.Context) (*admin.Admin, error)
	// Catalog returns the catalog that platforms see, and what is wrong with it.
	Catalog func(ctx context.Context) (*openbroker.Catalog, []Finding, error)
	// Health returns the state of the process and of what it needs. Nil means that
	// nothing is checked.
	Health func(ctx context.Context) []Check

	// Authenticator authenticates every request. Browsers need one with a challenge,
	// such as auth.Basic, or a proxy in front that logs users in.
	Authenticator openbroker.Authenticator
	// OIDC replaces Authenticator by a login at an OpenID Connect provider.
	OIDC *OIDC
	// Operators and Viewers are the names of principals that may act, and of those that
	// may only look. "*" is everyone who authenticates. All others are refused. With
	// OIDC, group:NAME is everyone in a group.
	Operators, Viewers []string

	// Hosts are the names and addresses under which browsers reach the console, in
	// addition to localhost, 127.0.0.1 and ::1. Requests with another Host header are
	// refused, so that no web site can reach the console under a name of its own.
	Hosts []string
	// TrustedOrigins are further origins, such as https://console.example.com, whose
	// pages may send forms. They are needed behind a proxy that changes the Host header.
	TrustedOrigins []string

	// Refresh is how often an open page looks for changes. 0 means 2 s.
	Refresh time.Duration
	// Version is the version of the program.
	Version string
	// FailedLogin, unless nil, is called after each failed login: wrong credentials, or an
	// OpenID Connect provider that refuses.
	FailedLogin func(r *http.Request)
	// Logger receives the acts of operators, and errors. Nil means [slog.Default].
	Logger *slog.Logger
}

const (
	defaultRefresh = 2 * time.Second
	// queryTimeout limits each query of a page, so that a slow one costs only its own
	// part of the page.
	queryTimeout = 3 * time.Second
	// pageSize is how many records a page lists.
	pageSize = 50
	// maxForm limits the body of a form.
	maxForm = 16 << 10
)

// A Console is an [http.Handler] for the pages. Create it with [New].
type Console struct {
	config  Config
	guard   *guard
	pages   *http.ServeMux
	handler http.Handler
	started time.Time

	streams   chan struct{} // one value for each open stream
	drainOnce sync.Once
	draining  chan struct{}
}

var _ http.Handler = (*Console)(nil)

// New returns a console. It returns an error if a required field is missing, or if a
// role, a host, an origin or a field of OIDC is malformed.
func New(config Config) (*Console, error) {
	if config.Admin == nil || config.Catalog == nil || (config.Authenticator == nil) == (config.OIDC == nil) {
		return nil, errors.New("console: Admin and Catalog are required, and either Authenticator or OIDC")
	}
	if config.OIDC != nil {
		if problems := config.OIDC.Check(); len(problems) > 0 {
			return nil, fmt.Errorf("console: OIDC: %w", problems[0])
		}
		redirect, err := url.Parse(config.OIDC.RedirectURL)
		if err != nil {
			return nil, fmt.Errorf("console: OIDC: %w", err)
		}
		// Browsers reach the console there, even if a proxy changes the Host header.
		config.Hosts = append(slices.Clone(config.Hosts), redirect.Hostname())
		config.TrustedOrigins = append(slices.Clone(config.TrustedOrigins), redirect.Scheme+"://"+strings.ToLower(redirect.Host))
	}
	if config.Refresh <= 0 {
		config.Refresh = defaultRefresh
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	templates() // Not while the first request waits.
	g, err := newGuard(&config)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	c := &Console{
		config: config, guard: g, started: time.Now(),
		streams: make(chan struct{}, maxStreams), draining: make(chan struct{}),
	}
	if config.OIDC != nil {
		if g.login, err = newLogin(*config.OIDC, c); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
	}
	c.pages = c.pageRoutes()
	c.handler = g.protect(c.routes())
	return c, nil
}

// ServeHTTP answers a request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// Drain ends the streams of events, so that a server can shut down. Package server
// calls it.
func (c *Console) Drain() { c.drainOnce.Do(func() { close(c.draining) }) }
