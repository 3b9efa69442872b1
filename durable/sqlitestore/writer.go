package sqlitestore

import (
	"context"
	"errors"

	"github.com/openbroker/openbroker/internal/groupcommit"
)

// maxBatch bounds how many changes become durable as one, and with that how
// long the first of them waits for the others.
const maxBatch = 256

// A change is what one caller wants written.
type change struct {
	groupcommit.Change
	apply  func(*session) error
	result error
}

// A refusal is the result of a change that has written nothing: it was not
// allowed, as its first statement found. The batch goes on without it. After
// any other error the batch is undone.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// refuse says that the change has written nothing, for the given reason.
func refuse(reason error) error { return refusal{reason} }

// A writer commits the changes of the queue, on the one connection that writes.
type writer struct {
	session *session
	queue   *groupcommit.Queue[*change]
	// begin is called before a batch is written, and committed after it was, with
	// how many commits the database has then. Their errors become the results.
	begin     func() error
	committed func(number int64) error
	// last, unless nil, is what the writer does before it closes the session.
	last func(*session) error

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

// do makes a change and returns when it is durable, or has failed and is undone.
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

// wait returns when the writer has ended, which it does when the store closes, with
// the error of closing the connection.
func (w *writer) wait() error {
	<-w.ended
	return w.err
}

// commit makes the changes of the batch and answers their callers. If one of
// them or the batch as a whole cannot be made, each is made on its own, so that
// one does not fail the others.
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

// transact makes the changes of the batch in one transaction and sets the
// results of those that are refused. If it returns an error, nothing was
// changed; if the transaction has not even begun, the changes have no part in
// that.
func (w *writer) transact(batch []*change) (begun bool, err error) {
	if err := w.begin(); err != nil {
		return false, err
	}
	if _, err := w.session.exec("BEGIN IMMEDIATE"); err != nil {
		w.rollback()
		return false, err
	}
	w.session.written = false
	for _, c := range batch {
		c.result = c.apply(w.session)
		if _, refused := c.result.(refusal); c.result != nil && !refused { //nolint:errorlint // A wrapped refusal is none: something was written.
			w.rollback()
			return true, c.result
		}
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
	if !counted {
		return true, nil
	}
	// It is written, but nobody may rely on it: doing it again would not help.
	return false, w.committed(number)
}

// countCommit counts the transaction that it is part of, so that a start finds out
// whether it sees the last one.
const countCommit = `UPDATE commits SET number = number + 1, closed = 0 WHERE id = 1 RETURNING number`

// rollback ends the transaction, unless SQLite has done that already, as it
// does after some errors: then this one says so and means nothing.
func (w *writer) rollback() {
	_, _ = w.session.exec("ROLLBACK")
}
