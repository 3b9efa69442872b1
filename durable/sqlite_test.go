package durable_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/internal/sqliteoptions"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// openSQLite opens a store in a temporary directory.
func openSQLite(tb testing.TB, options ...sqlitestore.Option) durable.Store {
	tb.Helper()
	return openSQLiteFile(tb, filepath.Join(tb.TempDir(), "openbroker.db"), options...)
}

func openSQLiteFile(tb testing.TB, path string, options ...sqlitestore.Option) durable.Store {
	tb.Helper()
	store, err := sqlitestore.Open(tb.Context(), path, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

// A clock is the clock of a database. Tests advance it, so it differs from the
// clock of the process.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

// withClock makes c the clock of a store.
func withClock(c *clock) sqlitestore.Option {
	return func(o *sqliteoptions.Options) { o.Now = c.now }
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}
