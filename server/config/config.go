package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/internal/settings"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/seal"
)

// A Config is the configuration file. Relative paths in it are relative to its
// directory; after [Load] they are absolute.
type Config struct {
	Listen         string      `yaml:"listen" default:"127.0.0.1:8080" doc:"host:port to listen on: :8080 for all interfaces, port 0 for a free one"`
	Prefix         string      `yaml:"prefix" doc:"the path under which the broker is served, such as /osb; by default any path"`
	MaxConnections int         `yaml:"max_connections" min:"1" default:"4096" doc:"limit of open connections, or half the limit of open files if that is less; at the limit, new connections replace idle ones"`
	PlatformPrefix bool        `yaml:"platform_prefix" default:"false" doc:"serve /{platform}/v2/... and take the platform from the path"`
	TLS            *TLS        `yaml:"tls" doc:"serve HTTPS; plain HTTP by default"`
	Auth           *Auth       `yaml:"auth" doc:"who may call the broker; by default the user openbroker with a generated password, which is kept in the data directory"`
	Data           Path        `yaml:"data" doc:"directory for everything without a path of its own; openbroker-data in the working directory by default"`
	Store          Store       `yaml:"store" doc:"sqlite:PATH, or postgres://... for several replicas; openbroker.db in the data directory by default"`
	Encryption     *Encryption `yaml:"encryption" doc:"the encryption keys of stored data; by default keyset.json in the data directory, which is generated"`
	Log            Log         `yaml:"log" doc:"level and format of the log on the standard error"`
	API            API         `yaml:"api" doc:"settings of the Open Service Broker API"`
	Provider       *Provider   `yaml:"provider" doc:"the provider of the services: the settings of exactly one, under its name"`
	Providers      Providers   `yaml:"providers" doc:"several providers in place of one, each under a name of its own; services of the catalog file have that name in their field provider"`
	Upstream       *Upstream   `yaml:"upstream" doc:"another broker that receives the calls, in place of a provider"`
	Engine         Engine      `yaml:"engine" doc:"how the engine runs operations"`
	Policies       Policies    `yaml:"policies" doc:"how the engine runs the operations of single plans"`
	Catalog        *Catalog    `yaml:"catalog" doc:"the catalog, and changes to it; by default that of the provider"`
	Console        *Console    `yaml:"console" doc:"web pages for operators; off by default, but on at 127.0.0.1:8081 without a configuration file"`
	Shutdown       Shutdown    `yaml:"shutdown" doc:"how the process stops"`
	Telemetry      Telemetry   `yaml:"telemetry" doc:"metrics for Prometheus; the OTEL_* environment variables configure OTLP"`

	Audit Audit `yaml:"audit" doc:"the audit trail: who did what; it is always in the store"`

	document  *settings.Document
	providers *provider.Set
}

// Encryption configures the keyset: either a file or the keyset itself.
type Encryption struct {
	KeysetFile Path   `yaml:"keyset_file" doc:"file with the keyset, mode 0600; generated if it does not exist and the store is empty"`
	Keyset     Secret `yaml:"keyset" doc:"the keyset itself, in JSON, such as ${env:OPENBROKER_KEYSET}"`
	GroupRead  bool   `yaml:"group_read" default:"false" doc:"accept a keyset file that its group can read, as Kubernetes mounts secrets"`
}

// check reports problems that depend on more than the type of a field. It skips
// sections with unresolved references.
func (c *Config) check(report reporter) {
	if c.Listen != "" {
		if err := CheckListen(c.Listen); err != nil {
			report("listen", "%v", err)
		}
	}
	c.Telemetry.check(report, c.Listen)
	c.Audit.check(report)
	if c.Store.PostgreSQL != "" {
		if err := CheckStore(c.Store); err != nil {
			report("store", "%v", err)
		}
	}
	if c.Auth != nil && c.Unresolved("auth") == nil {
		c.Auth.check(report, c.TLS)
	}
	if e := c.Encryption; e != nil && c.Unresolved("encryption") == nil {
		e.check(report)
	}
	c.checkProviders(report)
	if c.Catalog != nil {
		c.Catalog.check(report)
	}
	if c.Upstream != nil {
		c.Upstream.check(report, c)
	}
	if c.Console != nil && c.Unresolved("console") == nil {
		c.Console.check(report, c)
	}
	if c.Unresolved("tls") == nil {
		c.checkServer(report)
	}
}

func (e *Encryption) check(report reporter) {
	if (e.KeysetFile == "") == (e.Keyset == "") {
		report("encryption", "needs either keyset_file or keyset")
		return
	}
	if e.Keyset != "" {
		if _, err := seal.Parse([]byte(e.Keyset)); err != nil {
			report("encryption.keyset", "is not usable: %v", plain(err))
		}
	}
}

// CheckStore checks the URL of a store without opening the store. The error does not
// contain parts of the URL.
func CheckStore(store Store) error {
	if store.PostgreSQL == "" {
		return nil
	}
	if err := pgstore.CheckDSN(string(store.PostgreSQL)); err != nil {
		return fmt.Errorf("is not usable: %w", plain(err))
	}
	return nil
}

// plain returns the error without the prefix of its package, which does not help the
// author of a configuration.
func plain(err error) error {
	text := err.Error()
	for _, name := range [...]string{"pgstore: ", "seal: ", "auth: ", "server: "} {
		if rest, found := strings.CutPrefix(text, name); found {
			return errors.New(rest)
		}
	}
	return err
}

const likeAddress = "must be host:port, such as 127.0.0.1:8080 or :8080"

// CheckListen returns an error unless address is host:port.
func CheckListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if bare, isNumber := strconv.ParseUint(address, 10, 64); isNumber == nil && bare <= 65535 {
		return fmt.Errorf("%s: for port %d of all interfaces, write :%[2]d", likeAddress, bare)
	} else if isNumber == nil {
		port, err = address, nil
	}
	number, noNumber := strconv.ParseUint(port, 10, 64)
	switch {
	case err != nil:
		return errors.New(likeAddress)
	case noNumber != nil:
		return errors.New(likeAddress + ": the port must be a number")
	case number > 65535:
		return fmt.Errorf("has the port %d: ports are from 0 to 65535", number)
	default:
		return nil
	}
}

// A reporter reports a problem of the field at a path.
type reporter func(path, format string, args ...any)
