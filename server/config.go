package server

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// The defaults of [Config].
const (
	// DefaultAddress accepts connections only from this machine, so that a broker
	// without TLS or authentication is not public by accident.
	DefaultAddress = "127.0.0.1:8080"
	// DefaultReadHeaderTimeout also limits the TLS handshake.
	DefaultReadHeaderTimeout = 10 * time.Second
	DefaultReadTimeout       = 30 * time.Second
	// DefaultWriteTimeout exceeds the 60 s that platforms wait for a response.
	DefaultWriteTimeout = 90 * time.Second
	// DefaultIdleTimeout exceeds those of common load balancers. They, not the
	// broker, must close idle connections, or requests are lost.
	DefaultIdleTimeout    = 120 * time.Second
	DefaultMaxHeaderBytes = 64 << 10
	// DefaultMaxConnections is far more than platforms open. The default is lower
	// if the limit of open files is less than twice this number.
	DefaultMaxConnections = 4096
	// DefaultBodyBudget is enough for the bodies of thousands of typical requests. A
	// request in progress uses about ten times the size of its body in memory.
	DefaultBodyBudget = 32 << 20
	// DefaultShutdownGrace and one hook fit into the 30 s that Kubernetes allows.
	DefaultShutdownGrace       = 20 * time.Second
	DefaultShutdownHookTimeout = 5 * time.Second
	// DefaultReadinessTimeout is the default timeout of probes in Kubernetes.
	DefaultReadinessTimeout = time.Second
)

// minimumWriteTimeout is how long Cloud Foundry and service-catalog wait for a
// response.
const minimumWriteTimeout = 60 * time.Second

// minimumBodyBudget is the smallest body budget, in bytes. A smaller one is a
// mistake.
const minimumBodyBudget = 1024

