package sqlitestore

import (
	"time"

	"github.com/openbroker/openbroker/durable/internal/sqliteoptions"
)

// An Option changes how [Open] and [Attach] work. Make one with a function of this
// package.
type Option func(*sqliteoptions.Options)

func newOptions(set []Option) sqliteoptions.Options {
	o := sqliteoptions.Options{Now: time.Now}
	for _, option := range set {
		option(&o)
	}
	return o
}

// WithNewStore lets [Open] create a database where one is missing. Without it, Open
// returns an error if the lock file says that a database existed.
func WithNewStore() Option {
	return func(o *sqliteoptions.Options) { o.New = true }
}

// WithAdoption lets [Open] accept a database that lacks acknowledged changes. Open
// reads the whole database first, and refuses a damaged one. The audit trail goes on in a
// new chain.
func WithAdoption() Option {
	return func(o *sqliteoptions.Options) { o.Adopt = true }
}

// WithExclusiveLock makes [Attach] take the lock on the database, as [Open] always
// does. Attach fails if a broker holds the lock. Other processes cannot open the
// database until the store is closed.
func WithExclusiveLock() Option {
	return func(o *sqliteoptions.Options) { o.Exclusive = true }
}
