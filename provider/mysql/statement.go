package mysql

import (
	"strings"

	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// quoteName quotes the name of a database, a table or a routine.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

var patternEscaper = strings.NewReplacer(`\`, `\\`, `_`, `\_`, `%`, `\%`)

// pattern returns the name of a database as GRANT, REVOKE and the table mysql.db have
// it. They take _ and % for wildcards, so a grant on a_b would open aXb too.
func pattern(database string) string { return patternEscaper.Replace(database) }

var textEscaper = strings.NewReplacer(`\`, `\\`, `'`, `''`)

// quoteText quotes a text. Sessions of the broker have a sql_mode in which the backslash
// escapes.
func quoteText(text string) string { return "'" + textEscaper.Replace(text) + "'" }

// anyHost is the host of the broker's accounts.
const anyHost = "%"

// An account is a row of mysql.user. Two accounts can have one user name and different
// hosts; then the one with the more specific host wins at logins.
type account struct{ user, host string }

// String returns the account as statements have it. A role of MariaDB has no host.
func (a account) String() string {
	if a.host == "" {
		return quoteText(a.user)
	}
	return quoteText(a.user) + "@" + quoteText(a.host)
}

// definer returns the account as information_schema has it in its columns DEFINER.
func (a account) definer() string { return a.user + "@" + a.host }

// The privileges of bindings on the database of their instance. ALL would add EVENT,
// whose sessions no limit of a plan bounds, and what later versions invent. DROP cannot
// be left out: it covers the tables and the database.
var (
	writePrivileges = []string{
		"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER", "CREATE TEMPORARY TABLES",
		"LOCK TABLES", "EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "TRIGGER",
	}
	// Without EXECUTE, because a routine writes with the privileges of its definer.
	readPrivileges = []string{"SELECT", "SHOW VIEW"}
)

func privilegesOf(mode string) []string {
	if mode == parameters.ReadOnly {
		return readPrivileges
	}
	return writePrivileges
}

func grantStatement(a account, database, mode string) string {
	return "GRANT " + strings.Join(privilegesOf(mode), ", ") + " ON " + quoteName(pattern(database)) + ".* TO " + a.String()
}

func createDatabaseStatement(database string, s PlanSettings) string {
	statement := "CREATE DATABASE IF NOT EXISTS " + quoteName(database) + " CHARACTER SET " + s.Charset
	if s.Collation != "" {
		statement += " COLLATE " + s.Collation
	}
	return statement
}
