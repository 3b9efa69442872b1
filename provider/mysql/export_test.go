package mysql

import (
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// For tests of statements against servers, and of formats against published examples.
var (
	CachingSHA2Hash = cachingSHA2Hash
	NativeHash      = nativeHash
	NewSalt         = newSalt
	ShaCrypt        = shaCrypt
	ParseVersion    = func(version string) (kind, number string, err error) {
		f, number, err := parseVersion(version)
		return string(f), number, err
	}
	MatchesPattern = matchesPattern
)

// GrantStatement grants everything on a database to an account.
func GrantStatement(user, host, database string) string {
	return grantStatement(account{user, host}, database, parameters.ReadWrite)
}

// Identified returns the clause with the hash of a password.
func Identified(kind, plugin, password string) string {
	return flavor(kind).identified(plugin, password)
}

// Limits returns the clauses with the limits of a plan.
func Limits(kind string, s PlanSettings) string { return flavor(kind).limits(s) }

// ParseGrant reads a line of SHOW GRANTS.
func ParseGrant(line string) (privileges []string, object string, mayGrant, ok bool) {
	g, ok := parseGrant(line)
	return g.privileges, g.object, g.mayGrant, ok
}

// CheckSettings returns what is wrong with settings.
func CheckSettings(s Settings) error { return s.check() }

// ParseURL returns the hosts, the user, the password and the mode of TLS in a URL.
func ParseURL(text string) (hosts []string, user, password, mode string, err error) {
	a, err := parseURL(text)
	for _, h := range a.hosts {
		hosts = append(hosts, h.String())
	}
	return hosts, a.user, a.password, a.mode, err
}
