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

// A Duration is written as Go writes it: "15s", "1h30m".
type Duration time.Duration

// UnmarshalText reads a duration that is not negative.
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

// A URL is the address of something else. The line that it is on is not shown, since
// somebody may have put a password into it.
type URL string

// A Secret is a string that is never shown: printing or logging it gives a
// placeholder. Convert it to string to use it.
type Secret string

const redacted = "[redacted]"

// Format writes a placeholder, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// A Store says where records are kept. The zero value says nothing.
type Store struct {
	// SQLite is the path of a database file.
	SQLite Path
	// PostgreSQL is a connection URL, which may hold a password.
	PostgreSQL Secret
}

// UnmarshalText reads sqlite:PATH, postgres://... or postgresql://... .
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

// String returns the kind of the store, and the path of a file.
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
