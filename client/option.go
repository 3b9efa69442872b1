package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/openbroker/openbroker"
)

const (
	// defaultRequestTimeout is the default of Cloud Foundry.
	defaultRequestTimeout = 60 * time.Second
	// Catalogs of real brokers reach several megabytes.
	defaultMaxResponseSize = 32 << 20
	defaultRetries         = 3
)

// An Option configures [New].
type Option func(*settings)

type settings struct {
	client    Client
	transport http.RoundTripper
	own       *http.Client
	roots     *x509.CertPool
	cert      *tls.Certificate
	logins    int
	problems  []error
}

func (s *settings) problem(format string, args ...any) {
	s.problems = append(s.problems, fmt.Errorf("client: "+format, args...))
}

// WithBasicAuth sends a user name and a password (spec.md, "Platform to Service
// Broker Authentication").
func WithBasicAuth(username, password string) Option {
	return func(s *settings) {
		s.login(func(r *http.Request) error {
			r.SetBasicAuth(username, password)
			return nil
		})
		s.client.secret.add(password, base64.StdEncoding.EncodeToString([]byte(username+":"+password)))
	}
}

// WithBearerToken sends a token.
func WithBearerToken(token string) Option {
	return WithTokenSource(func(context.Context) (string, error) { return token, nil })
}

// WithTokenSource calls source for the token of each request, so that tokens can be
// renewed. If source returns an error, the call returns it.
func WithTokenSource(source func(context.Context) (string, error)) Option {
	return func(s *settings) {
		secret := &s.client.secret
		s.login(func(r *http.Request) error {
			token, err := source(r.Context())
			if err != nil {
				return fmt.Errorf("get a token: %w", err)
			}
			secret.replaceToken(token)
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		})
	}
}

func (s *settings) login(authorize func(*http.Request) error) {
	s.logins++
	s.client.authorize = authorize
}

// WithClientCertificate presents a certificate to the broker (mutual TLS).
func WithClientCertificate(certificate tls.Certificate) Option {
	return func(s *settings) { s.cert = &certificate }
}

// WithRootCAs verifies the certificate of the broker against roots instead of
// the system's certificate authorities.
func WithRootCAs(roots *x509.CertPool) Option {
	return func(s *settings) { s.roots = roots }
}

// WithTransport sends requests through transport, for example one of
// [NewHandlerTransport]. The default is a copy of [http.DefaultTransport], which
// uses the proxy of the environment variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
func WithTransport(transport http.RoundTripper) Option {
	return func(s *settings) { s.transport = transport }
}

// WithHTTPClient sends requests with the transport, the cookies and the time limit
// of client, which is copied. The copy never follows redirects: Go would turn a
// redirected DELETE into a GET.
func WithHTTPClient(client *http.Client) Option {
	return func(s *settings) { s.own = client }
}

// WithAPIVersion sets the API version in the header X-Broker-API-Version, 2.17 by
// default. A version in the Caller of a request takes precedence.
func WithAPIVersion(version openbroker.Version) Option {
	return func(s *settings) { s.client.version = version }
}

// WithOriginatingIdentity sets the user on whose behalf requests are sent (spec.md,
// "Originating Identity"). An identity in the Caller of a request takes precedence.
func WithOriginatingIdentity(identity openbroker.OriginatingIdentity) Option {
	return func(s *settings) { s.client.identity = &identity }
}

// WithRequestTimeout limits the time of one request; 60 seconds by default, as in
// Cloud Foundry. 0 means no limit. It does not limit [Client.Wait], which sends many
// requests.
func WithRequestTimeout(limit time.Duration) Option {
	return func(s *settings) {
		if limit < 0 {
			s.problem("the request timeout is %v: it must not be negative", limit)
		}
		s.client.requestTimeout = limit
	}
}

