package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// The defaults of [Config].
const (
	// DefaultAddress is reachable from this machine only, since a broker
	// without TLS or authentication must not be public by accident.
	DefaultAddress = "127.0.0.1:8080"
	// DefaultReadHeaderTimeout also limits the TLS handshake.
	DefaultReadHeaderTimeout = 10 * time.Second
	DefaultReadTimeout       = 30 * time.Second
	// DefaultWriteTimeout is above the 60 s that platforms wait for an answer.
	DefaultWriteTimeout = 90 * time.Second
	// DefaultIdleTimeout is above those of the usual load balancers, so that
	// they, not the broker, close idle connections: the other way round loses
	// requests.
	DefaultIdleTimeout    = 120 * time.Second
	DefaultMaxHeaderBytes = 64 << 10
	// DefaultMaxConnections is far above what platforms open. It is less if the
	// process may have less than twice as many files open.
	DefaultMaxConnections = 4096
	// DefaultBodyBudget is enough for the bodies of thousands of usual requests.
	// A body may take about ten times its size in memory while it is worked on.
	DefaultBodyBudget = 32 << 20
	// DefaultShutdownGrace and one hook fit into the 30 s that Kubernetes gives.
	DefaultShutdownGrace       = 20 * time.Second
	DefaultShutdownHookTimeout = 5 * time.Second
	// DefaultReadinessTimeout is the default timeout of Kubernetes' probes.
	DefaultReadinessTimeout = time.Second
)

// minimumWriteTimeout is how long Cloud Foundry and service-catalog wait.
const minimumWriteTimeout = 60 * time.Second

// minimumBodyBudget is below any body that is worth accepting.
const minimumBodyBudget = 1024

// Config says how a broker is served. Its zero value is a plain HTTP server on
// [DefaultAddress] without authentication, which is for development only.
// Every duration that is zero stands for its default; a negative one is an
// error.
type Config struct {
	// Address is the host:port to listen on: ":8080" for all interfaces,
	// "127.0.0.1:0" for a free port, see [Server.URL]. The default is
	// DefaultAddress.
	Address string

	// Prefix, such as "/osb", is the only path below which the broker is
	// served; elsewhere it answers 404. The default is none: /v2/... is then
	// answered under any prefix. Health stays at /healthz and /readyz.
	Prefix string

	// TLS makes the server speak HTTPS, with HTTP/2. The default is plain HTTP,
	// with a warning unless Address is a loopback one.
	TLS *TLS

	// ReadHeaderTimeout limits the TLS handshake and the time that a client
	// takes to send the header of a request. The default is
	// DefaultReadHeaderTimeout.
	ReadHeaderTimeout time.Duration

	// ReadTimeout limits the time that a client takes to send a request, header
	// and body. It does not limit the broker. The default is
	// DefaultReadTimeout.
	ReadTimeout time.Duration

	// WriteTimeout limits the time from the header of a request to the last
	// byte of its response, the broker's work included. It must be at least the
	// 60 s that platforms wait. The default is DefaultWriteTimeout.
	WriteTimeout time.Duration

	// IdleTimeout limits how long a connection waits for its next request. The
	// default is DefaultIdleTimeout.
	IdleTimeout time.Duration

	// MaxHeaderBytes limits the header of a request; a larger one is answered
	// with 431. At least 4096. The default is DefaultMaxHeaderBytes. The limit
	// of a body is [openbroker.WithMaxBodySize].
	MaxHeaderBytes int

	// MaxConnections bounds the open connections. When it is reached, the longest
	// idle one is closed for a new one; while none is idle, new ones wait. The
	// default is DefaultMaxConnections, or half of the files that the process may
	// have open if that is less: the rest is for the broker. It must be less than
	// that number.
	MaxConnections int

	// BodyBudget bounds the bytes of the bodies of all requests that are being
	// answered; a request whose body does not fit is answered with 503 and
	// Retry-After. Bodies of requests that are refused unread do not count. It must
	// be at least what one body may have, see [openbroker.WithMaxBodySize]. The
	// default is DefaultBodyBudget.
	BodyBudget int64

	// DrainDelay is how long, once told to stop, the server goes on accepting
	// requests while /readyz answers 503, so that load balancers turn away
	// first. The default is no delay.
	DrainDelay time.Duration

	// ShutdownGrace is how long requests that are being answered may take
	// after DrainDelay before they are cut off. The default is
	// DefaultShutdownGrace.
	ShutdownGrace time.Duration

	// OnDrain, unless nil, is called once, when no connection is accepted any
	// more, after DrainDelay. It should have requests answered that wait for
	// something which goes on elsewhere. Whatever has a method Drain() and is
	// given to [New] or [NewForHandler], as the engine of package durable, is
	// called without it.
	OnDrain func()

	// OnShutdown are called one after another, in this order, when the last
	// request has been answered or cut off, whatever made the server stop. They
	// are not called if it never listened.
	OnShutdown []ShutdownHook

	// ShutdownHookTimeout limits each of OnShutdown. The default is DefaultShutdownHookTimeout.
	ShutdownHookTimeout time.Duration

	// ReadinessChecks must all succeed for /readyz to answer 200.
	ReadinessChecks []ReadinessCheck

	// ReadinessTimeout limits each of ReadinessChecks. The default is DefaultReadinessTimeout.
	ReadinessTimeout time.Duration

	// Authenticator decides who may call the broker; package auth has several.
	// The default is everyone, with a warning. It does not concern health.
	Authenticator openbroker.Authenticator

	// SkipParameterValidation lets parameters reach the broker unchecked. By
	// default they are validated against the schemas of the catalog, by the
	// validator of package catalog, and a catalog with a schema that cannot be
	// used is refused at start. To use another validator, set this and give
	// [openbroker.WithParameterValidation] among Options.
	SkipParameterValidation bool

	// Options are further options of [openbroker.NewHandler].
	Options []openbroker.Option

	// Logger receives what the server and the handler have to say; [NewLogger]
	// makes one. The default is [slog.Default].
	Logger *slog.Logger

	// OnReady, if set, is called once with [Server.URL] when the server accepts
	// connections.
	OnReady func(url string)
}

