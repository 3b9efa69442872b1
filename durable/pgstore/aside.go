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
	// waitForLocks sets how long the other statements of the transaction wait for
	// each lock.
	waitForLocks = `SELECT set_config('lock_timeout', $1, true)`
	// briefly is how long a change waits for a lock that has kept one waiting
	// already.
	briefly = 50 * time.Millisecond
	// asidePause is the pause between two rounds of changes that wait for locks.
	asidePause = 10 * time.Millisecond
)

// aside are changes that wait for a lock which somebody else has: an operator's
// transaction, or that of a replica that has stopped. Each is repeated on its
// own until its time is over, while the writers make the changes of others.
type aside struct {
	mu      sync.Mutex
	changes []*change
	// of counts them, and the one that is repeated now, by instance.
	of     map[durable.Key]int
	closed bool
	due    chan struct{}
}

// put puts aside the change that waits for a lock, and those of the batch that
// are about the same instance and would wait for it too. It returns the others.
func (a *aside) put(batch []*change, locked *change) (others []*change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(batch, func(c *change) bool { return c.key == locked.key && a.add(c) })
}

// join puts aside the changes whose instance has some there. It returns the
// others.
func (a *aside) join(batch []*change) (others []*change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.of) == 0 {
		return batch
	}
	return slices.DeleteFunc(batch, func(c *change) bool { return a.of[c.key] > 0 && a.add(c) })
}

// add returns true: it takes the change. The caller has the lock.
func (a *aside) add(c *change) bool { //nolint:unparam // The result makes it a condition.
	if a.closed {
		c.Answer(errClosed)
		return true
	}
	if a.of == nil {
		a.of = map[durable.Key]int{}
	}
	a.of[c.key]++
	a.changes = append(a.changes, c)
	signal(a.due)
	return true
}

// take takes all of them; they count as being there until done.
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
	if a.of[c.key]--; a.of[c.key] == 0 {
		delete(a.of, c.key)
	}
}

// repeat repeats what was put aside until the store is closed.
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
				// The database is gone: the others would wait in vain, one after the other.
				for _, c := range waiting[i+1:] {
					s.aside.done(c)
				}
				s.answer(err, waiting[i+1:]...)
				break
			}
		}
		if len(waiting) > 0 {
			pause(ctx, asidePause) // Those that were free again took no time.
		}
	}
}

// repeatOne returns the error if the change is not to blame for it.
func (s *Store) repeatOne(c *change) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	locked, err := s.commitOne(ctx, c, briefly)
	s.aside.done(c)
	if locked && time.Now().Before(c.until) {
		s.aside.put([]*change{c}, c)
		return nil
	}
	if locked {
		err = fmt.Errorf("another session keeps the record locked: %w", err)
	}
	s.answer(err, c)
	if locked || !isOfDatabase(err) {
		return nil
	}
	return err
}

// alone executes a statement that is not a change of a worker or a request. It
// may wait for locks as long as the timeout.
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
