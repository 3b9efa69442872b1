package durable

import (
	"context"
	"sync"
)

// turns let requests of this replica that change one instance pass one by one.
// Otherwise simultaneous requests, such as parallel bindings, would all decide from the
// same snapshot, and all but one would conflict. The guard is still the revision, because
// other replicas do not take part.
type turns struct {
	mu    sync.Mutex
	taken map[Key]*turn
}

type turn struct {
	// users counts the requests that have the turn or wait for it. free holds a value
	// while the turn is free.
	users int
	free  chan struct{}
}

// occupied reports whether a request has the turn of the instance or waits for it.
func (t *turns) occupied(key Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken[key] != nil
}

// take waits for the turn of the instance. The caller calls leave when it is done. The
// error is the error of ctx.
func (t *turns) take(ctx context.Context, key Key) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	mine := t.taken[key]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		if t.taken == nil {
			t.taken = map[Key]*turn{}
		}
		t.taken[key] = mine
	}
	mine.users++
	t.mu.Unlock()
	done := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.taken, key)
		}
	}
	select {
	case <-mine.free:
		return func() { mine.free <- struct{}{}; done() }, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}