// WithMaxResponseSize limits the size of a response in bytes; 32 MiB by default.
func WithMaxResponseSize(bytes int64) Option {
	return func(s *settings) {
		if bytes <= 0 {
			s.problem("the maximum size of a response is %d bytes: it must be positive", bytes)
		}
		s.client.maxResponseSize = bytes
	}
}

// WithRetries sets how often a call that only reads is repeated, 3 by default.
func WithRetries(retries int) Option {
	return func(s *settings) {
		if retries < 0 {
			s.problem("the number of retries is %d: it must not be negative", retries)
		}
		s.client.retries = retries
	}
}

// WithStrictDecoding refuses responses that other clients might read differently or
// not at all: fields that are null where the specification does not allow it, occur
// twice or differ from a defined name only in case; bodies that are empty, begin with
// a byte order mark, are not UTF-8 or continue after the object; and a Content-Type
// that is not JSON.
//
// By default the client accepts all of these, as platforms do.
func WithStrictDecoding() Option {
	return func(s *settings) { s.client.strict = true }
}

// WithPollInterval sets the pauses between polls of an operation: the pause starts at
// first and doubles up to longest; one second and 30 seconds by default. A
// Retry-After of the broker takes precedence.
func WithPollInterval(first, longest time.Duration) Option {
	return func(s *settings) {
		if first <= 0 || longest < first {
			s.problem("the poll interval is %v to %v: both must be positive, and the second not less than the first", first, longest)
		}
		s.client.polling.first, s.client.polling.longest = first, longest
	}
}

// WithMaximumPollingDuration sets the time after which an unfinished operation counts
// as failed (spec.md, "Polling Interval and Duration"); seven days by default, as in
// Cloud Foundry. The maximum_polling_duration of a plan takes precedence.
func WithMaximumPollingDuration(limit time.Duration) Option {
	return func(s *settings) {
		if limit <= 0 {
			s.problem("the maximum polling duration is %v: it must be positive", limit)
		}
		s.client.polling.limit = limit
	}
}

// WithOrphanMitigation deletes, in the background, the instance or binding that a
// failed call may have left behind (spec.md, "Orphan Mitigation"). Call
// [Client.Close] before the process ends. Without this option, [OrphanOf] returns the
// orphan of an error, and [Client.Mitigate] deletes it.
func WithOrphanMitigation(policy OrphanPolicy) Option {
	return func(s *settings) {
		if policy != OrphanPolicySpecification && policy != OrphanPolicyCloudFoundry {
			s.problem("the orphan policy is unknown: use client.OrphanPolicySpecification or client.OrphanPolicyCloudFoundry")
		}
		s.client.policy = policy
		s.client.orphans.enabled = true
	}
}

// WithLogger logs each request at level debug, with call, status, duration and
// request identity. Failed deletions of orphans are logged at level warn. By default
// the client logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) { s.client.logger = logger }
}

func (s *settings) build() error {
	if s.logins > 1 {
		s.problem("several logins are configured: use only one of the user name in the address, WithBasicAuth, WithBearerToken and WithTokenSource")
	}
	transports := 0
	for _, given := range [...]bool{s.own != nil, s.transport != nil, s.roots != nil || s.cert != nil} {
		if given {
			transports++
		}
	}
	if transports > 1 {
		s.problem("WithHTTPClient, WithTransport and the certificate options exclude each other: configure TLS in the transport that you pass")
	}
	if err := errors.Join(s.problems...); err != nil {
		return err
	}
	own := new(http.Client)
	if s.own != nil {
		*own = *s.own
	}
	// Every 3xx is an error. Following a redirect could change the method, or send
	// the credentials to another host.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if s.transport != nil {
		own.Transport = s.transport
	}
	if own.Transport == nil {
		own.Transport = s.newTransport()
	}
	s.client.http = own
	return nil
}

func (s *settings) newTransport() http.RoundTripper {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	if s.roots != nil || s.cert != nil {
		config := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}
		if s.cert != nil {
			config.Certificates = []tls.Certificate{*s.cert}
		}
		transport.TLSClientConfig = config
	}
	return transport
}