// Config configures a [Server]. The zero value is a plain HTTP server on
// [DefaultAddress] without authentication, which is for development only. A zero
// duration means its default; a negative one is an error.
type Config struct {
	// Address is the host:port to listen on: ":8080" for all interfaces,
	// "127.0.0.1:0" for a free port (see [Server.URL]). The default is
	// DefaultAddress.
	Address string

	// Prefix is the path under which the broker is served, such as "/osb"; other
	// paths get 404. By default, the broker serves /v2/... under any prefix. Probes
	// stay at /healthz and /readyz.
	Prefix string

	// Handlers serve further paths, such as "/callbacks/orders", below Prefix and without
	// the Authenticator. A path matches as a whole. It must not be in use by the broker
	// or by probes.
	Handlers map[string]http.Handler

	// TLS configures HTTPS with HTTP/2. The default is plain HTTP, with a warning
	// unless Address is a loopback address.
	TLS *TLS

	// ReadHeaderTimeout limits the TLS handshake and the time that a client
	// takes to send the header of a request. The default is
	// DefaultReadHeaderTimeout.
	ReadHeaderTimeout time.Duration

	// ReadTimeout limits the time that a client takes to send a request, header
	// and body. It does not limit the broker's work. The default is
	// DefaultReadTimeout.
	ReadTimeout time.Duration

	// WriteTimeout limits the time from the header of a request to the last byte of
	// its response, including the broker's work. It must be at least the 60 s that
	// platforms wait. The default is DefaultWriteTimeout.
	WriteTimeout time.Duration

	// IdleTimeout limits how long a connection waits for its next request. The
	// default is DefaultIdleTimeout.
	IdleTimeout time.Duration

	// MaxHeaderBytes limits the size of a request header; a larger one is answered
	// with 431. The minimum is 4096, the default DefaultMaxHeaderBytes.
	// [openbroker.WithMaxBodySize] limits the body.
	MaxHeaderBytes int

	// MaxConnections limits the number of open connections. At the limit, a new
	// connection replaces the one that has been idle longest, and waits while none
	// is idle. It must be less than the limit of open files of the process. The
	// default is DefaultMaxConnections, or half the limit of open files if that is
	// less, because the broker needs files, too.
	MaxConnections int

	// BodyBudget limits the total size of the bodies of all requests in progress, in
	// bytes. A request that exceeds it is answered with 503 and Retry-After. Bodies
	// that are refused unread do not count. It must be at least the maximum size of
	// one body, see [openbroker.WithMaxBodySize]. The default is DefaultBodyBudget.
	BodyBudget int64

	// DrainDelay is how long the server still accepts requests after it starts to
	// drain. /readyz then answers 503, so that load balancers remove the server
	// first. The default is no delay.
	DrainDelay time.Duration

	// ShutdownGrace is how long requests in progress may take after DrainDelay before
	// the server cancels them. The default is DefaultShutdownGrace.
	ShutdownGrace time.Duration

	// OnDrain, if not nil, is called once after DrainDelay, when the server has
	// stopped accepting connections. It should end requests that wait for a
	// background operation. The server also calls the method Drain() of the broker
	// or handler if it has one, as the engine of package durable does.
	OnDrain func()

	// OnShutdown runs in this order after the last request has been answered or
	// canceled, regardless of why the server stops. It does not run if the server
	// never listened.
	OnShutdown []ShutdownHook

	// ShutdownHookTimeout limits each hook of OnShutdown. The default is
	// DefaultShutdownHookTimeout.
	ShutdownHookTimeout time.Duration

	// ReadinessChecks must all succeed, except advisory ones, for /readyz to respond
	// with 200.
	ReadinessChecks []ReadinessCheck

	// ReadinessTimeout limits each of ReadinessChecks. The default is
	// DefaultReadinessTimeout.
	ReadinessTimeout time.Duration

	// Authenticator authenticates requests to the broker; package auth provides several.
	// The default accepts every request and logs a warning. Probes need no
	// authentication.
	Authenticator openbroker.Authenticator

	// SkipParameterValidation passes parameters to the broker unchecked. By default
	// the validator of package catalog validates them against the schemas of the
	// catalog, and the server refuses to start with an unusable schema. To use
	// another validator, set this and add [openbroker.WithParameterValidation] to
	// Options.
	SkipParameterValidation bool

	// Options are additional options of [openbroker.NewHandler].
	Options []openbroker.Option

	// Logger receives the records of the server and the handler; [NewLogger] makes
	// one. The default is [slog.Default].
	Logger *slog.Logger

	// OnReady, if not nil, is called once with [Server.URL] when the server accepts
	// connections.
	OnReady func(url string)
}

// withDefaults returns a copy of c with defaults in place of zero values.
func (c Config) withDefaults() Config {
	setDefault(&c.Address, DefaultAddress)
	setDefault(&c.ReadHeaderTimeout, DefaultReadHeaderTimeout)
	setDefault(&c.ReadTimeout, DefaultReadTimeout)
	setDefault(&c.WriteTimeout, DefaultWriteTimeout)
	setDefault(&c.IdleTimeout, DefaultIdleTimeout)
	setDefault(&c.MaxHeaderBytes, DefaultMaxHeaderBytes)
	setDefault(&c.MaxConnections, defaultMaxConnections())
	setDefault(&c.BodyBudget, DefaultBodyBudget)
	setDefault(&c.ShutdownGrace, DefaultShutdownGrace)
	setDefault(&c.ShutdownHookTimeout, DefaultShutdownHookTimeout)
	setDefault(&c.ReadinessTimeout, DefaultReadinessTimeout)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.TLS != nil {
		files := c.TLS.withDefaults()
		c.TLS = &files
	}
	return c
}

