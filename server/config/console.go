package config

import (
	"fmt"
	"net"
	"slices"

	"github.com/openbroker/openbroker/console"
)

// DefaultConsole is where the console of a broker without a configuration file listens,
// and the default of Console.Listen.
const DefaultConsole = "127.0.0.1:8081"

// Console configures the web pages for operators.
type Console struct {
	Listen         string       `yaml:"listen" default:"127.0.0.1:8081" doc:"host:port to listen on; on an address that other machines reach, the console has the certificate of tls"`
	OIDC           *ConsoleOIDC `yaml:"oidc" doc:"login by OpenID Connect; by default users log in with the credentials of auth"`
	Operators      []string     `yaml:"operators" doc:"names of users who may act, or * for all, or with oidc group:NAME; by default all, if the credentials are those of one platform"`
	Viewers        []string     `yaml:"viewers" doc:"names of users who may only look, or * for all, or with oidc group:NAME; users who are neither are refused"`
	Hosts          []string     `yaml:"hosts" doc:"names under which browsers reach the console, without ports, in addition to localhost, 127.0.0.1 and the host of listen"`
	TrustedOrigins []string     `yaml:"trusted_origins" doc:"origins such as https://console.example.com; needed behind a proxy that changes the Host header"`
}

// Address returns where the console listens.
func (c *Console) Address() string {
	if c.Listen == "" {
		return DefaultConsole
	}
	return c.Listen
}

// Local reports whether only this machine reaches the console.
func (c *Console) Local() bool {
	host, _, err := net.SplitHostPort(c.Address())
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// Names returns Hosts with the host of Listen, unless that is all interfaces.
func (c *Console) Names() []string {
	names := slices.Clone(c.Hosts)
	host, _, err := net.SplitHostPort(c.Address())
	if ip := net.ParseIP(host); err == nil && host != "" && (ip == nil || !ip.IsUnspecified()) {
		names = append(names, host)
	}
	return names
}

func (c *Console) check(report reporter, all *Config) {
	if c.Listen != "" {
		if err := CheckListen(c.Listen); err != nil {
			report("console.listen", "%v", err)
		}
	}
	if all.Listen != "" && c.Address() == all.Listen {
		report("console.listen", "is the address of the broker: choose another port")
	}
	for i, host := range c.Hosts {
		if err := console.CheckHost(host); err != nil {
			report(fmt.Sprintf("console.hosts[%d]", i), "%v", err)
		}
	}
	for i, origin := range c.TrustedOrigins {
		if err := console.CheckOrigin(origin); err != nil {
			report(fmt.Sprintf("console.trusted_origins[%d]", i), "%v", err)
		}
	}
	for list, entries := range map[string][]string{"operators": c.Operators, "viewers": c.Viewers} {
		for i, entry := range entries {
			if err := console.CheckRole(entry, c.OIDC != nil); err != nil {
				report(fmt.Sprintf("console.%s[%d]", list, i), "%v", err)
			}
		}
	}
	switch {
	case all.Upstream != nil:
		report("console", "shows records, and a process with upstream keeps none: remove console")
	case c.OIDC != nil:
		c.checkLogin(report, all)
	case all.Auth == nil || all.Unresolved("auth") != nil:
	case all.Auth.None:
		report("console", "needs users who log in, and auth.none accepts everyone: remove one of them")
	case len(c.Operators)+len(c.Viewers) == 0 && !all.Auth.onePlatform():
		report("console", "needs operators or viewers: by default every user of the broker could see and change the records of all platforms")
	}
}

// onePlatform reports whether all credentials certainly belong to one platform.
func (a *Auth) onePlatform() bool {
	if a.CredentialsFile != "" || len(a.Bearer)+len(a.ClientCert)+len(a.Proxy) > 0 {
		return false
	}
	for _, c := range a.Basic {
		if c.Platform != a.Basic[0].Platform {
			return false
		}
	}
	return true
}
