//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"net/http"

	"github.com/openbroker/openbroker/durable"
)

// What -sabotage breaks, so that everyone can see the checks fail.
const (
	// sabotageLeak: the provider sometimes forgets to delete.
	sabotageLeak = "leak"
	// sabotageGhost: the provider sometimes forgets to create.
	sabotageGhost = "ghost"
	// sabotageFence: writes of workers that lost their claim are let through.
	sabotageFence = "fence"
	// sabotageForget: the store sometimes acknowledges what it does not write.
	sabotageForget = "forget"
	// sabotageSilent: 503 comes without Retry-After.
	sabotageSilent = "silent"
)

var sabotages = []string{sabotageLeak, sabotageGhost, sabotageFence, sabotageForget, sabotageSilent}

// forgets decides whether an attempt leaves out its effect.
func (p *provider) forgets(kind string, dice uint64) bool {
	deletes := kind == kindDeprovision || kind == kindUnbind
	return dice%32 == 0 && (p.sabotage == sabotageLeak && deletes || p.sabotage == sabotageGhost && !deletes)
}

// sabotageStore breaks a store, if told to.
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

// An unfencedStore lets every worker write.
type unfencedStore struct{ durable.Store }

// Advance puts the present generation in place of the worker's.
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

// Accept does nothing, now and then.
func (s forgetfulStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	if rand.IntN(64) == 0 { //nolint:gosec // Any will do.
		return nil
	}
	return s.Store.Accept(ctx, a)
}

// sabotageHandler breaks a handler, if told to.
func sabotageHandler(next http.Handler, sabotage string) http.Handler {
	if sabotage != sabotageSilent {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(silentWriter{w}, r)
	})
}

type silentWriter struct{ http.ResponseWriter }

// WriteHeader leaves out Retry-After.
func (w silentWriter) WriteHeader(status int) {
	if status == http.StatusServiceUnavailable {
		w.Header().Del("Retry-After")
	}
	w.ResponseWriter.WriteHeader(status)
}
