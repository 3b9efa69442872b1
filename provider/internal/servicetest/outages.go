package servicetest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// outages are what happens to a server between two steps.
var outages = map[string]func(Server) error{"restart": Server.Stop, "crash": Server.Kill}

// Restarts restarts the server in the middle of each operation of a life.
func (s *Service) Restarts(t *testing.T) {
	t.Helper()
	for name, end := range outages {
		t.Run(name, func(t *testing.T) {
			before := s.dump(t)
			b := s.Start(t)
			for kind, p := range s.middles(t, b) {
				if !t.Run(string(kind), func(t *testing.T) {
					var count atomic.Int64
					var restarted atomic.Bool
					b.hooks.set(func(ctx context.Context, _ stepOf) error {
						if count.Add(1)-1 != int64(p.number) {
							return nil
						}
						restarted.Store(true)
						if err := end(s.Server); err != nil {
							return err
						}
						return s.Server.Start(context.WithoutCancel(ctx))
					})
					s.life(t, b, fmt.Sprint(name, "-", p.number))
					b.hooks.set(nil)
					if !restarted.Load() {
						t.Error("the server was not restarted")
					}
					s.unchanged(t, before)
				}) {
					return // The server may be broken or down: each of the others would wait for it in vain.
				}
			}
		})
	}
}

// middles returns a step in the middle of each kind of operation.
func (s *Service) middles(t *testing.T, b *Broker) map[durable.OperationKind]point {
	t.Helper()
	byKind := map[durable.OperationKind][]point{}
	for _, p := range s.steps(t, b) {
		byKind[p.kind] = append(byKind[p.kind], p)
	}
	middles := map[durable.OperationKind]point{}
	for kind, points := range byKind {
		middles[kind] = points[(len(points)-1)/2]
	}
	return middles
}

// Away stops the server during each operation of a life, and starts it again after some
// attempts have failed, or after the duration in SERVICETEST_AWAY, which make away sets:
// the operations wait, and succeed. Requests that ask the server directly are answered
// with an error, and change nothing.
func (s *Service) Away(t *testing.T) {
	t.Helper()
	var away time.Duration
	if text := os.Getenv("SERVICETEST_AWAY"); text != "" {
		var err error
		away, err = time.ParseDuration(text)
		must(t, "SERVICETEST_AWAY", err)
	}
	before := s.dump(t)
	b := s.Start(t)
	for kind, p := range s.middles(t, b) {
		if !t.Run(string(kind), func(t *testing.T) {
			var count atomic.Int64
			stopped := make(chan error, 1)
			b.hooks.set(func(context.Context, stepOf) error {
				if count.Add(1)-1 != int64(p.number) {
					return nil
				}
				stopped <- s.Server.Stop()
				return durable.Unreachable(errCrash) // This may have been the last step.
			})
			defer b.hooks.set(nil)
			lived, returned := make(chan struct{}), make(chan struct{})
			back := sync.OnceFunc(func() {
				close(lived)
				<-returned
			})
			defer back()
			go func() {
				defer close(returned)
				select {
				case err := <-stopped:
					if err != nil {
						t.Error(err)
					}
				case <-lived: // It did not come to the step.
					t.Error("the server was not stopped")
					return
				}
				// More attempts than a retryable operation has.
				b.log.waitFor(t, "attempt failed", 6)
				<-time.After(away)
				if health := b.Providers.HealthChecks(); len(health) != 1 || health[0].Run(context.WithoutCancel(t.Context())) == nil {
					t.Error("the provider is healthy without its server")
				}
				if err := s.Server.Start(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			s.life(t, b, fmt.Sprint("away-", p.number))
			back()
			for _, check := range b.Providers.HealthChecks() {
				must(t, "the health of the provider", check.Run(t.Context()))
			}
			s.unchanged(t, before)
		}) {
			return // As in Restarts.
		}
	}
}
