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
	// defaultRequestTimeout is that of Cloud Foundry.
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

// WithTokenSource asks source for the token of each request, so that a token can
// be renewed. An error of source ends the call.
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
// of client, which is copied. Redirects are not followed, whatever it says: Go
// would turn a redirected DELETE into a GET.
func WithHTTPClient(client *http.Client) Option {
	return func(s *settings) { s.own = client }
}

// WithAPIVersion sends another API version than 2.17 in the header
// X-Broker-API-Version. A request whose Caller has a version sends that one.
func WithAPIVersion(version openbroker.Version) Option {
	return func(s *settings) { s.client.version = version }
}

// WithOriginatingIdentity names the user on whose behalf requests are sent
// (spec.md, "Originating Identity"), unless the Caller of a request has one.
func WithOriginatingIdentity(identity openbroker.OriginatingIdentity) Option {
	return func(s *settings) { s.client.identity = &identity }
}

// WithRequestTimeout limits the time of one request, 60 seconds by default as in
// Cloud Foundry; 0 means no limit. It does not limit [Client.Wait], which sends
// many requests.
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
			s.problem("the largest size of a response is %d bytes: it must be positive", bytes)
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

// WithStrictDecoding refuses responses that other clients might read otherwise or
// not at all: fields that are null where the specification does not say so, doubled or differ from a defined one by case
// only, bodies that are empty, begin with a byte order mark, are not UTF-8 or go
// on after the object, and a Content-Type that is not JSON.
//
// By default the client copes with all of these, as platforms do.
func WithStrictDecoding() Option {
	return func(s *settings) { s.client.strict = true }
}

// WithPollInterval sets the pause before the second poll of an operation and the
// longest one, up to which it doubles: one second and 30 seconds by default. A
// Retry-After of the broker takes precedence.
func WithPollInterval(first, longest time.Duration) Option {
	return func(s *settings) {
		if first <= 0 || longest < first {
			s.problem("the poll interval is %v to %v: both must be positive, the second not below the first", first, longest)
		}
		s.client.polling.first, s.client.polling.longest = first, longest
	}
}

// WithMaximumPollingDuration sets after which time an operation counts as failed
// whose plan does not say so itself: seven days by default, as in Cloud Foundry
// (spec.md, "Polling Interval and Duration").
func WithMaximumPollingDuration(limit time.Duration) Option {
	return func(s *settings) {
		if limit <= 0 {
			s.problem("the maximum polling duration is %v: it must be positive", limit)
		}
		s.client.polling.limit = limit
	}
}

// WithOrphanMitigation deletes in the background what a failed provision or bind
// may have left behind (spec.md, "Orphan Mitigation"). Call [Client.Close] before
// the process ends. Without this option [OrphanOf] says what may be left, and
// [Client.Mitigate] deletes it.
func WithOrphanMitigation(policy OrphanPolicy) Option {
	return func(s *settings) {
		if policy != OrphanPolicySpecification && policy != OrphanPolicyCloudFoundry {
			s.problem("the orphan policy is unknown: use client.OrphanPolicySpecification or client.OrphanPolicyCloudFoundry")
		}
		s.client.policy = policy
		s.client.orphans.enabled = true
	}
}

// WithLogger logs each request at level debug: call, status, duration and request
// identity. The deletion of orphans is logged at level warn.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) { s.client.logger = logger }
}

func (s *settings) build() error {
	if s.logins > 1 {
		s.problem("several logins are given: choose one of the user name in the address, WithBasicAuth, WithBearerToken and WithTokenSource")
	}
	transports := 0
	for _, given := range [...]bool{s.own != nil, s.transport != nil, s.roots != nil || s.cert != nil} {
		if given {
			transports++
		}
	}
	if transports > 1 {
		s.problem("WithHTTPClient, WithTransport and the certificates exclude each other: configure TLS in the transport that you pass")
	}
	if err := errors.Join(s.problems...); err != nil {
		return err
	}
	own := new(http.Client)
	if s.own != nil {
		*own = *s.own
	}
	// Every 3xx is an error. Following it would change the method, or carry the
	// credentials elsewhere.
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
