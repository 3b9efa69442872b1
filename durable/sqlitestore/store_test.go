package sqlitestore_test

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/durable/storetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *storetest.Database {
		t.Helper()
		path := filepath.Join(t.TempDir(), "data", "broker.db")
		c := newClock()
		reopen := func(t *testing.T) durable.Store {
			t.Helper()
			return open(t, path, sqlitestore.WithClock(c.now))
		}
		back := func(_ *testing.T, d time.Duration) { c.advance(-d) }
		return &storetest.Database{Store: reopen(t), Reopen: reopen, Advance: c.advance, SetBack: back}
	})
}

// The contract also works without a clock that tests can move.
func TestContractOnTheWallClock(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *storetest.Database {
		t.Helper()
		path := filepath.Join(t.TempDir(), "broker.db")
		var behind atomic.Int64
		clock := func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }
		reopen := func(t *testing.T) durable.Store {
			t.Helper()
			return open(t, path, sqlitestore.WithClock(clock))
		}
		back := func(_ *testing.T, d time.Duration) { behind.Add(int64(d)) }
		return &storetest.Database{Store: reopen(t), Reopen: reopen, SetBack: back}
	})
}

// open opens a store, which is closed at the end of the test.
func open(tb testing.TB, path string, options ...sqlitestore.Option) *sqlitestore.Store {
	tb.Helper()
	store, err := sqlitestore.Open(tb.Context(), path, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// A clock stands still until a test moves it. It does not start at the current
// time.
type clock struct {
	mutex sync.Mutex
	time  time.Time
}

func newClock() *clock {
	return &clock{time: time.Date(2101, 2, 3, 4, 5, 6, 789000, time.UTC)}
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.time
}

func (c *clock) advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.time = c.time.Add(d)
}
