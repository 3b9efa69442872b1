package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker"
)

var _ openbroker.Broker = (*Engine)(nil)

// An Engine is a broker whose operations survive crashes. It answers requests
// from New on, but begins to work on operations with Start.
type Engine struct {
	rules

	provider Provider
	store    Store
	logger   *slog.Logger

	// offset is the database's clock minus this process's, in nanoseconds.
	offset atomic.Int64

	// places bound the operations that this replica works on.
	places *places
	// backlog says that operations wait in the store for a place.
	backlog atomic.Bool
	// wake makes the claim loop look at once, beat the heartbeat.
	wake, beat chan struct{}
	// turns order the requests that change one instance.
	turns turns
	// queues are the bindings that wait their turn.
	queues turns
	// draining ends the waiting of requests.
	draining chan struct{}
	drain    sync.Once
	// aborted ends when workers are to give up recording a result: the store is
	// away, and the engine has to stop. Another replica takes over.
	aborted context.Context //nolint:containedctx // It is a signal that writes to the store obey.
	abort   context.CancelFunc
	// claiming ends when Stop does not wait for claims any longer.
	claiming  context.Context //nolint:containedctx // It is a signal that claims obey.
	stopClaim context.CancelFunc

	mu       sync.Mutex
	runs     map[string]*run
	watchers map[string][]chan *result
	state    engineState
	// base carries the values of Start's context to the provider.
	base    context.Context //nolint:containedctx // Operations have no caller whose context they could take.
	loops   sync.WaitGroup
	workers sync.WaitGroup
	// quit ends the loops.
	quit     context.CancelFunc
	stopOnce sync.Once
}

type engineState int

const (
	stateNew engineState = iota
	stateStarted
	stateStopping
)

// New returns an engine for the catalog and the provider. It checks the
// configuration and the catalog, and reports everything that is wrong with
// them; and it checks that the sealer opens what the store holds, so that a
// wrong key is refused before anything is done.
func New(ctx context.Context, catalog *openbroker.Catalog, provider Provider, store Store, config Config) (*Engine, error) {
	if catalog == nil || provider == nil || store == nil {
		return nil, errors.New("durable: a catalog, a provider and a store are needed")
	}
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("durable: the configuration is invalid: %w", err)
	}
	config = config.withDefaults()
	e := &Engine{
		provider: provider, store: store, logger: config.Logger,
		places: newPlaces(config.Workers, config.PlatformWorkers), wake: make(chan struct{}, 1), beat: make(chan struct{}, 1),
		draining: make(chan struct{}), runs: map[string]*run{}, watchers: map[string][]chan *result{}, base: context.WithoutCancel(ctx),
	}
	e.config = config
	e.aborted, e.abort = context.WithCancel(e.base)
	e.claiming, e.stopClaim = context.WithCancel(e.base)
	if err := e.SetCatalog(catalog); err != nil {
		return nil, err
	}
	if err := e.checkSealer(ctx); err != nil {
		return nil, err
	}
	// Deadlines are of the database's clock: learn it before the first one.
	if _, err := e.load(ctx, Key{}); err != nil {
		return nil, fmt.Errorf("durable: the store does not work: %w", err)
	}
	return e, nil
}

// checkSealer opens a value that the first engine on the store has sealed.
func (e *Engine) checkSealer(ctx context.Context) error {
	err := CheckSealer(ctx, e.store, e.config.Sealer)
	if errors.Is(err, ErrWrongKey) {
		return fmt.Errorf("durable: %w: configure the key that belongs to this database, nothing was changed", err)
	}
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return nil
}

// SetCatalog changes the catalog. The engine goes on with the old one if it
// returns an error: when the catalog is invalid, or a plan's policy cannot work
// with it.
func (e *Engine) SetCatalog(catalog *openbroker.Catalog) error {
	if err := e.setCatalog(catalog); err != nil {
		return err
	}
	e.places.share(len(catalog.Services))
	return nil
}

// Catalog returns the catalog.
func (e *Engine) Catalog(context.Context) (*openbroker.Catalog, error) {
	return e.catalog.Load(), nil
}

// Start begins to work on operations, also those that earlier processes left
// behind. It returns at once. The context's values, not its end, reach the
// provider: end the engine with Stop.
func (e *Engine) Start(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != stateNew {
		return
	}
	e.state = stateStarted
	base := context.WithoutCancel(ctx)
	e.base = base
	ctx, e.quit = context.WithCancel(base)
	for _, loop := range []func(context.Context){e.claimLoop, e.leaseLoop, e.sweepLoop, e.hintLoop} {
		e.loops.Go(func() { loop(ctx) })
	}
}

// Drain has every request answered that waits for its operation, now and from now
// on: with 202 if the client accepts that, else with 503 and Retry-After. Their
// operations go on, here until [Engine.Stop], then in another replica or in the
// next process. Call it when the server stops accepting requests; package server
// does. It can be called twice.
func (e *Engine) Drain() { e.drain.Do(func() { close(e.draining) }) }

// Stop ends the engine: it drains, takes on nothing more, lets the running operations
// end until ctx ends, then interrupts them, and gives their leases back, so
// that another replica, or the next process, goes on with them at once. That
// takes a few seconds after the end of ctx if a provider does not return, or the
// store is away. Stop can be called twice, and without Start.
func (e *Engine) Stop(ctx context.Context) {
	e.Drain()
	e.stopOnce.Do(func() {
		e.mu.Lock()
		e.state = stateStopping
		quit := e.quit
		e.mu.Unlock()
		ended := make(chan struct{})
		go func() {
			e.workers.Wait()
			close(ended)
		}()
		claims := time.AfterFunc(claimPatience, e.stopClaim)
		defer claims.Stop()
		select {
		case <-ended:
		case <-ctx.Done():
			e.stopClaim()
			e.stopRuns(errStopping)
			grace := time.AfterFunc(2*stopPatience, e.abort)
			<-ended
			grace.Stop()
		}
		if quit != nil {
			quit()
			e.loops.Wait()
		}
		e.abort()
		e.stopClaim()
	})
}

// stopPatience bounds how long Stop takes beyond its context: this long for
// providers that do not return, and again for a store that is away. What is not
// recorded then is another replica's once the lease is over.
const stopPatience = 4 * time.Second

// claimPatience is how long Stop waits for a claim, to give back what it leases.
// A claim that is cut off may have leased operations, which then wait until that
// lease is over.
const claimPatience = time.Second

// enter counts the caller among the workers if the engine is in one of the
// states: Stop waits for it then. Leave with workers.Done.
func (e *Engine) enter(states ...engineState) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(states, e.state) {
		return false
	}
	e.workers.Add(1)
	return true
}

// started reports whether the engine works on operations.
func (e *Engine) started() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == stateStarted
}

// Ping reports whether the store can be used now, for readiness checks.
func (e *Engine) Ping(ctx context.Context) error { return e.store.Ping(ctx) }

// now is the time of the database, as far as known.
func (e *Engine) now() time.Time { return time.Now().Add(time.Duration(e.offset.Load())) }

// load reads a snapshot and learns the database's clock.
func (e *Engine) load(ctx context.Context, key Key) (*Snapshot, error) {
	snapshot, err := e.store.Load(ctx, key)
	if err != nil {
		return nil, unavailable(err)
	}
	e.offset.Store(int64(time.Until(snapshot.Now)))
	return snapshot, nil
}

// unavailable is the answer when the store cannot be used: the request can be
// sent again.
func unavailable(err error) error { return openbroker.ErrUnavailable.WithCause(err) }

// signal puts a value into a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