// withDefaults returns a copy of c in which nothing that has a default is zero.
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

// defaultMaxConnections leaves half of the descriptors to the broker.
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

// validate returns all that is wrong with c, which has its defaults, joined.
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
		problems = append(problems, fmt.Errorf("Config.WriteTimeout is %v: platforms wait %v for an answer; set at least that, or zero for the default", c.WriteTimeout, minimumWriteTimeout))
	}
	if c.MaxHeaderBytes < 4096 {
		problems = append(problems, fmt.Errorf("Config.MaxHeaderBytes is %d: it must be at least 4096; leave it zero for the default", c.MaxHeaderBytes))
	}
	if c.MaxConnections < 1 {
		problems = append(problems, fmt.Errorf("Config.MaxConnections is %d: it must not be negative; leave it zero for the default", c.MaxConnections))
	}
	if limit := descriptorLimit(); limit > 0 && c.MaxConnections >= limit {
		problems = append(problems, fmt.Errorf("Config.MaxConnections is %d, and the process may open %d files only: lower it, or raise the limit of the process (ulimit -n)", c.MaxConnections, limit))
	}
	if c.BodyBudget < minimumBodyBudget {
		problems = append(problems, fmt.Errorf("Config.BodyBudget is %d: it must be at least %d; leave it zero for the default", c.BodyBudget, minimumBodyBudget))
	}
	problems = append(problems, validateHooks(c.OnShutdown), validateChecks(c.ReadinessChecks))
	if c.TLS != nil {
		problems = append(problems, c.TLS.validate())
	}
	for i, option := range c.Options {
		if option == nil {
			problems = append(problems, fmt.Errorf("Config.Options[%d] is nil: leave it out", i))
		}
	}
	return errors.Join(problems...)
}

func validateAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("Config.Address %q is no host:port: write it like 127.0.0.1:8080, [::1]:8080 or :8080", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("Config.Address %q has no valid port: it must be a number from 0 to 65535, where 0 picks a free one", address)
	}
	return nil
}

func validatePrefix(prefix string) error {
	switch {
	case prefix == "":
		return nil
	case !strings.HasPrefix(prefix, "/") || strings.HasSuffix(prefix, "/") || strings.Contains(prefix, "//") || strings.ContainsAny(prefix, "?#% "):
		return fmt.Errorf("Config.Prefix %q is no path: write it like /osb, without a slash at its end and without escapes", prefix)
	case prefix == healthPath || prefix == readyPath:
		return fmt.Errorf("Config.Prefix %q is the path of a health probe: choose another", prefix)
	default:
		return nil
	}
}
