//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
)

// These paths and headers are only for the clients of this program.
const (
	pathRequests   = "/chaos/requests/"
	pathOpen       = "/chaos/open"
	headerDeadline = "X-Chaos-Deadline"
)

// inFlight tracks the active requests. After a lost response, a client
// asks whether its request is still active. A paused replica may process a request
// later. That is correct, but the client would not know which result to expect.
type inFlight struct {
	next   http.Handler
	mu     sync.Mutex
	active map[string]int
}

func newInFlight(next http.Handler) *inFlight {
	return &inFlight{next: next, active: map[string]int{}}
}

// ServeHTTP counts the request, and then drops it if the deadline of its client has
// passed. In this order, a request that is not active after its deadline never
// becomes active.
func (f *inFlight) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(openbroker.HeaderRequestIdentity)
	if id == "" {
		f.next.ServeHTTP(w, r)
		return
	}
	f.add(id, 1)
	defer f.add(id, -1)
	deadline, err := strconv.ParseInt(r.Header.Get(headerDeadline), 10, 64)
	if err == nil && time.Now().UnixNano() > deadline {
		panic(http.ErrAbortHandler)
	}
	f.next.ServeHTTP(w, r)
}

func (f *inFlight) add(id string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active[id] += n; f.active[id] == 0 {
		delete(f.active, id)
	}
}

// serveActive reports whether a request is active.
func (f *inFlight) serveActive(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	active := f.active[r.PathValue("id")] > 0
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]bool{"active": active}) // The client asks again.
}
