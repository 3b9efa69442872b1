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

// TLS says how to speak HTTPS.
type TLS struct {
	Cert           Path `yaml:"cert" required:"true" doc:"PEM file of the certificate and intermediate ones; read again when it changes"`
	Key            Path `yaml:"key" required:"true" doc:"PEM file of the private key"`
	ClientCA       Path `yaml:"client_ca" doc:"PEM file of the authorities of client certificates, which are then required"`
	ClientOptional bool `yaml:"client_optional" default:"false" doc:"also let clients in that show no certificate, such as health probes; the authentication must refuse them"`
}

// Log says what is logged. Logs go to the standard error.
type Log struct {
	Level  string `yaml:"level" enum:"debug,info,warn,error" default:"info" doc:"lowest level that is logged"`
	Format string `yaml:"format" enum:"text,json" default:"text" doc:"key=value pairs, or an object per line"`
}

// API says how the Open Service Broker API is spoken.
type API struct {
	MinimumVersion          string `yaml:"minimum_version" default:"2.13" doc:"oldest version that is accepted; older ones get 412"`
	MissingVersionStatus    int    `yaml:"missing_version_status" enum:"400,412" default:"400" doc:"status for requests without a version; older conformance checkers expect 412"`
	SkipVersionCheck        bool   `yaml:"skip_version_check" default:"false" doc:"accept any version and none"`
	SkipOrganizationCheck   bool   `yaml:"skip_organization_check" default:"false" doc:"accept provision requests without organization_guid and space_guid"`
	SkipParameterValidation bool   `yaml:"skip_parameter_validation" default:"false" doc:"let parameters reach the provider unchecked; by default they are validated against the schemas of the catalog"`
	MaxBodySize             int    `yaml:"max_body_size" min:"1024" default:"1048576" doc:"bytes that a request body may have"`
	BodyBudget              int    `yaml:"body_budget" min:"1024" default:"33554432" doc:"bytes that the bodies of all requests together may have, at least max_body_size; what does not fit gets 503. Less by default in a container with less than 1 GiB of memory"`
}

// Shutdown says how the process stops.
type Shutdown struct {
	DrainDelay     Duration `yaml:"drain_delay" default:"0s" doc:"how long requests are still accepted while /readyz answers 503"`
	Grace          Duration `yaml:"grace" default:"20s" doc:"how long requests that are being answered may take"`
	OperationGrace Duration `yaml:"operation_grace" default:"5s" doc:"how long operations in the background may then go on, before they are left to another replica or the next start"`
}

// defaultMaxBodySize is that of [openbroker.WithMaxBodySize].
const defaultMaxBodySize = 1 << 20

// DefaultOperationGrace is that of Shutdown.
const DefaultOperationGrace = 5 * time.Second

// ServerConfig is the configuration of the HTTP side, without what is made elsewhere:
// authenticator, logger, checks.
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

// NewLogger returns a logger that writes everything to w.
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
		report("prefix", "must be a path such as /osb, without a slash at its end and without escapes")
	}
	if c.TLS != nil && c.TLS.ClientOptional && c.TLS.ClientCA == "" {
		report("tls.client_optional", "needs client_ca")
	}
}
