package config

import (
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// TLS configures HTTPS.
type TLS struct {
	Cert           Path `yaml:"cert" required:"true" doc:"PEM file with the certificate and intermediate certificates; read again when it changes"`
	Key            Path `yaml:"key" required:"true" doc:"PEM file with the private key"`
	ClientCA       Path `yaml:"client_ca" doc:"PEM file with the certificate authorities of clients; client certificates are then required"`
	ClientOptional bool `yaml:"client_optional" default:"false" doc:"also accept connections without a client certificate, for example of health probes; auth must refuse requests without credentials"`
}

// Log configures the log, which goes to the standard error.
type Log struct {
	Level  string `yaml:"level" enum:"debug,info,warn,error" default:"info" doc:"lowest logged level"`
	Format string `yaml:"format" enum:"text,json" default:"text" doc:"key=value pairs, or one JSON object per line"`
}

// API configures the Open Service Broker API.
type API struct {
	MinimumVersion          string `yaml:"minimum_version" default:"2.13" doc:"oldest accepted API version; older ones get 412"`
	MissingVersionStatus    int    `yaml:"missing_version_status" enum:"400,412" default:"400" doc:"status for requests without an API version; older conformance checkers expect 412"`
	SkipVersionCheck        bool   `yaml:"skip_version_check" default:"false" doc:"accept every API version, also a missing one"`
	SkipOrganizationCheck   bool   `yaml:"skip_organization_check" default:"false" doc:"accept provision requests without organization_guid and space_guid"`
	SkipParameterValidation bool   `yaml:"skip_parameter_validation" default:"false" doc:"pass parameters to the provider unchecked; by default they are validated against the schemas of the catalog"`
	MaxBodySize             int    `yaml:"max_body_size" min:"1024" default:"1048576" doc:"maximum size of a request body, in bytes"`
	BodyBudget              int    `yaml:"body_budget" min:"1024" default:"33554432" doc:"maximum total size of the bodies of all requests in progress, in bytes, at least max_body_size; requests beyond it get 503. The default is lower in a container with less than 1 GiB of memory"`
}

// Shutdown configures how the process stops.
type Shutdown struct {
	DrainDelay     Duration `yaml:"drain_delay" default:"0s" doc:"how long the server still accepts requests while /readyz answers 503"`
	Grace          Duration `yaml:"grace" default:"20s" doc:"how long requests in progress may then take"`
	OperationGrace Duration `yaml:"operation_grace" default:"5s" doc:"how long background operations may then take, before another replica or the next start resumes them"`
}

// defaultMaxBodySize is the default of [openbroker.WithMaxBodySize].
const defaultMaxBodySize = 1 << 20

// DefaultOperationGrace is the default of Shutdown.OperationGrace.
const DefaultOperationGrace = 5 * time.Second

// ServerConfig returns the configuration of the server, without Authenticator, Logger
// and ReadinessChecks.
func (c *Config) ServerConfig() server.Config {
	s := server.Config{
		Address: c.Listen, Prefix: c.Prefix,
		DrainDelay: time.Duration(c.Shutdown.DrainDelay), ShutdownGrace: time.Duration(c.Shutdown.Grace),
		SkipParameterValidation: c.API.SkipParameterValidation,
		MaxConnections:          c.MaxConnections, BodyBudget: int64(c.API.BodyBudget),
	}
	if c.TLS != nil {
		s.TLS = &server.TLS{
			CertFile: string(c.TLS.Cert), KeyFile: string(c.TLS.Key),
			ClientCAFile: string(c.TLS.ClientCA), ClientCertOptional: c.TLS.ClientOptional,
		}
	}
	add := func(option openbroker.Option) { s.Options = append(s.Options, option) }
	if c.PlatformPrefix {
		add(openbroker.WithPlatformPrefix())
	}
	if version, err := openbroker.ParseVersion(c.API.MinimumVersion); err == nil {
		add(openbroker.WithMinimumVersion(version))
	}
	if c.API.MissingVersionStatus == http.StatusPreconditionFailed {
		add(openbroker.WithMissingVersionAsUnsupported())
	}
	if c.API.SkipVersionCheck {
		add(openbroker.WithoutVersionCheck())
	}
	if c.API.SkipOrganizationCheck {
		add(openbroker.WithoutOrganizationCheck())
	}
	if c.API.MaxBodySize != 0 {
		add(openbroker.WithMaxBodySize(int64(c.API.MaxBodySize)))
	}
	return s
}

// NewLogger returns a logger that writes all levels to w.
func (c *Config) NewLogger(w io.Writer) (*slog.Logger, error) {
	level := slog.LevelInfo
	if c.Log.Level != "" {
		if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
			return nil, err
		}
	}
	return server.NewLogger(server.LogConfig{Level: level, Format: server.LogFormat(c.Log.Format), Stdout: w, Stderr: w})
}

func (c *Config) checkServer(report reporter) {
	if c.API.MinimumVersion != "" {
		if version, err := openbroker.ParseVersion(c.API.MinimumVersion); err != nil || version.Major != 2 {
			report("api.minimum_version", `must be a version of the API, such as "2.13"`)
		}
	}
	if budget := c.API.BodyBudget; budget != 0 && budget < cmp.Or(c.API.MaxBodySize, defaultMaxBodySize) {
		report("api.body_budget", "must be at least api.max_body_size, which is %d", cmp.Or(c.API.MaxBodySize, defaultMaxBodySize))
	}
	if p := c.Prefix; p != "" && (!strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || strings.Contains(p, "//") || strings.ContainsAny(p, "?#% ")) {
		report("prefix", "must be a path such as /osb, without a slash at the end and without escapes")
	}
	if c.TLS != nil && c.TLS.ClientOptional && c.TLS.ClientCA == "" {
		report("tls.client_optional", "needs client_ca")
	}
}
