package openbroker

import (
	"log/slog"
	"net/http"
	"time"
)

// minimumVersion is the oldest version that both openbrokerapi and Service Manager
// support.
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
	requestObserver       RequestObserver
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
		c.logger.Warn("no authentication is configured: everyone who can reach the broker can use it")
	}
	if c.skipVersionCheck {
		c.logger.Warn("the API version is not checked: platforms may speak an incompatible version")
	}
	return c
}

// WithAuthenticator makes a authenticate every request before any other check.
// Without this option the handler accepts every request and logs a warning. To
// accept every request on purpose, use None of package auth.
func WithAuthenticator(a Authenticator) Option {
	return func(c *config) { c.authenticator = a }
}

// WithLogger sets the logger for requests and errors, [slog.Default] by default.
// Each request is one record, with level Error for a 5xx and Info otherwise.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) { c.logger = logger }
}

// WithMinimumVersion sets the oldest accepted API version, 2.13 by default. The
// handler answers older ones with 412 Precondition Failed.
func WithMinimumVersion(v Version) Option {
	return func(c *config) { c.minimumVersion = v }
}

// WithMissingVersionAsUnsupported answers requests without the header
// X-Broker-API-Version with 412 Precondition Failed, as older conformance
// checkers expect, in place of 400 Bad Request.
func WithMissingVersionAsUnsupported() Option {
	return func(c *config) { c.missingVersionStatus = http.StatusPreconditionFailed }
}

// WithoutVersionCheck accepts every API version, also a malformed or missing one,
// and logs a warning.
func WithoutVersionCheck() Option {
	return func(c *config) { c.skipVersionCheck = true }
}

// WithoutOrganizationCheck accepts provision requests without organization_guid
// and space_guid from every platform.
func WithoutOrganizationCheck() Option {
	return func(c *config) { c.skipOrganizationCheck = true }
}

// WithPlatformPrefix serves /{platform}/v2/... and takes the caller's platform from
// the path segment before the first /v2/, so that each platform has its own URL. It
// answers a credential of another platform with 401.
func WithPlatformPrefix() Option {
	return func(c *config) { c.platformPrefix = true }
}

// WithMaxBodySize sets the maximum size of a request body in bytes, 1 MiB by
// default. The handler answers a larger body with 413.
func WithMaxBodySize(bytes int64) Option {
	return func(c *config) { c.maxBodySize = bytes }
}

// withClock sets the clock for durations and Last-Modified. Tests replace it.
func withClock(now func() time.Time) Option {
	return func(c *config) { c.now = now }
}
