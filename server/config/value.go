package config

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

var (
	_ encoding.TextUnmarshaler = (*Duration)(nil)
	_ encoding.TextUnmarshaler = (*Store)(nil)
)

// A Duration is a duration in the notation of Go: "15s", "1h30m".
type Duration time.Duration

// UnmarshalText parses a duration that is not negative.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return errors.New(`must be a duration, such as "15s" or "1h30m"`)
	}
	*d = Duration(parsed)
	return nil
}

const durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`

// A Path names a file or a directory.
type Path string

// A URL is the address of another server. Errors do not show its line, because a URL
// may contain a password.
type URL string

// A Secret is a string that prints and logs as a placeholder. Convert it to string to
// use it.
type Secret string

const redacted = "[redacted]"

// Format writes a placeholder for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

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
