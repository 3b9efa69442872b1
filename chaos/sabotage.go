//go:build unix

package main

import (
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/openbroker/openbroker/durable"
)

// The values of -sabotage. Each breaks the system so that a check fails.
const (
	// sabotageLeak: the provider sometimes forgets to delete.
	sabotageLeak = "leak"
	// sabotageGhost: the provider sometimes forgets to create.
	sabotageGhost = "ghost"
	// sabotageFence: the store accepts writes of workers that lost their claim.
	sabotageFence = "fence"
	// sabotageForget: the store sometimes acknowledges a write that it does not
	// make.
	sabotageForget = "forget"
	// sabotageSilent: a 503 has no Retry-After.
	sabotageSilent = "silent"
	// sabotageStale: a replica sometimes answers a GET as it answered it before.
	sabotageStale = "stale"
	// sabotageAgree: a conflicting creation sometimes gets the answer of one with the
	// same attributes.
	sabotageAgree = "agree"
	// sabotageRevive: a deletion is sometimes acknowledged, and not made.
	sabotageRevive = "revive"
	// sabotageDeaf: a replica reports that it is ready without its store.
	sabotageDeaf = "deaf"
)

var sabotages = []string{
	sabotageLeak, sabotageGhost, sabotageFence, sabotageForget, sabotageSilent, sabotageStale, sabotageAgree, sabotageRevive,
	sabotageDeaf,
}

// forgets reports whether an attempt omits its effect.
func (p *provider) forgets(kind string, dice uint64) bool {
	deletes := kind == kindDeprovision || kind == kindUnbind
	return dice%32 == 0 && (p.sabotage == sabotageLeak && deletes || p.sabotage == sabotageGhost && !deletes)
}

// sabotageStore returns the store, broken if the sabotage applies to it.
func sabotageStore(store durable.Store, sabotage string) durable.Store {
	switch sabotage {
	case sabotageFence:
		return unfencedStore{store}
	case sabotageForget:
		return forgetfulStore{store}
	default:
		return store
	}
}

// An unfencedStore accepts writes of every worker.
type unfencedStore struct{ durable.Store }

// Advance replaces the generation of the worker with the current one.
func (s unfencedStore) Advance(ctx context.Context, a *durable.Advance) error {
	if record, err := s.OperationByID(ctx, a.Fence.OperationID); err == nil {
		forged := *a
		forged.Fence.Generation = record.Generation
		return s.Store.Advance(ctx, &forged)
	}
	return s.Store.Advance(ctx, a)
}

// A forgetfulStore loses some acceptances.
type forgetfulStore struct{ durable.Store }

// Accept sometimes does nothing.
func (s forgetfulStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	if rand.IntN(64) == 0 { //nolint:gosec // Any random numbers are suitable.
		return nil
	}
	return s.Store.Accept(ctx, a)
}

// sabotagePing returns the check of the store, broken if the sabotage applies to it.
func sabotagePing(ping func(context.Context) error, sabotage string) func(context.Context) error {
	if sabotage != sabotageDeaf {
		return ping
	}
	return func(context.Context) error { return nil }
}

// sabotageHandler returns the handler, broken if the sabotage applies to it.
func sabotageHandler(next http.Handler, sabotage string) http.Handler {
	switch sabotage {
	case sabotageSilent:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(silentWriter{w}, r)
		})
	case sabotageStale:
		return &staleHandler{next: next, answers: map[string]*httptest.ResponseRecorder{}}
	case sabotageAgree, sabotageRevive:
		return lyingHandler{next: next, sabotage: sabotage}
	default:
		return next
	}
}

// A staleHandler sometimes repeats its last answer to a GET.
type staleHandler struct {
	next    http.Handler
	mu      sync.Mutex
	answers map[string]*httptest.ResponseRecorder
}

func (h *staleHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		h.next.ServeHTTP(w, r)
		return
	}
	name := r.URL.String()
	h.mu.Lock()
	answer := h.answers[name]
	h.mu.Unlock()
	if answer == nil || rand.IntN(4) != 0 { //nolint:gosec // Any random numbers are suitable.
		answer = httptest.NewRecorder()
		h.next.ServeHTTP(answer, r)
		h.mu.Lock()
		h.answers[name] = answer
		h.mu.Unlock()
	}
	send(w, answer)
}

// A lyingHandler sometimes acknowledges what the broker refuses or does not make.
type lyingHandler struct {
	next     http.Handler
	sabotage string
}

func (h lyingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lies := rand.IntN(4) == 0 //nolint:gosec // Any random numbers are suitable.
	if lies && h.sabotage == sabotageRevive && r.Method == http.MethodDelete {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}") // The client notices a lost response.
		return
	}
	answer := httptest.NewRecorder()
	h.next.ServeHTTP(answer, r)
	if h.sabotage == sabotageAgree && r.Method == http.MethodPut && answer.Code == http.StatusConflict {
		fetch := r.Clone(r.Context())
		fetch.Method, fetch.Body = http.MethodGet, http.NoBody
		if agreed := httptest.NewRecorder(); lies {
			if h.next.ServeHTTP(agreed, fetch); agreed.Code == http.StatusOK {
				answer = agreed
			}
		}
	}
	send(w, answer)
}

func send(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = answer.Body.WriteTo(w) // The client notices a lost response.
}

type silentWriter struct{ http.ResponseWriter }

// WriteHeader removes Retry-After from a 503.
func (w silentWriter) WriteHeader(status int) {
	if status == http.StatusServiceUnavailable {
		w.Header().Del("Retry-After")
	}
	w.ResponseWriter.WriteHeader(status)
}
