package groupcommit

import (
	"context"
	"time"
)

// Options are the limits of a [Queue] for changes of type C.
type Options[C any] struct {
	// Length is how many changes can wait before [Queue.Do] blocks.
	Length int
	// MaxBatch is how many changes a batch has at most.
	MaxBatch int
	// Size returns the size of a change. A batch ends with the change that reaches
	// MaxSize. A nil Size sets no limit.
	Size    func(C) int
	MaxSize int
	// Fill is how many changes make a batch worth a commit of its own while another one is
	// under way. After a smaller batch the next writer waits until that is committed, but
	// not longer than Patience, and takes up what has come by then. 0 means that writers
	// never wait for each other.
	Fill     int
	Patience time.Duration
	// Closing is closed when the store closes. From then on [Queue.Do] returns
	// ErrClosed for changes that no writer has taken up.
	Closing   <-chan struct{}
	ErrClosed error
}

// A Queue holds the changes that wait for a writer. C is a pointer to a struct that
// embeds a [Change].
type Queue[C changer] struct {
	options Options[C]
	waiting chan C
	// next, unless nil, has a value while a writer may take up a batch.
	next chan struct{}
}

// New returns an empty queue.
func New[C changer](options Options[C]) *Queue[C] {
	q := &Queue[C]{options: options, waiting: make(chan C, options.Length)}
	if options.Fill > 0 {
		q.next = make(chan struct{}, 1)
		q.next <- struct{}{}
	}
	return q
}

// Len returns how many changes are queued, including abandoned ones.
func (q *Queue[C]) Len() int { return len(q.waiting) }

// Do queues a change and returns its result. If ctx ends or the store closes before
// a writer has taken up the change, Do returns the error of the context or
// ErrClosed, and the change is never made. Once a writer has taken up the change,
// Do waits for the result even if ctx ends, because the writer uses the memory of
// the change.
func (q *Queue[C]) Do(ctx context.Context, c C) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-q.options.Closing:
		return q.options.ErrClosed
	default:
	}
	own := c.change()
	own.done = make(chan struct{})
	select {
	case q.waiting <- c:
	case <-q.options.Closing:
		return q.options.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-own.done:
		return own.err
	case <-ctx.Done():
		if own.abandon() {
			return ctx.Err()
		}
	case <-q.options.Closing:
		// The writers may have ended before the change was queued.
		if own.abandon() {
			return q.options.ErrClosed
		}
	}
	<-own.done
	return own.err
}

// Write runs a writer: it calls commit with one batch after another until the store
// closes. A queue can have several writers. commit must answer each change, now or
// later, see [Change.Answer]. It may alter the slice, but must not keep it.
func (q *Queue[C]) Write(commit func(batch []C)) {
	batch := make([]C, 0, q.options.MaxBatch)
	for {
		if q.next != nil {
			select {
			case <-q.options.Closing:
				return
			case <-q.next:
			}
		}
		select {
		case <-q.options.Closing:
			return
		case first := <-q.waiting:
			batch = q.collect(batch[:0], first)
			committed := q.admit(len(batch))
			if len(batch) > 0 {
				commit(batch)
			}
			committed()
			clear(batch)
		}
	}
}

// admit lets the next writer take up a batch: now if this one is full enough, and else when
// the returned function is called or the patience ends.
func (q *Queue[C]) admit(size int) (committed func()) {
	admit := func() { q.next <- struct{}{} }
	switch {
	case q.next == nil:
		return func() {}
	case size == 0 || size >= q.options.Fill:
		admit()
		return func() {}
	}
	patience := time.AfterFunc(q.options.Patience, admit)
	return func() {
		if patience.Stop() {
			admit()
		}
	}
}

// collect takes up the first change and those that wait behind it.
func (q *Queue[C]) collect(batch []C, first C) []C {
	size := 0
	for c := first; ; {
		if c.change().take() {
			batch = append(batch, c)
			if q.options.Size != nil {
				size += q.options.Size(c)
			}
		}
		if len(batch) == q.options.MaxBatch || q.options.Size != nil && size >= q.options.MaxSize {
			return batch
		}
		select {
		case c = <-q.waiting:
		default:
			return batch
		}
	}
}
