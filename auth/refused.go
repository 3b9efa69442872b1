package auth

import "sync"

// maxRefused is the maximum number of wrong passwords in the cache.
const maxRefused = 1024

// refused caches the digests of passwords that failed their verification, so that
// a client that repeats an outdated password costs one verification. The zero
// value is ready to use.
type refused struct {
	mu    sync.Mutex
	known map[digest]struct{}
	// order lists the digests by age. Once it is full, next is the index of the
	// oldest.
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
