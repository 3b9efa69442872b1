package pgstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/internal/groupcommit"
)

const (
	// writers is how many transactions of changes there are at a time: while
	// one waits for the disk, the next is executed.
	writers = 3
	// maxBatch and maxBatchBytes bound a transaction, and with that how long
	// its first change waits for the others.
	maxBatch      = 128
	maxBatchBytes = 4 << 20
	// queueLength is how many callers may wait without being blocked.
	queueLength = 1024
	// maxAttempts is how often a change is made that collides with others.
	maxAttempts = 3
)

// A change is what one caller wants written.
type change struct {
	groupcommit.Change
	key         durable.Key
	operationID string
	// revises says that the change locks the instance.
	revises bool
	// hint says that other replicas may have to look.
	hint bool
	sql  string
	args []any
	size int

	// until is when the change has to be made, once it is taken up.
	until time.Time
	// passed tells whether the guard let the change pass, if it is made.
	passed bool
}

func newChange(key durable.Key, operationID string, s *statement) *change {
	c := &change{key: key.Instance(), operationID: operationID, sql: s.sql(), args: s.args}
	for _, arg := range c.args {
		switch v := arg.(type) {
		case []byte:
			c.size += len(v)
		case string:
			c.size += len(v)
		}
	}
	return c
}

// order is the order in which the changes of a transaction take their locks: by
// instance; the instance before its operations. Two transactions that keep it do
// not wait for each other.
func order(a, b *change) int {
	return cmp.Or(
		strings.Compare(a.key.Platform, b.key.Platform),
		strings.Compare(a.key.InstanceID, b.key.InstanceID),
		-compareBool(a.revises, b.revises),
		strings.Compare(a.operationID, b.operationID),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func newQueue(closing <-chan struct{}) *groupcommit.Queue[*change] {
	return groupcommit.New(groupcommit.Options[*change]{
		Length: queueLength, MaxBatch: maxBatch,
		Size: func(c *change) int { return c.size }, MaxSize: maxBatchBytes,
		Closing: closing, ErrClosed: errClosed,
	})
}

// change makes a change and returns when it is durable, or has failed. The timeout
// bounds how long the change waits until it is taken up; after that, it bounds how
// long the writer works on it.
func (s *Store) change(ctx context.Context, c *change) (passed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.queue.Do(ctx, c); err != nil {
		return false, err
	}
	return c.passed, nil
}

// commit makes the changes of the batch and answers their callers. One that waits
// for a lock which somebody else has is put aside, and does not hold up the others.
func (s *Store) commit(batch []*change) {
	// No caller's context: one that gives up must not fail the others.
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	until := time.Now().Add(s.timeout)
	for _, c := range batch {
		c.until = until
	}
	slices.SortStableFunc(batch, order)
	batch = s.aside.join(batch)
	for wait := s.lockTimeout; len(batch) > 0; wait = min(wait, briefly) {
		locked, err := s.transact(ctx, batch, wait)
		switch {
		case locked != nil:
			batch = s.aside.put(batch, locked)
			continue
		case err != nil && isOfOne(err):
			s.commitEach(ctx, batch)
		default:
			s.answer(err, batch...)
		}
		return
	}
}

// answer tells the callers what became of their changes.
func (s *Store) answer(err error, changes ...*change) {
	hint := false
	for _, c := range changes {
		hint = hint || c.hint && c.passed && err == nil
		c.Answer(err)
	}
	if hint {
		s.hints.send()
	}
}

// commitEach makes each change on its own, so that one that cannot be made does
// not fail the others.
func (s *Store) commitEach(ctx context.Context, batch []*change) {
	for i, c := range batch {
		locked, err := s.commitOne(ctx, c, briefly)
		if locked {
			s.aside.put(batch[i:i+1], c)
			continue
		}
		s.answer(err, c)
		if isOfDatabase(err) {
			// The database is gone: the others would wait in vain.
			s.answer(err, batch[i+1:]...)
			return
		}
	}
}

// commitOne makes a change on its own. It reports whether that would have waited
// for a lock longer than wait; then nothing was changed.
func (s *Store) commitOne(ctx context.Context, c *change, wait time.Duration) (locked bool, err error) {
	for range maxAttempts {
		var waits *change
		if waits, err = s.transact(ctx, []*change{c}, wait); waits != nil {
			return true, err
		}
		if !isCollision(err) {
			break
		}
	}
	if sqlState(err) == uniqueViolation {
		err = durable.ErrConflict
	}
	return false, err
}

// transact makes the changes of the batch in one transaction and sets passed.
// It needs one round trip: PostgreSQL executes what is sent up to a Sync message
// as one transaction, and commits it then. If it returns nil, it has
// acknowledged that. After an error that isOfOne nothing was changed; after any
// other, the outcome is not known. If a change waited for a lock longer than wait,
// it returns that one.
func (s *Store) transact(ctx context.Context, batch []*change, wait time.Duration) (locked *change, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	b := &pgx.Batch{}
	if wait != s.lockTimeout {
		b.Queue(waitForLocks, milliseconds(wait))
	}
	for _, c := range batch {
		b.Queue(c.sql, c.args...)
	}
	results := conn.SendBatch(ctx, b)
	if wait != s.lockTimeout {
		if _, err := results.Exec(); err != nil {
			return nil, errors.Join(err, ignoreSame(results.Close(), err))
		}
	}
	for _, c := range batch {
		tag, err := results.Exec()
		if sqlState(err) == lockNotAvailable {
			locked = c
		}
		if err != nil {
			return locked, errors.Join(err, ignoreSame(results.Close(), err))
		}
		c.passed = tag.RowsAffected() > 0
	}
	return nil, results.Close() // The commit is acknowledged, or failed, here.
}

// ignoreSame returns nil for the error that is known already.
func ignoreSame(err, known error) error {
	if errors.Is(err, known) {
		return nil
	}
	return err
}

const (
	uniqueViolation  = "23505"
	lockNotAvailable = "55P03"
)

// sqlState is the code of an error of the server, else empty.
func sqlState(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// isOfDatabase tells whether an error of commitOne would be that of every other
// change too.
func isOfDatabase(err error) bool {
	return err != nil && !errors.Is(err, durable.ErrConflict) && !isOfOne(err)
}

// isOfOne tells whether one change is to blame for the error, and the others of
// its transaction can be made without it. Then the transaction was undone.
func isOfOne(err error) bool {
	if state := sqlState(err); len(state) == 5 {
		switch state[:2] {
		case "21", "22", "23", "40", "44", "54":
			return true
		default:
			return state == lockNotAvailable // at the commit: a deferred constraint
		}
	}
	var preprocessing pgx.ErrPreprocessingBatch
	return errors.As(err, &preprocessing)
}

// isCollision tells whether the change can be made when others are done.
func isCollision(err error) bool {
	return strings.HasPrefix(sqlState(err), "40")
}
