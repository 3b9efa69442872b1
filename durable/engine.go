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

// An Engine is a broker whose operations survive crashes. It answers requests as soon
// as New returns, and works on operations after Start.
type Engine struct {
	rules

	provider Provider
	store    Store
	logger   *slog.Logger

	// offset is the clock of the database minus the clock of this process, in
	// nanoseconds.
	offset atomic.Int64
	// offsetRead is when a snapshot showed the offset, as a Unix time in nanoseconds.
	offsetRead atomic.Int64

	// places limit the operations that this replica works on.
	places *places
	// backlog says that operations in the store wait for a place.
	backlog atomic.Bool
	// listed are the names of providers that the store lists.
	listed sync.Map
	// wake makes the claim loop query the store immediately. beat does so for the lease
	// loop.
	wake, beat chan struct{}
	// turns order the requests that change one instance.
	turns turns
	// known are the instances that this replica has just written.
	known known
	// queues order the binding requests that wait their turn.
	queues turns
	// draining makes waiting requests answer.
	draining chan struct{}
	drain    sync.Once
	// aborted ends when workers must stop trying to record a result: the engine has to
	// stop, although the store fails. Another replica takes over.
	aborted context.Context //nolint:containedctx // It is a signal that writes to the store obey.
	abort   context.CancelFunc
	// claiming ends when Stop no longer waits for claims.
	claiming  context.Context //nolint:containedctx // It is a signal that claims obey.
	stopClaim context.CancelFunc

	mu       sync.Mutex
	runs     map[string]*run
	watchers map[string][]chan *result
	state    engineState
	// base carries the values of Start's context to the provider.
	base    context.Context //nolint:containedctx // Operations have no caller with a context.
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

// New returns an engine for the catalog and the provider. It checks the configuration
// and the catalog, and reports all of their problems. It also checks that the sealer
// opens the data of the store, so that a wrong key cannot do harm. The error then wraps
// [ErrWrongKey]. It wraps [ErrProviderMissing] if instances exist whose provider is not
// among [NamedProviders].
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
	e.known.lasts = min(knownFor, config.Retention)
	e.aborted, e.abort = context.WithCancel(e.base)
	e.claiming, e.stopClaim = context.WithCancel(e.base)
	if err := e.SetCatalog(catalog); err != nil {
		return nil, err
	}
	if err := e.checkSealer(ctx); err != nil {
		return nil, err
	}
	if named, ok := provider.(NamedProviders); ok {
		if err := CheckProviders(ctx, store, config.Sealer, named); err != nil {
			return nil, err
		}
	}
	// Deadlines use the database's clock, so read it before the first one.
	if _, err := e.load(ctx, Key{}); err != nil {
		return nil, fmt.Errorf("durable: the store does not work: %w", err)
	}
	return e, nil
}

// checkSealer opens the canary of the store.
func (e *Engine) checkSealer(ctx context.Context) error {
	err := CheckSealer(ctx, e.store, e.config.Sealer)
	if errors.Is(err, ErrWrongKey) {
		return fmt.Errorf("durable: %w: nothing was changed; configure the key of this database", err)
	}
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return nil
}

// SetCatalog replaces the catalog. It returns an error, and keeps the old catalog, if
// the new one is invalid or the policy of a plan does not fit it.
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

// Start begins to work on operations, including the operations of earlier processes.
// It returns immediately. The provider sees the values of the context, but not its end:
// end the engine with Stop.
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
	if r, ok := e.provider.(Reconciler); ok {
		e.loops.Go(func() { e.reconcile(ctx, r) })
	}
}

// Drain answers every request that waits for its operation, now and later: with 202 if
// the client accepts that, else with 503 and Retry-After. The operations continue, here
// until [Engine.Stop], then in another replica or in the next process. Call Drain when
// the server stops accepting requests, as package server does. It can be called twice.
func (e *Engine) Drain() { e.drain.Do(func() { close(e.draining) }) }

// Stop ends the engine. It drains, claims nothing more, and lets the running operations
// end until ctx ends. Then it interrupts them and releases their leases, so that
// another replica, or the next process, can continue them immediately. That takes a few
// seconds more if a provider does not return or the store fails. Stop can be called
// twice, and without Start.
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

// stopPatience limits how long Stop takes after its context has ended: this long for
// providers that do not return, and as long again for a store that fails. Another
// replica takes over what is not recorded by then, when the lease has ended.
const stopPatience = 4 * time.Second

// claimPatience is how long Stop waits for a claim, to release the operations that it
// leases. Operations of a claim that was cut off wait until the lease has ended.
const claimPatience = stopPatience

// enter counts the caller as a worker, for which Stop waits, if the engine is in one
// of the states. Leave with workers.Done.
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

// Ping returns an error if the store cannot be used now, for readiness checks.
func (e *Engine) Ping(ctx context.Context) error { return e.store.Ping(ctx) }

// now returns the time of the database, by the offset of the last snapshot.
func (e *Engine) now() time.Time { return time.Now().Add(time.Duration(e.offset.Load())) }

// load reads a snapshot and updates the offset of the database's clock.
func (e *Engine) load(ctx context.Context, key Key) (*Snapshot, error) {
	snapshot, err := e.store.Load(ctx, key)
	if err != nil {
		e.known.clear() // The next database may be one that lacks the last changes.
		return nil, unavailable(err)
	}
	e.offset.Store(int64(time.Until(snapshot.Now)))
	e.offsetRead.Store(time.Now().UnixNano())
	return snapshot, nil
}

// unavailable returns the answer for a failure of the store: the platform can repeat
// the request.
func unavailable(err error) error { return openbroker.ErrUnavailable.WithCause(err) }

// signal sends to a channel with a buffer of one, unless it is full.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
