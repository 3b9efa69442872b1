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
	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/internal/groupcommit"
)

const (
	// writers is the number of writers: while one waits for the disk, the next
	// executes its batch.
	writers = 3
	// maxBatch and maxBatchBytes bound a transaction, and with that how long its
	// first change waits for the others.
	maxBatch      = 128
	maxBatchBytes = 4 << 20
	// fill and patience keep the writers from sharing few changes out: a transaction costs
	// the server as much as two changes.
	fill     = 32
	patience = 10 * time.Millisecond
	// queueLength is how many changes can wait before their callers block.
	queueLength = 1024
	// maxAttempts is how often the store tries a change that collides with others.
	maxAttempts = 3
)

// A change is the write of one caller.
type change struct {
	groupcommit.Change
	key         durable.Key
	operationID string
	// revises says that the change increases the revision of the instance, and so
	// locks the instance.
	revises bool
	// hint says that other replicas may have to act on the change.
	hint bool
	sql  string
	args []any
	size int
	// records are entries of the audit trail. One of an operation has its chain and number
	// in the arguments from chainAt on; with entries, each is a statement of its own, and
	// sql is empty.
	records []*audit.Record
	chainAt int
	entries bool
	// statements is the number of statements in the transaction.
	statements int
	// returns says that the statement returns the revision of the instance.
	returns bool

	// until is the time limit of the change once a writer has taken it up.
	until time.Time
	// passed says whether the guard let the change pass. It is valid after a commit.
	passed bool
	// revision is what the statement returned, or 0. It is valid like passed.
	revision int64
}

func newChange(key durable.Key, operationID string, s *statement) *change {
	c := &change{key: key.Instance(), operationID: operationID, sql: s.sql(), args: s.args, returns: s.returns}
	if s.audit != nil {
		c.records, c.chainAt = []*audit.Record{s.audit}, s.chainAt
	}
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
// instance, and the instance before its operations. Two transactions in this order
// cannot deadlock.
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
		Length: queueLength, MaxBatch: maxBatch, Fill: fill, Patience: patience,
		Size: func(c *change) int { return c.size }, MaxSize: maxBatchBytes,
		Closing: closing, ErrClosed: errClosed,
	})
}

// change makes a change and returns when it is durable, or has failed. The timeout
// bounds the time until a writer takes up the change and, separately, the time of
// the writer.
func (s *Store) change(ctx context.Context, c *change) (passed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.queue.Do(ctx, c); err != nil {
		return false, err
	}
	return c.passed, nil
}

// commit makes the changes of the batch and answers their callers. It sets aside the
// changes that wait for a lock of another session, so that they do not delay the
// others.
func (s *Store) commit(batch []*change) {
	// Do not use the context of a caller: when a caller gives up, the changes of the
	// others must not fail.
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	until := time.Now().Add(s.timeout)
	for _, c := range batch {
		c.until = until
	}
	slices.SortStableFunc(batch, order)
	batch = s.aside.join(batch)
	for wait := s.lockTimeout; len(batch) > 0; wait = min(wait, shortLockWait) {
		locked, err := s.transact(ctx, batch, wait)
		switch {
		case locked != nil:
			batch = s.aside.put(batch, locked)
			continue
		case err != nil && failsOneChange(err):
			s.commitEach(ctx, batch)
		default:
			s.answer(err, batch...)
		}
		return
	}
}

// answer answers the callers and sends a hint.
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

// commitEach makes each change on its own, so that a failed one does not fail the
// others.
func (s *Store) commitEach(ctx context.Context, batch []*change) {
	for i, c := range batch {
		locked, err := s.commitOne(ctx, c, shortLockWait)
		if locked {
			s.aside.put(batch[i:i+1], c)
			continue
		}
		s.answer(err, c)
		if failsAllChanges(err) {
			// The database is not available: the others would fail, too.
			s.answer(err, batch[i+1:]...)
			return
		}
	}
}

// commitOne makes a change on its own. If the change waits for a lock longer than
// wait, commitOne makes no change and sets locked.
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

