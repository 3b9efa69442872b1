package settings

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

var _ encoding.TextUnmarshaler = (*Duration)(nil)

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

// A Directory is a [Path] of a directory that other users must not change.
type Directory string

// A URL is an address. Problems do not show its line, because it may have a password.
type URL string

// A Secret is a string that prints and logs as a placeholder. Convert it to string to
// use it.
type Secret string

const redacted = "[redacted]"

// Format writes a placeholder for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText returns a placeholder, also for structs that are logged as JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
