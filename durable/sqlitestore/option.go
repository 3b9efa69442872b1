package sqlitestore

import "time"

// An Option changes how [Open] and [Attach] work.
type Option func(*config)

type config struct {
	now       func() time.Time
	exclusive bool
	newStore  bool
	adopt     bool
}

// NewStore makes [Open] create a database where one is missing. Without it, a lock
// file that tells of one is a reason to refuse.
func NewStore() Option {
	return func(c *config) { c.newStore = true }
}

// Adopt makes [Open] take the database for what it is: also if changes that were
// acknowledged are missing. It reads all of it first.
func Adopt() Option {
	return func(c *config) { c.adopt = true }
}

// WithClock makes now the clock of the store, from which all its times come.
// The default is [time.Now]. It must be safe for concurrent use.
func WithClock(now func() time.Time) Option {
	return func(c *config) { c.now = now }
}

// Times are stored as microseconds since 1970, 0 for the zero time: integers
// compare and index well, and lose nothing that the contract promises.

func toMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// after returns now + d, or 0 (none) if d is not positive.
func after(now int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return now + d.Microseconds()
}
