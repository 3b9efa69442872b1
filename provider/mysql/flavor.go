package mysql

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A flavor is a kind of server. Most statements are those of both kinds; this file has
// the others.
type flavor string

const (
	mariaDB flavor = "mariadb"
	mySQL   flavor = "mysql"
)

// The plugins by which bindings log in.
const (
	nativePassword      = "mysql_native_password" //nolint:gosec // G101: the name of a plugin.
	cachingSHA2Password = "caching_sha2_password" //nolint:gosec // G101: as above.
)

// connectionAdmin is the privilege to end the sessions of others.
func (f flavor) connectionAdmin() string {
	if f == mariaDB {
		return "CONNECTION ADMIN"
	}
	return "CONNECTION_ADMIN"
}

// identified returns the clause of CREATE USER and ALTER USER with the hash of a
// password. With the password itself, it would stand in clear in MariaDB's general, slow
// and binary log.
func (f flavor) identified(plugin, password string) string {
	hash := nativeHash(password)
	if plugin == cachingSHA2Password {
		hash = cachingSHA2Hash(password, newSalt())
	}
	if f == mariaDB {
		return "IDENTIFIED VIA " + plugin + " USING " + quoteText(hash)
	}
	return "IDENTIFIED WITH " + plugin + " AS " + quoteText(hash)
}

// defaultPlugin is the one that a server of the flavor has without configuration.
func (f flavor) defaultPlugin() string {
	if f == mariaDB {
		return nativePassword
	}
	return cachingSHA2Password
}

// limits returns the clauses of ALTER USER for the limits of a plan. A password that
// expires would stop an application, so it never does.
func (f flavor) limits(s PlanSettings) string {
	require := "NONE"
	if s.RequireTLS {
		require = "SSL"
	}
	limits := "REQUIRE " + require + " WITH MAX_USER_CONNECTIONS " + strconv.FormatInt(s.ConnectionLimit, 10)
	if f == mariaDB {
		limits += " MAX_STATEMENT_TIME " + strconv.FormatFloat(time.Duration(s.StatementTimeout).Seconds(), 'f', 3, 64)
	}
	return limits
}

// parseVersion returns the flavor and the number of a version as SELECT VERSION()
// returns it: 10.11.19-MariaDB-0+deb12u1, 5.5.5-10.6.1-MariaDB, 8.4.3 or 9.7.4-2.
func parseVersion(version string) (flavor, string, error) {
	kind := mySQL
	if strings.Contains(strings.ToLower(version), "mariadb") {
		kind, version = mariaDB, strings.TrimPrefix(version, "5.5.5-")
	}
	number, _, _ := strings.Cut(version, "-")
	first, rest, _ := strings.Cut(number, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, err := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	switch {
	case err != nil || err2 != nil:
		return "", "", fmt.Errorf("the server has the version %.80q, which is neither MariaDB's nor MySQL's", version)
	case kind == mariaDB && (major < 10 || major == 10 && minor < 6):
		return "", "", fmt.Errorf("the server is MariaDB %s: it must be 10.6 or newer", number)
	case kind == mySQL && major < 8:
		return "", "", fmt.Errorf("the server is MySQL %s: it must be 8.0 or newer", number)
	}
	return kind, number, nil
}
