package config

import (
	"encoding"
	"errors"
	"strings"

	"github.com/openbroker/openbroker/internal/settings"
)

var _ encoding.TextUnmarshaler = (*Store)(nil)

type (
	// A Duration is written as in Go: "15s", "1h30m".
	Duration = settings.Duration
	// A Path names a file or a directory.
	Path = settings.Path
	// A URL is an address. Errors do not show its line, because it may have a password.
	URL = settings.URL
	// A Secret is a string that is never shown: printing or logging it gives a
	// placeholder. Convert it to string to use it.
	Secret = settings.Secret
)

// A Store is the location of the records. The zero value means the default.
type Store struct {
	// SQLite is the path of a database file.
	SQLite Path
	// PostgreSQL is a connection URL, which may contain a password.
	PostgreSQL Secret
}

// UnmarshalText parses sqlite:PATH, postgres://... or postgresql://... .
func (s *Store) UnmarshalText(text []byte) error {
	scheme, rest, _ := strings.Cut(string(text), ":")
	switch {
	case scheme == "sqlite" && rest != "" && !strings.HasPrefix(rest, "//"):
		*s = Store{SQLite: Path(rest)}
	case (scheme == "postgres" || scheme == "postgresql") && strings.HasPrefix(rest, "//"):
		*s = Store{PostgreSQL: Secret(text)}
	default:
		return errors.New("must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	return nil
}

// String returns the kind of the store, with the path of a SQLite file.
func (s Store) String() string {
	switch {
	case s.PostgreSQL != "":
		return "PostgreSQL"
	case s.SQLite != "":
		return "sqlite:" + string(s.SQLite)
	default:
		return ""
	}
}

// hasPassword reports whether the unresolved text of a store contains a password.
func hasPassword(store string) bool {
	user, _, found := strings.Cut(store, "@")
	return found && strings.Count(user, ":") > 1 || strings.Contains(store, "password=")
}
