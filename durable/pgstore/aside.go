package pgstore

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/durable"
)

const (
	// waitForLocks sets how long the later statements of the transaction wait for
	// each lock.
	waitForLocks = `SELECT set_config('lock_timeout', $1, true)`
	// shortLockWait is how long a change waits for a lock that has already blocked a
	// change.
	shortLockWait = 50 * time.Millisecond
	// asidePause is the pause between two rounds of changes that wait for locks.
	asidePause = 10 * time.Millisecond
)

// aside holds the changes that wait for a lock of another session, such as that of
// an operator or of a stopped replica. repeat retries each change on its own until
// its time limit, while the writers make other changes.
type aside struct {
	mu      sync.Mutex
	changes []*change
	// count has the number of changes by instance, including the change that repeat
	// is trying.
	count  map[durable.Key]int
	closed bool
	due    chan struct{}
}

// put sets aside the change that waits for a lock, and all changes of the batch to
// the same instance, which would wait, too. It returns the other changes.
func (a *aside) put(batch []*change, locked *change) (others []*change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(batch, func(c *change) bool { return c.key == locked.key && a.add(c) })
}

// join sets aside the changes of the batch whose instance already has changes set
// aside. It returns the other changes.
func (a *aside) join(batch []*change) (others []*change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.count) == 0 {
		return batch
	}
	return slices.DeleteFunc(batch, func(c *change) bool { return a.count[c.key] > 0 && a.add(c) })
}

// add sets the change aside and returns true. The caller holds the lock.
func (a *aside) add(c *change) bool { //nolint:unparam // The constant result lets callers use it in a condition.
	if a.closed {
		c.Answer(errClosed)
		return true
	}
	if a.count == nil {
		a.count = map[durable.Key]int{}
	}
	a.count[c.key]++
	a.changes = append(a.changes, c)
	signal(a.due)
	return true
}

// take removes all changes. They remain in count until done.
func (a *aside) take() []*change {
	a.mu.Lock()
	defer a.mu.Unlock()
	changes := a.changes
	a.changes = nil
	return changes
}

func (a *aside) done(c *change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count[c.key]--; a.count[c.key] == 0 {
		delete(a.count, c.key)
	}
}

// repeat retries the changes until the store is closed.
func (s *Store) repeat(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			s.aside.mu.Lock()
			s.aside.closed = true
			s.aside.mu.Unlock()
			s.answer(errClosed, s.aside.take()...)
			return
		case <-s.aside.due:
		}
		waiting := s.aside.take()
		for i, c := range waiting {
			if err := s.repeatOne(c); err != nil { //nolint:contextcheck // The change has a time limit of its own.
				// The database is not available: the others would fail, too, each
				// after its timeout.
				for _, c := range waiting[i+1:] {
					s.aside.done(c)
				}
				s.answer(err, waiting[i+1:]...)
				break
			}
		}
		if len(waiting) > 0 {
			pause(ctx, asidePause) // Changes whose lock is free take no time.
		}
	}
}

// repeatOne retries a change. It returns an error only if every other change would
// fail with it.
func (s *Store) repeatOne(c *change) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	locked, err := s.commitOne(ctx, c, shortLockWait)
	s.aside.done(c)
	if locked && time.Now().Before(c.until) {
		s.aside.put([]*change{c}, c)
		return nil
	}
	if locked {
		err = fmt.Errorf("another session keeps the record locked: %w", err)
	}
	s.answer(err, c)
	if locked || !failsAllChanges(err) {
		return nil
	}
	return err
}

// alone executes a statement in a separate transaction. The statement may wait for
// locks until the timeout.
func (s *Store) alone(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	b := &pgx.Batch{}
	b.Queue(waitForLocks, milliseconds(s.timeout))
	b.Queue(sql, args...)
	results := s.pool.SendBatch(ctx, b)
	for range b.Len() {
		if tag, err = results.Exec(); err != nil {
			_ = results.Close() // It fails for the same reason.
			return tag, err
		}
	}
	return tag, results.Close()
}
