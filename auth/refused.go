package auth

import "sync"

// maxRefused bounds the wrong passwords that are remembered.
const maxRefused = 1024

// refused remembers the digests of passwords that were verified and are wrong, so
// that a client which goes on with an outdated one costs a verification once. The
// zero value is ready.
type refused struct {
	mu    sync.Mutex
	known map[digest]struct{}
	// order has them as they came; next is the oldest, once it is full.
	order []digest
	next  int
}

func (r *refused) has(d *digest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.known[*d]
	return known
}

func (r *refused) add(d *digest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.known[*d]; known {
		return
	}
	if r.known == nil {
		r.known = make(map[digest]struct{})
	}
	r.known[*d] = struct{}{}
	if len(r.order) < maxRefused {
		r.order = append(r.order, *d)
		return
	}
	delete(r.known, r.order[r.next])
	r.order[r.next] = *d
	r.next = (r.next + 1) % maxRefused
}
