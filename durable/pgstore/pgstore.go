package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/internal/groupcommit"
)

var _ durable.Store = (*Store)(nil)

// A Store keeps records in a PostgreSQL database, which it shares with the stores of
// other replicas. Its methods are safe for concurrent use. While the database is
// unavailable, they return an error within about twice the timeout.
type Store struct {
	pool    *pgxpool.Pool
	timeout time.Duration
	// lockTimeout is the lock_timeout of the sessions, see options.lockTimeout.
	lockTimeout time.Duration
	queue       *groupcommit.Queue[*change]
	aside       aside
	hints       *hints
	// chains are those of the audit trail.
	chains chains

	// clock guards clockChecked, see checkClock.
	clock        sync.Mutex
	clockChecked time.Time
	// oldest is where claims begin.
	oldest oldest

	// quit ends the background goroutines: the writers, aside and hints.
	quit       context.CancelFunc
	background sync.WaitGroup
}

// Open connects to the database, migrates its schema, and returns a store on it.
// Replicas may open it at the same time.
//
// The DSN is a URL, or keywords and values as in libpq. pool_max_conns (default 10)
// bounds the connections, besides one for notifications. For several hosts, add
// target_session_attrs=read-write.
//
// Open returns an error if the database is unreachable, older than PostgreSQL 13, or
// not encoded in UTF-8, if its schema is newer than this binary, or if the role
// cannot create the tables. The error wraps [ErrSharedSession] behind a pooler in
// transaction or statement mode.
func Open(ctx context.Context, dsn string, set ...Option) (*Store, error) {
	o, err := newOptions(set)
	if err != nil {
		return nil, err
	}
	config, err := poolConfig(dsn, o)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, config.ConnConfig, o); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("pgstore: %w", err)
	}
	//nolint:contextcheck // The background ends with the store, not with the call that opens it.
	return start(pool, o), nil
}

func start(pool *pgxpool.Pool, o options) *Store {
	ctx, quit := context.WithCancel(context.Background())
	s := &Store{
		pool: pool, timeout: o.timeout, lockTimeout: o.lockTimeout(), quit: quit,
		queue: newQueue(ctx.Done()), hints: newHints(pool, o),
	}
	s.aside.due = make(chan struct{}, 1)
	for range writers {
		s.background.Go(func() { s.queue.Write(s.commit) })
	}
	s.background.Go(func() { s.repeat(ctx) })
	s.background.Go(func() { s.hints.listen(ctx) })
	s.background.Go(func() { s.hints.notify(ctx) })
	return s
}

// Hints implements [durable.Store]. Only changes of other replicas give hints.
func (s *Store) Hints() <-chan struct{} { return s.hints.received }

// Ping implements [durable.Store]. It writes, and waits for the disk.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	tag, err := s.alone(ctx, `UPDATE pings SET at = clock_timestamp() WHERE id = 1`)
	if err != nil {
		return fmt.Errorf("pgstore: ping: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return errors.New("pgstore: ping: the row of the ping is missing: another program has changed the database")
	}
	return nil
}

// Close implements [durable.Store]. It finishes the changes that a writer has taken
// up. Later calls of other methods fail.
func (s *Store) Close() error {
	s.quit()
	s.background.Wait()
	s.pool.Close()
	return nil
}
