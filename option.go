package openbroker

import (
	"log/slog"
	"net/http"
	"time"
)

// minimumVersion is what openbrokerapi and Service Manager agree on.
var minimumVersion = Version{Major: 2, Minor: 13}

const defaultMaxBodySize = 1 << 20

// An Option configures [NewHandler] and [Middleware].
type Option func(*config)

type config struct {
	authenticator         Authenticator
	logger                *slog.Logger
	minimumVersion        Version
	missingVersionStatus  int
	skipVersionCheck      bool
	skipOrganizationCheck bool
	platformPrefix        bool
	maxBodySize           int64
	parameterValidator    ParameterValidator
	now                   func() time.Time
}

func newConfig(options []Option) *config {
	c := &config{
		minimumVersion:       minimumVersion,
		missingVersionStatus: http.StatusBadRequest,
		maxBodySize:          defaultMaxBodySize,
	}
	withClock(time.Now)(c)
	for _, option := range options {
		option(c)
	}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	if c.authenticator == nil {
		c.logger.Warn("no authentication is set: anyone who reaches the broker can use it")
	}
	if c.skipVersionCheck {
		c.logger.Warn("the API version is not checked: platforms may speak another protocol")
	}
	return c
}

// WithAuthenticator makes a decide about every request, before anything else
// about it is looked at. Without this option everyone is let in, and a warning
// is logged. To let everyone in on purpose, package auth has None.
func WithAuthenticator(a Authenticator) Option {
	return func(c *config) { c.authenticator = a }
}

// WithLogger sets where requests and errors are logged; [slog.Default] is used
// otherwise. A request is one record: Info, or Error for a 5xx.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) { c.logger = logger }
}

// WithMinimumVersion sets the oldest API version that is accepted, 2.13 by
// default. Older ones are answered with 412 Precondition Failed.
func WithMinimumVersion(v Version) Option {
	return func(c *config) { c.minimumVersion = v }
}

// WithMissingVersionAsUnsupported answers requests without the header
// X-Broker-API-Version with 412 Precondition Failed, as older conformance
// checkers expect, in place of 400 Bad Request.
func WithMissingVersionAsUnsupported() Option {
	return func(c *config) { c.missingVersionStatus = http.StatusPreconditionFailed }
}

// WithoutVersionCheck accepts requests with any API version, a malformed one or
// none. A warning is logged.
func WithoutVersionCheck() Option {
	return func(c *config) { c.skipVersionCheck = true }
}

// WithoutOrganizationCheck accepts provision requests without organization_guid
// and space_guid from every platform.
func WithoutOrganizationCheck() Option {
	return func(c *config) { c.skipOrganizationCheck = true }
}

// WithPlatformPrefix serves /{platform}/v2/... and makes the path segment before
// the first /v2/ the platform of the caller, so that one broker serves several
// platforms by URL. A credential that belongs to another platform is answered
// with 401.
func WithPlatformPrefix() Option {
	return func(c *config) { c.platformPrefix = true }
}

// WithMaxBodySize sets how many bytes a request body may have, 1 MiB by
// default. Larger ones are answered with 413.
func WithMaxBodySize(bytes int64) Option {
	return func(c *config) { c.maxBodySize = bytes }
}

// withClock sets the clock for durations and Last-Modified. Tests replace it.
func withClock(now func() time.Time) Option {
	return func(c *config) { c.now = now }
}
