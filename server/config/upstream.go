package config

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
	"github.com/openbroker/openbroker/upstream"
)

// Upstream is another broker that receives the calls. It replaces the provider, the
// engine and the store.
type Upstream struct {
	URL            URL      `yaml:"url" doc:"URL of the broker without /v2, such as https://broker.internal"`
	Username       string   `yaml:"username" doc:"user name for the broker"`
	Password       Secret   `yaml:"password" doc:"password of the user, such as ${env:UPSTREAM_PASSWORD} or ${file:/run/secrets/upstream}"`
	CA             Path     `yaml:"ca" doc:"PEM file with trusted certificate authorities, in place of those of the system"`
	APIVersion     string   `yaml:"api_version" default:"2.17" doc:"API version that is sent to the broker, for brokers that refuse 2.17"`
	Mode           string   `yaml:"mode" default:"report" doc:"how to treat responses that violate the specification: report passes on their most likely meaning, enforce responds with 502; both log the clause"`
	RequestTimeout Duration `yaml:"request_timeout" default:"60s" doc:"time limit of a request to the broker"`
	Rate           int      `yaml:"rate" default:"0" doc:"calls a second that each platform may make; more get 429. 0 means no limit"`
	CatalogMaxAge  Duration `yaml:"catalog_max_age" default:"1m" doc:"how long a catalog is served before the broker is asked for changes"`
}

func (u *Upstream) check(report reporter, c *Config) {
	address, err := url.Parse(string(u.URL))
	switch {
	case u.URL == "":
		report("upstream.url", "is missing: set the URL of the broker, such as https://broker.internal")
	case err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "":
		report("upstream.url", "must be http:// or https:// with a host, such as https://broker.internal")
	case address.User != nil:
		report("upstream.url", "must not contain a login: use username and password")
	}
	if (u.Username == "") != (u.Password == "") {
		report("upstream", "needs both username and password, or neither")
	}
	if u.APIVersion != "" {
		if _, err := openbroker.ParseVersion(u.APIVersion); err != nil {
			report("upstream.api_version", "%v", err)
		}
	}
	if u.Mode != "" && u.Mode != "report" && u.Mode != "enforce" {
		report("upstream.mode", "must be report or enforce")
	}
	if u.RequestTimeout < 0 || u.CatalogMaxAge < 0 || u.Rate < 0 {
		report("upstream", "durations and the rate must not be negative")
	}
	for name, given := range map[string]bool{
		"provider": c.Provider != nil, "providers": c.Providers != nil, "catalog": c.Catalog != nil, "policies": !reflect.ValueOf(c.Policies).IsZero(), "encryption": c.Encryption != nil, "store": c.Store != (Store{}),
	} {
		if given {
			report(name, "has no effect with upstream, whose broker keeps its own state: remove either")
		}
	}
}

// Broker returns a broker that passes calls on to the other broker. The error names the
// invalid key.
func (u *Upstream) Broker(logger *slog.Logger) (*upstream.Broker, error) {
	timeout := time.Duration(u.RequestTimeout)
	if timeout == 0 {
		timeout = time.Minute
	}
	options := []client.Option{client.WithRequestTimeout(timeout), client.WithLogger(logger)}
	if u.Username != "" {
		options = append(options, client.WithBasicAuth(u.Username, string(u.Password)))
	}
	if u.APIVersion != "" {
		version, err := openbroker.ParseVersion(u.APIVersion)
		if err != nil {
			return nil, fmt.Errorf("upstream.api_version: %w", err)
		}
		options = append(options, client.WithAPIVersion(version))
	}
	if u.CA != "" {
		content, err := os.ReadFile(string(u.CA))
		if err != nil {
			return nil, fmt.Errorf("upstream.ca: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("upstream.ca: %s has no certificate in PEM", u.CA)
		}
		options = append(options, client.WithRootCAs(roots))
	}
	c, err := client.New(string(u.URL), options...)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	mode := upstream.Report
	if u.Mode == "enforce" {
		mode = upstream.Enforce
	}
	return upstream.New(upstream.Config{Client: c, Mode: mode, Logger: logger, CatalogMaxAge: time.Duration(u.CatalogMaxAge), Rate: float64(u.Rate)})
}
