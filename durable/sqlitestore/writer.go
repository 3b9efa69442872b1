package sqlitestore

import (
	"context"
	"errors"
	"sync/atomic"
)

// maxBatch bounds how many changes become durable as one, and with that how
// long the first of them waits for the others.
const maxBatch = 256

// The states of a change. Whoever moves it out of waiting decides its fate.
const (
	waiting int32 = iota
	taken
	abandoned
)

// A change is what one caller wants written.
type change struct {
	apply  func(*session) error
	state  atomic.Int32
	result error
	done   chan struct{}
}

// A refusal is the result of a change that has written nothing: it was not
// allowed, as its first statement found. The batch goes on without it. After
// any other error the batch is undone.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// refuse says that the change has written nothing, for the given reason.
func refuse(reason error) error { return refusal{reason} }

// A writer makes changes durable, many at a time, on the one connection that
// writes. Meanwhile other changes queue: the slower the disk, the more of them
// share the next sync.
type writer struct {
	session *session
	// begin is called before a batch is written, and committed after it was, with
	// how many commits the database has then. Their errors become the results.
	begin     func() error
	committed func(number int64) error
	queue     chan *change
	closing   <-chan struct{}
	ended     chan struct{}
	err       error
	// last, unless nil, is what the writer does before it closes the session.
	last func(*session) error
}

func newWriter(s *session, closing <-chan struct{}) *writer {
	return &writer{
		session: s, queue: make(chan *change, maxBatch), closing: closing, ended: make(chan struct{}),
		begin: func() error { return nil }, committed: func(int64) error { return nil },
	}
}

// do makes a change and returns when it is durable, or has failed and is
// undone. It gives up when ctx ends before the change is taken up; after that
// it waits for the result, because what apply refers to is in use.
func (w *writer) do(ctx context.Context, apply func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	c := &change{apply: apply, done: make(chan struct{})}
	select {
	case w.queue <- c:
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-c.done:
		return c.result
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
	case <-w.ended:
		// It may have been queued after the writer looked for the last time.
		if c.state.CompareAndSwap(waiting, abandoned) {
			return errClosed
		}
	}
	<-c.done
	return c.result
}

// wait returns when the writer has ended, which it does when closing is closed,
// with the error of closing the connection.
func (w *writer) wait() error {
	<-w.ended
	return w.err
}

func (w *writer) run() {
	defer close(w.ended)
	batch := make([]*change, 0, maxBatch)
	for {
		select {
		case c := <-w.queue:
			batch = w.collect(batch[:0], c)
			w.commit(batch)
			clear(batch)
		case <-w.closing:
			if w.last != nil {
				w.err = w.last(w.session)
			}
			w.err = errors.Join(w.err, w.session.close())
			return
		}
	}
}

// collect takes up first and what waits behind it.
func (w *writer) collect(batch []*change, first *change) []*change {
	for c := first; ; {
		if c.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, c)
		}
		if len(batch) == maxBatch {
			return batch
		}
		select {
		case c = <-w.queue:
		default:
			return batch
		}
	}
}

// commit makes the changes of the batch and answers their callers. If one of
// them or the batch as a whole cannot be made, each is made on its own, so that
// one does not fail the others.
func (w *writer) commit(batch []*change) {
	if len(batch) == 0 {
		return
	}
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
		close(c.done)
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
