package postgres

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

const (
	defaultPort = 5432
	// connectTimeout bounds a connection attempt if the URL has no connect_timeout.
	connectTimeout = 10 * time.Second
	// lockTimeout bounds how long a statement of the broker waits for a lock. While it
	// waits, it holds up those who want the lock after it.
	lockTimeout = 3 * time.Second
	// idleTimeout ends transactions of a broker that was stopped in the middle.
	idleTimeout = time.Minute
)

// An address says where the server is, for the broker and for applications.
type address struct {
	// config is for the maintenance database. It has no TLS yet: files of certificates
	// are read for each connection.
	config *pgx.ConnConfig
	tls    transport.TLS
	mode   string
	// hosts and applicationMode are for applications.
	hosts           []credential.Host
	applicationMode string
}

const urlSyntax = "write it like postgres://ACCOUNT:PASSWORD@HOST:5432/postgres?sslmode=verify-full, with %40 for an @ in the account or the password, %2F for a slash and %25 for a percent sign"

// readAddress reads the settings. Its errors contain no part of the URL that may be the
// password because of a missing escape.
func readAddress(settings Settings) (*address, error) {
	fail := func(problem string) (*address, error) {
		return nil, &provider.FieldError{Field: "url", Err: errors.New(problem + ": " + urlSyntax)}
	}
	text := string(settings.URL)
	scheme, rest, found := strings.Cut(text, "://")
	if !found || scheme != "postgres" && scheme != "postgresql" {
		return fail("does not begin with postgres://")
	}
	at, slash := strings.IndexByte(rest, '@'), strings.IndexByte(rest, '/')
	if at < 0 || strings.Count(rest, "@") != 1 || slash >= 0 && slash < at || strings.ContainsRune(rest, '#') {
		return fail("has no account, or a character that needs an escape")
	}
	// The driver would read the files of TLS once, and fall back to plain text.
	base, query, _ := strings.Cut(text, "?")
	options, err := url.ParseQuery(query)
	if err != nil {
		return fail("has malformed options")
	}
	a := &address{tls: settings.TLS, mode: settings.TLS.Mode}
	if err := a.takeTLS(options); err != nil {
		return nil, &provider.FieldError{Field: "url", Err: err}
	}
	options.Set("sslmode", transport.ModeDisable)
	a.config, err = pgx.ParseConfig(base + "?" + options.Encode())
	if err != nil {
		return fail("is malformed")
	}
	if a.config.User == "" || strings.ContainsAny(a.config.User, ": ") || strings.ContainsAny(a.config.Host, "@ ") {
		return fail("has no account, or a character that needs an escape")
	}
	if settings.Password != "" {
		a.config.Password = string(settings.Password)
	}
	if authority, _, _ := strings.Cut(strings.TrimPrefix(base, scheme+"://")[at+1:], "/"); authority == "" && options.Get("host") == "" {
		return fail("has no host")
	}
	a.prepare(options)
	if err := a.forApplications(settings); err != nil {
		return nil, err
	}
	return a, nil
}

// takeTLS moves the settings of TLS from the options of the URL.
func (a *address) takeTLS(options url.Values) error {
	take := func(name string) string {
		value := options.Get(name)
		options.Del(name)
		return value
	}
	mode := take("sslmode")
	modes := []string{transport.ModeVerifyFull, transport.ModeVerifyCA, transport.ModeRequire, transport.ModeDisable}
	if mode != "" && !slices.Contains(modes, mode) {
		return fmt.Errorf("has the sslmode %.40q: use one of %s, since the others fall back to plain text", mode, strings.Join(modes, ", "))
	}
	for name, path := range map[string]*provider.Path{"sslrootcert": &a.tls.CA, "sslcert": &a.tls.Certificate, "sslkey": &a.tls.Key} {
		if value := take(name); value != "" && *path == "" {
			*path = provider.Path(value)
		}
	}
	for _, name := range []string{a.mode, mode, transport.ModeVerifyFull} {
		if name != "" {
			a.mode = name
			break
		}
	}
	if a.mode == transport.ModeDisable || a.mode == transport.ModeRequire {
		if a.tls.CA != "" || a.tls.ServerName != "" {
			return fmt.Errorf("has the sslmode %s, which verifies nothing: use verify-full with the certificates of authorities", a.mode)
		}
	}
	return nil
}

// prepare sets what each session of the broker needs, over what the account, its
// database or the environment of the process have.
func (a *address) prepare(options url.Values) {
	if a.config.Database == "" {
		a.config.Database = "postgres"
	}
	if a.config.ConnectTimeout == 0 {
		a.config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name":                    "openbroker",
		"client_min_messages":                 "warning",
		"standard_conforming_strings":         "on",
		"statement_timeout":                   "0",
		"lock_timeout":                        milliseconds(lockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(idleTimeout),
		"default_transaction_isolation":       "read committed",
		// A tenant may have functions in schema public that look like those of
		// PostgreSQL.
		"search_path": "pg_catalog",
	} {
		a.config.RuntimeParams[name] = value
	}
	// Statements are few and different each time.
	a.config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if len(a.config.Fallbacks) > 0 && options.Get("target_session_attrs") == "" {
		a.config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
}

// forApplications sets where applications find the server.
func (a *address) forApplications(settings Settings) error {
	a.applicationMode = a.mode
	if settings.ApplicationTLS != "" {
		a.applicationMode = settings.ApplicationTLS
	}
	if len(settings.Hosts) == 0 {
		for _, host := range a.reachable() {
			if strings.HasPrefix(host.Name, "/") {
				return &provider.FieldError{Field: "url", Err: errors.New("names a socket, which applications cannot reach: add hosts")}
			}
			if !slices.Contains(a.hosts, host) {
				a.hosts = append(a.hosts, host)
			}
		}
	}
	for _, text := range settings.Hosts {
		host, err := readHost(text)
		if err != nil {
			return &provider.FieldError{Field: "hosts", Err: err}
		}
		a.hosts = append(a.hosts, host)
	}
	return nil
}

// reachable returns the hosts that the broker connects to.
func (a *address) reachable() []credential.Host {
	hosts := []credential.Host{{Name: a.config.Host, Port: int(a.config.Port)}}
	for _, fallback := range a.config.Fallbacks {
		hosts = append(hosts, credential.Host{Name: fallback.Host, Port: int(fallback.Port)})
	}
	return hosts
}

// readHost reads an address with or without a port.
func readHost(text string) (credential.Host, error) {
	name, port := text, strconv.Itoa(defaultPort)
	if strings.HasPrefix(text, "[") || strings.Count(text, ":") == 1 {
		var err error
		if name, port, err = net.SplitHostPort(text); err != nil {
			return credential.Host{}, fmt.Errorf("has %.80q: write an address like db.example.com:5432 or [fe80::1]:5432", text)
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || name == "" || strings.ContainsAny(name, "/@?#, []") {
		return credential.Host{}, fmt.Errorf("has %.80q: write an address like db.example.com:5432 or [fe80::1]:5432", text)
	}
	return credential.Host{Name: name, Port: int(number)}, nil
}

// secure reads the certificates, for the next connection.
func (a *address) secure(config *pgx.ConnConfig) error {
	var err error
	if config.TLSConfig, err = a.tls.Config(a.mode, config.Host); err != nil {
		return err
	}
	for _, fallback := range config.Fallbacks {
		if fallback.TLSConfig, err = a.tls.Config(a.mode, fallback.Host); err != nil {
			return err
		}
	}
	return nil
}
