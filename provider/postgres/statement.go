package postgres

import (
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgreSQL takes no parameters in statements that define roles and databases.

// identifier quotes the name of a role, a database or a schema.
func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// identifiers quotes several names for a list.
func identifiers(list []string) string {
	quoted := make([]string, len(list))
	for i, name := range list {
		quoted[i] = identifier(name)
	}
	return strings.Join(quoted, ", ")
}

// literal quotes a string. Sessions of the broker have standard_conforming_strings on,
// so that a backslash is an ordinary character.
func literal(text string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(text, "\x00", ""), "'", "''") + "'"
}

// milliseconds writes a duration as a setting.
func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// validUntil writes a time for VALID UNTIL; zero means for ever.
func validUntil(t time.Time) string {
	if t.IsZero() {
		return "'infinity'"
	}
	return literal(t.UTC().Format("2006-01-02 15:04:05-07"))
}

// searchPath is that of a login whose instance is a schema.
func searchPath(n names) string { return identifier(n.home) + ", public" }
