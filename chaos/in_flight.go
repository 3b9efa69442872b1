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

// Paths and headers that only the clients of this program use.
const (
	pathRequests   = "/chaos/requests/"
	pathOpen       = "/chaos/open"
	headerDeadline = "X-Chaos-Deadline"
)

// inFlight knows the requests that are being answered. A client whose answer
// was lost asks whether its request can still take effect: a request that a
// paused replica carries out later would be right, but nobody could tell then
// what is to be expected.
type inFlight struct {
	next   http.Handler
	mu     sync.Mutex
	active map[string]int
}

func newInFlight(next http.Handler) *inFlight {
	return &inFlight{next: next, active: map[string]int{}}
}

// ServeHTTP counts the request, and drops it if its client has given up. The
// order matters: what is not active after its deadline never will be.
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

// serveActive answers whether a request is being answered.
func (f *inFlight) serveActive(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	active := f.active[r.PathValue("id")] > 0
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]bool{"active": active}) // It asks again.
}
