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
	// maxSchema leaves room in PostgreSQL's 63 bytes for the channel's name.
	maxSchema = 48
)

// An Option changes how [Open] works.
type Option func(*options)

type options struct {
	schema  string
	timeout time.Duration
	logger  *slog.Logger
}

// WithSchema names the schema that holds the tables, of at most 48 bytes. The
// default is "openbroker". It is created if it is missing; a role that may not
// create schemas needs one that exists, in which it may create tables.
func WithSchema(name string) Option {
	return func(o *options) { o.schema = name }
}

// WithTimeout bounds how long a call waits for the database: for a connection,
// and for the answer. The default is 5 s. A change that waited for others may
// take twice as long.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithLogger receives what happens in the background, such as the loss of the
// connection for notifications. The default is to discard it.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = logger }
}

// lockTimeout bounds how long changes that are made together wait for a lock that
// somebody else has.
func (o options) lockTimeout() time.Duration { return o.timeout / 20 }

func newOptions(set []Option) (options, error) {
	o := options{schema: defaultSchema, timeout: defaultTimeout, logger: slog.New(slog.DiscardHandler)}
	for _, option := range set {
		option(&o)
	}
	if o.schema == "" || len(o.schema) > maxSchema || !validText(o.schema) {
		return o, fmt.Errorf("pgstore: the schema's name %q is not usable: use 1 to %d bytes of UTF-8", o.schema, maxSchema)
	}
	if o.timeout <= 0 {
		return o, fmt.Errorf("pgstore: the timeout %v is not positive", o.timeout)
	}
	return o, nil
}

// validText tells whether PostgreSQL can store a text.
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
