package credential

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The profiles of credentials: keys for consumers that do not know those of the table in
// docs/services. ProfileJDBC has a key that file-based bindings refuse, so no plan has
// it by default.
const (
	// ProfileJDBC adds "jdbcUrl", which java-cfenv reads, and "jdbc-url", which Spring
	// Cloud Bindings reads.
	ProfileJDBC = "jdbc"
	// ProfileTanzu adds "db", "user" and "hosts", as the services of Tanzu have them.
	ProfileTanzu = "tanzu"
	// ProfileRootCert adds "sslrootcert" if there is "certificates": the name of that
	// key, because Spring Cloud Bindings takes it for a file beside its own.
	ProfileRootCert = "sslrootcert"
)

// Profiles returns the names of all profiles.
func Profiles() []string { return []string{ProfileJDBC, ProfileTanzu, ProfileRootCert} }

// CheckProfiles returns an error unless all names are those of profiles, each once.
func CheckProfiles(names []string) error {
	for i, name := range names {
		if !slices.Contains(Profiles(), name) {
			return fmt.Errorf("has %.40q, which is unknown: the profiles are %s", name, strings.Join(Profiles(), ", "))
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("has %q twice", name)
		}
	}
	return nil
}

// A SQLDatabase is what profiles need to know.
type SQLDatabase struct {
	// Subprotocol is that of JDBC: "postgresql" or "mysql".
	Subprotocol string
	// Hosts are at least one, with their ports.
	Hosts              []Host
	Name               string
	Username, Password string
	// Options are the parameters of the JDBC driver besides user and password.
	Options map[string]string
}

// A Host is an address of a server.
type Host struct {
	Name string
	Port int
}

// String returns the address with its port, an IPv6 address in brackets.
func (h Host) String() string { return net.JoinHostPort(h.Name, strconv.Itoa(h.Port)) }

// JoinHosts returns the addresses of several servers, as URIs have them.
func JoinHosts(hosts []Host) string {
	all := make([]string, len(hosts))
	for i, host := range hosts {
		all[i] = host.String()
	}
	return strings.Join(all, ",")
}

// AddProfiles adds the keys of the profiles to credentials that have those of the table.
// It ignores unknown names, which CheckProfiles excludes.
func AddProfiles(credentials map[string]any, profiles []string, database SQLDatabase) {
	for _, profile := range profiles {
		switch profile {
		case ProfileJDBC:
			credentials["jdbcUrl"] = database.jdbcURL()
			credentials["jdbc-url"] = credentials["jdbcUrl"]
		case ProfileTanzu:
			hosts := make([]string, len(database.Hosts))
			for i, host := range database.Hosts {
				hosts[i] = host.Name
			}
			credentials["db"], credentials["user"], credentials["hosts"] = database.Name, database.Username, hosts
		case ProfileRootCert:
			if credentials["certificates"] != nil {
				credentials["sslrootcert"] = "certificates"
			}
		}
	}
}

func (d SQLDatabase) jdbcURL() string {
	parameters := url.Values{"user": {d.Username}, "password": {d.Password}}
	for name, value := range d.Options {
		parameters.Set(name, value)
	}
	return "jdbc:" + d.Subprotocol + "://" + JoinHosts(d.Hosts) + "/" + url.PathEscape(d.Name) + "?" + parameters.Encode()
}
