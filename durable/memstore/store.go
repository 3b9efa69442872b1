package memstore

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

var errClosed = errors.New("the store in memory is closed")

// A Store is a [durable.Store] in memory. Make one with [New].
type Store struct {
	*shared

	hints     chan struct{}
	closing   chan struct{}
	closeOnce sync.Once
}

var (
	_ durable.Store   = (*Store)(nil)
	_ durable.Counter = (*Store)(nil)
	_ admin.Store     = (*Store)(nil)
)

// shared is what the stores on the same records share.
type shared struct {
	now func() time.Time
	// lock is full while a store reads or changes the fields below.
	lock  chan struct{}
	state *state
	// open are the stores that get hints.
	open []*Store
}

// An Option changes what [New] makes.
type Option func(*shared)

// WithClock makes now the clock of the database: all times of records come from it, and
// leases end by it. The default is time.Now. The store calls it while other callers wait, so
// it must not use the store.
func WithClock(now func() time.Time) Option { return func(s *shared) { s.now = now } }

// New returns an empty store.
func New(options ...Option) *Store {
	s := &shared{now: time.Now, lock: make(chan struct{}, 1), state: newState(rand.Text())}
	for _, option := range options {
		option(s)
	}
	return s.attach()
}

// Replica returns another store on the same records, as another replica of the broker opens
// it, or the next process after this one was closed.
func (s *Store) Replica() *Store {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	return s.attach()
}

func (s *shared) attach() *Store {
	store := &Store{shared: s, hints: make(chan struct{}, 1), closing: make(chan struct{})}
	s.open = append(s.open, store)
	return store
}

// Close makes later calls of this store fail. Its replicas, and the records, stay.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.lock <- struct{}{}
		defer func() { <-s.lock }()
		for i, other := range s.open {
			if other == s {
				s.open = append(s.open[:i:i], s.open[i+1:]...)
				break
			}
		}
	})
	return nil
}

// Ping implements [durable.Store].
func (s *Store) Ping(ctx context.Context) error {
	return s.do(ctx, func(*state, time.Time) error { return nil })
}

// Hints receives a value after a change of any replica makes an operation due or ends one.
func (s *Store) Hints() <-chan struct{} { return s.hints }

// do calls f, which reads or changes the state, while no other call does. f must not change
// anything if it returns an error. The time is that of the database.
func (s *Store) do(ctx context.Context, f func(*state, time.Time) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return errClosed
	}
	defer func() { <-s.lock }()
	if err := s.usable(ctx); err != nil {
		return err
	}
	return f(s.state, precise(s.now()))
}

// change is do, followed by a hint.
func (s *Store) change(ctx context.Context, hints bool, f func(*state, time.Time) error) error {
	return s.do(ctx, func(st *state, now time.Time) error {
		if err := f(st, now); err != nil || !hints {
			return err
		}
		for _, store := range s.open {
			select {
			case store.hints <- struct{}{}:
			default: // One is waiting already.
			}
		}
		return nil
	})
}

func (s *Store) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closing:
		return errClosed
	default:
		return nil
	}
}

// precise returns the time as the other stores keep it: to a microsecond.
func precise(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// after returns now + d, or the zero time if d is not positive.
func after(now time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return precise(now.Add(d))
}