// defaultMaxConnections leaves half of the file descriptors to the broker.
func defaultMaxConnections() int {
	if limit := descriptorLimit(); limit > 0 {
		return max(1, min(DefaultMaxConnections, limit/2))
	}
	return DefaultMaxConnections
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate returns all problems of c, joined. c must have its defaults.
func (c *Config) validate() error {
	problems := []error{validateAddress(c.Address), validatePrefix(c.Prefix)}
	for _, duration := range []struct {
		name  string
		value time.Duration
	}{
		{"Config.ReadHeaderTimeout", c.ReadHeaderTimeout},
		{"Config.ReadTimeout", c.ReadTimeout},
		{"Config.IdleTimeout", c.IdleTimeout},
		{"Config.DrainDelay", c.DrainDelay},
		{"Config.ShutdownGrace", c.ShutdownGrace},
		{"Config.ShutdownHookTimeout", c.ShutdownHookTimeout},
		{"Config.ReadinessTimeout", c.ReadinessTimeout},
	} {
		if duration.value < 0 {
			problems = append(problems, fmt.Errorf("%s is %v: it must not be negative; leave it zero for the default", duration.name, duration.value))
		}
	}
	if c.WriteTimeout < minimumWriteTimeout {
		problems = append(problems, fmt.Errorf("Config.WriteTimeout is %v: platforms wait %v for a response; set at least that, or zero for the default", c.WriteTimeout, minimumWriteTimeout))
	}
	if c.MaxHeaderBytes < 4096 {
		problems = append(problems, fmt.Errorf("Config.MaxHeaderBytes is %d: it must be at least 4096; leave it zero for the default", c.MaxHeaderBytes))
	}
	if c.MaxConnections < 1 {
		problems = append(problems, fmt.Errorf("Config.MaxConnections is %d: it must not be negative; leave it zero for the default", c.MaxConnections))
	}
	if limit := descriptorLimit(); limit > 0 && c.MaxConnections >= limit {
		problems = append(problems, fmt.Errorf("Config.MaxConnections is %d, but the process may open only %d files: lower it, or raise the limit of the process (ulimit -n)", c.MaxConnections, limit))
	}
	if c.BodyBudget < minimumBodyBudget {
		problems = append(problems, fmt.Errorf("Config.BodyBudget is %d: it must be at least %d; leave it zero for the default", c.BodyBudget, minimumBodyBudget))
	}
	problems = append(problems, validateHandlers(c.Handlers))
	problems = append(problems, validateHooks(c.OnShutdown), validateChecks(c.ReadinessChecks))
	if c.TLS != nil {
		problems = append(problems, c.TLS.validate())
	}
	for i, option := range c.Options {
		if option == nil {
			problems = append(problems, fmt.Errorf("Config.Options[%d] is nil: remove it", i))
		}
	}
	return errors.Join(problems...)
}

func validateAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("Config.Address %q is not host:port: write it like 127.0.0.1:8080, [::1]:8080 or :8080", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("Config.Address %q has no valid port: it must be a number from 0 to 65535, where 0 picks a free one", address)
	}
	return nil
}

func validateHandlers(handlers map[string]http.Handler) error {
	var problems []error
	for _, at := range slices.Sorted(maps.Keys(handlers)) {
		switch {
		case handlers[at] == nil:
			problems = append(problems, fmt.Errorf("Config.Handlers[%q] is nil: remove it", at))
		case path.Clean(at) != at || !strings.HasPrefix(at, "/") || at == "/" || strings.ContainsAny(at, "?#% "):
			problems = append(problems, fmt.Errorf("Config.Handlers[%q] is not a path: write it like /callbacks/orders, without a slash at the end and without escapes", at))
		case at == healthPath || at == readyPath || strings.Contains(at+"/", "/v2/"):
			problems = append(problems, fmt.Errorf("Config.Handlers[%q] is a path of the broker or of a health probe: choose another", at))
		}
	}
	return errors.Join(problems...)
}

func validatePrefix(prefix string) error {
	switch {
	case prefix == "":
		return nil
	case !strings.HasPrefix(prefix, "/") || strings.HasSuffix(prefix, "/") || strings.Contains(prefix, "//") || strings.ContainsAny(prefix, "?#% "):
		return fmt.Errorf("Config.Prefix %q is not a path: write it like /osb, without a slash at the end and without escapes", prefix)
	case prefix == healthPath || prefix == readyPath:
		return fmt.Errorf("Config.Prefix %q is the path of a health probe: choose another", prefix)
	default:
		return nil
	}
}