// transact makes the changes of the batch in one transaction and sets passed. It
// needs one round trip: PostgreSQL executes all statements up to a Sync message as
// one transaction, and commits it then. If transact returns nil, PostgreSQL has
// acknowledged the commit. After an error of failsOneChange the transaction is
// rolled back; after any other error its outcome is unknown. If a change waits for a
// lock longer than wait, transact returns that change.
func (s *Store) transact(ctx context.Context, batch []*change, wait time.Duration) (locked *change, err error) {
	var records []*audit.Record
	for _, c := range batch {
		records = append(records, c.records...)
	}
	if len(records) == 0 {
		return s.send(ctx, batch, wait, nil)
	}
	l, err := s.nextLink(ctx, records)
	if err != nil {
		return nil, err
	}
	for _, c := range batch {
		if len(c.records) > 0 && !c.entries {
			c.args[c.chainAt], c.args[c.chainAt+1] = c.records[0].Chain, c.records[0].Seq
		}
	}
	return s.send(ctx, batch, wait, l)
}

// queue adds the statements of the change, and returns their number.
func (c *change) queue(b *pgx.Batch) int {
	if !c.entries {
		b.Queue(c.sql, c.args...)
		return 1
	}
	for _, r := range c.records {
		b.Queue(insertEntry, entryArguments(r)...)
	}
	return len(c.records)
}

// scan reads the result of a statement of the change.
func (c *change) scan(results pgx.BatchResults) error {
	if !c.returns {
		tag, err := results.Exec()
		c.passed = tag.RowsAffected() > 0
		return err
	}
	c.revision = 0
	err := results.QueryRow().Scan(&c.revision)
	c.passed = err == nil
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // The guard refused the change.
	}
	return err
}

// send sends the transaction of transact. l is nil if no change has an entry of the
// audit trail.
func (s *Store) send(ctx context.Context, batch []*change, wait time.Duration, l *link) (locked *change, err error) {
	var hash audit.Hash
	if l != nil {
		defer func() { l.end(hash, err) }()
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	b := &pgx.Batch{}
	if wait != s.lockTimeout {
		b.Queue(waitForLocks, milliseconds(wait))
	}
	if l != nil && l.first != nil {
		b.Queue(insertEntry, entryArguments(l.first)...)
	}
	for _, c := range batch {
		c.statements = c.queue(b)
	}
	if l != nil {
		l.queue(b)
	}
	results := conn.SendBatch(ctx, b)
	if wait != s.lockTimeout {
		if _, err := results.Exec(); err != nil {
			return nil, errors.Join(err, ignoreSame(results.Close(), err))
		}
	}
	if l != nil && l.first != nil {
		if _, err := results.Exec(); err != nil {
			return nil, errors.Join(err, ignoreSame(results.Close(), err))
		}
	}
	for _, c := range batch {
		for range c.statements {
			err := c.scan(results)
			if sqlState(err) == lockNotAvailable {
				locked = c
			}
			if err != nil {
				return locked, errors.Join(err, ignoreSame(results.Close(), err))
			}
		}
	}
	if l != nil {
		if hash, err = l.scan(results.QueryRow()); err != nil {
			return nil, errors.Join(err, ignoreSame(results.Close(), err))
		}
	}
	return nil, results.Close() // It returns the result of the commit.
}

// ignoreSame returns nil if err is the known error.
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

// sqlState returns the SQLSTATE of an error of the server, or "".
func sqlState(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// failsAllChanges reports whether an error of commitOne would fail every other
// change, too.
func failsAllChanges(err error) bool {
	return err != nil && !errors.Is(err, durable.ErrConflict) && !failsOneChange(err)
}

// failsOneChange reports whether one change of a transaction caused the error. The
// transaction is rolled back, and the other changes can be made without that change.
func failsOneChange(err error) bool {
	if state := sqlState(err); len(state) == 5 {
		switch state[:2] {
		case "21", "22", "23", "40", "44", "54":
			return true
		default:
			return state == lockNotAvailable // A deferred constraint waits for a lock at the commit.
		}
	}
	var preprocessing pgx.ErrPreprocessingBatch
	return errors.As(err, &preprocessing)
}

// isCollision reports whether the change can succeed once concurrent changes have
// finished.
func isCollision(err error) bool {
	return strings.HasPrefix(sqlState(err), "40")
}
