package groupcommit

import "sync/atomic"

// The states of a change. A change leaves waiting once: a writer takes it, or its
// caller abandons it.
const (
	waiting int32 = iota
	taken
	abandoned
)

// A Change synchronizes the caller and the writer of a change. A store embeds it in
// the type of its changes. The zero value is ready for one use.
type Change struct {
	state atomic.Int32
	err   error
	done  chan struct{}
}

// Answer sets the result of a change that a writer has taken up, and wakes its
// caller. The writer answers each such change once, from any goroutine, and does not
// use it afterwards.
func (c *Change) Answer(err error) {
	c.err = err
	close(c.done)
}

// take reports whether a writer may make the change: its caller still waits.
func (c *Change) take() bool { return c.state.CompareAndSwap(waiting, taken) }

// abandon reports whether the caller may leave: no writer has taken up the change,
// and none will.
func (c *Change) abandon() bool { return c.state.CompareAndSwap(waiting, abandoned) }

// change implements changer for every type that embeds a Change.
func (c *Change) change() *Change { return c }

// A changer is a pointer to a type that embeds a [Change].
type changer interface{ change() *Change }
