package sqlitestore

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/internal/groupcommit"
)

// maxBatch bounds how many changes share a commit, and with that how long the first
// of them waits for the others.
const maxBatch = 256

// A change is what one caller wants written.
type change struct {
	groupcommit.Change
	apply  func(*session) error
	result error
}

// A refusal is the result of a change whose first statement found that it is not
// allowed. The change has written nothing, and the batch goes on without it. Any
// other error rolls back the batch.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// refuse returns a refusal with the given reason.
func refuse(reason error) error { return refusal{reason} }

// A writer commits the changes of the queue. It has the only connection that writes.
type writer struct {
	session *session
	queue   *groupcommit.Queue[*change]
	// begin is called before a batch is written. committed is called after its
	// commit, with the new number of commits. Their errors become the results of the
	// changes.
	begin     func() error
	committed func(number int64) error
	// last, unless nil, is called before the session is closed.
	last func(*session) error

	// head is that of the chain of the audit trail, or nil before the first entry.
	head atomic.Pointer[audit.Head]

	ended chan struct{}
	err   error
}

func newWriter(s *session, closing <-chan struct{}) *writer {
	return &writer{
		session: s,
		queue: groupcommit.New(groupcommit.Options[*change]{
			Length: maxBatch, MaxBatch: maxBatch, Closing: closing, ErrClosed: errClosed,
		}),
		begin: func() error { return nil }, committed: func(int64) error { return nil },
		ended: make(chan struct{}),
	}
}

// do makes a change and returns when it is durable, or when it has failed and is
// rolled back.
func (w *writer) do(ctx context.Context, apply func(*session) error) error {
	return w.queue.Do(ctx, &change{apply: apply})
}

// run makes changes until the store closes, and then closes the session.
func (w *writer) run() {
	defer close(w.ended)
	w.queue.Write(w.commit)
	if w.last != nil {
		w.err = w.last(w.session)
	}
	w.err = errors.Join(w.err, w.session.close())
}

// wait waits until the store closes and the writer has ended. It returns the error
// of closing the session.
func (w *writer) wait() error {
	<-w.ended
	return w.err
}

// commit makes the changes of the batch and answers their callers. If the batch
// fails, commit makes each change on its own, so that one does not fail the others.
func (w *writer) commit(batch []*change) {
	begun, err := w.transact(batch)
	if err != nil && begun && len(batch) > 1 {
		for i := range batch {
			w.commit(batch[i : i+1])
		}
		return
	}
	for _, c := range batch {
		if err != nil {
			c.result = err
		}
		var refused refusal
		if errors.As(c.result, &refused) {
			c.result = refused.error
		}
		c.Answer(c.result)
	}
}

// transact makes the changes of the batch in one transaction and sets the results of
// those that are refused. After an error with begun set, the batch is rolled back,
// and the caller can make each change on its own. After an error without begun, each
// change would fail, too.
func (w *writer) transact(batch []*change) (begun bool, err error) {
	if err := w.begin(); err != nil {
		return false, err
	}
	if _, err := w.session.exec("BEGIN IMMEDIATE"); err != nil {
		w.rollback()
		return false, err
	}
	w.session.written, w.session.trail = false, trail{}
	for _, c := range batch {
		c.result = c.apply(w.session)
		if _, refused := c.result.(refusal); c.result != nil && !refused { //nolint:errorlint // A wrapped refusal does not count: the change has written something.
			w.rollback()
			return true, c.result
		}
	}
	head, err := w.session.endBatch()
	if err != nil {
		w.rollback()
		return true, err
	}
	counted, number := w.session.written, int64(0)
	if counted {
		if err := w.session.queryRow(countCommit).Scan(&number); err != nil {
			w.rollback()
			return true, err
		}
	}
	if _, err := w.session.exec("COMMIT"); err != nil {
		w.rollback()
		return true, err
	}
	if head != nil {
		w.head.Store(head)
	}
	if !counted {
		return true, nil
	}
	// The batch is written, but not acknowledged. Repeating it would not help.
	return false, w.committed(number)
}

// countCommit counts its own transaction, so that Open detects whether the last one
// is missing.
const countCommit = `UPDATE commits SET number = number + 1, closed = 0 WHERE id = 1 RETURNING number`

// rollback rolls back the transaction. It ignores the error of ROLLBACK, because
// after some errors SQLite has rolled back already.
func (w *writer) rollback() {
	_, _ = w.session.exec("ROLLBACK")
}
