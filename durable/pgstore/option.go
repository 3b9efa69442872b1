package pgstore

import (
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"
)

const (
	defaultSchema = "openbroker"
	// defaultTimeout is short: callers answer 503, and their clients try again.
	defaultTimeout = 5 * time.Second
	// maxSchema leaves room for the name of the channel in PostgreSQL's 63 bytes.
	maxSchema = 48
)

// An Option changes how [Open] works.
type Option func(*options)

type options struct {
	schema  string
	timeout time.Duration
	logger  *slog.Logger
}

// WithSchema sets the schema of the tables, a name of at most 48 bytes. The default
// is "openbroker". [Open] creates a missing schema. A role that cannot create
// schemas needs an existing one in which it can create tables.
func WithSchema(name string) Option {
	return func(o *options) { o.schema = name }
}

// WithTimeout bounds how long a call waits for the database: for a connection, and
// for the answer. The default is 5 s. A change that waits for other changes may
// take twice as long.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithLogger sets the logger for events in the background, such as a lost connection
// for notifications. The default discards them.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = logger }
}

// lockTimeout bounds how long a batch waits for a lock of another session.
func (o options) lockTimeout() time.Duration { return o.timeout / 20 }

func newOptions(set []Option) (options, error) {
	o := options{schema: defaultSchema, timeout: defaultTimeout, logger: slog.New(slog.DiscardHandler)}
	for _, option := range set {
		option(&o)
	}
	if o.schema == "" || len(o.schema) > maxSchema || !validText(o.schema) {
		return o, fmt.Errorf("pgstore: the name %q of the schema is invalid: use 1 to %d bytes of UTF-8", o.schema, maxSchema)
	}
	if o.timeout <= 0 {
		return o, fmt.Errorf("pgstore: the timeout %v is not positive", o.timeout)
	}
	return o, nil
}

// validText reports whether PostgreSQL can store a text.
func validText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] == 0 {
			return false
		}
	}
	return true
}
