//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"net/http"

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
)

var sabotages = []string{sabotageLeak, sabotageGhost, sabotageFence, sabotageForget, sabotageSilent}

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

// sabotageHandler returns the handler, broken if the sabotage applies to it.
func sabotageHandler(next http.Handler, sabotage string) http.Handler {
	if sabotage != sabotageSilent {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(silentWriter{w}, r)
	})
}

type silentWriter struct{ http.ResponseWriter }

// WriteHeader removes Retry-After from a 503.
func (w silentWriter) WriteHeader(status int) {
	if status == http.StatusServiceUnavailable {
		w.Header().Del("Retry-After")
	}
	w.ResponseWriter.WriteHeader(status)
}
