package durable

import (
	"context"
	"log/slog"
	"time"
)

// claimLoop claims operations without a worker: operations that were accepted while no
// worker was free, that are due for another attempt, or whose replica died.
func (e *Engine) claimLoop(ctx context.Context) {
	e.every(ctx, e.config.PollInterval, e.wake, e.claim)
}

// every calls f immediately, after each interval, and at each signal, until ctx ends.
func (e *Engine) every(ctx context.Context, interval time.Duration, signalled <-chan struct{}, f func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-signalled:
		}
		// One call answers all that happened during the last one.
		drain(ticker.C)
		drain(signalled)
	}
}

// drain receives a value that waits in the channel.
func drain[T any](c <-chan T) {
	select {
	case <-c:
	default:
	}
}

func (e *Engine) claim(context.Context) {
	if !e.enter(stateStarted) {
		return
	}
	defer e.workers.Done()
	reserved := e.places.reserve()
	if reserved == 0 {
		e.backlog.Store(true) // Look again when a place becomes free.
		return
	}
	// While operations wait, platforms and services with less than their share come
	// first.
	passes := []bool{false}
	if e.backlog.Swap(false) {
		passes = []bool{true, false}
	}
	more, left := false, false
	for _, fair := range passes {
		leave, limit := e.places.leave(fair)
		limit = min(limit, reserved)
		claimed := e.claimSome(limit, leave) //nolint:contextcheck // Stop ends it before ctx.
		reserved -= claimed
		if more = limit > 0 && claimed == limit; more {
			break
		}
		left = leave.Internal || len(leave.Platforms)+len(leave.Services) > 0
	}
	free := e.places.unreserve(reserved)
	if more || left {
		e.backlog.Store(true)
	}
	if more && free {
		signal(e.wake)
	}
}

// claimSome claims operations, begins to work on them in reserved places, and returns
// their number.
func (e *Engine) claimSome(limit int, leave ClaimExclusion) int {
	leased := time.Now()
	// A claim that takes longer than the lease has lost its operations.
	ctx, cancel := context.WithTimeout(e.claiming, e.config.Lease)
	defer cancel()
	claimed, err := e.store.Claim(ctx, e.config.Replica, e.config.Lease, limit, leave)
	if err != nil {
		e.storeFailed(e.claiming, "claiming operations", err)
		return 0
	}
	for i := range claimed {
		record := &claimed[i]
		e.operationLogger(record).LogAttrs(ctx, slog.LevelDebug, "operation claimed")
		who := place{of: PlatformService{Platform: record.Key.Platform}, internal: record.Internal}
		e.places.use(who)
		e.begin(record, nil, leased, who)
	}
	return len(claimed)
}

func (e *Engine) storeFailed(ctx context.Context, doing string, err error) {
	if ctx.Err() == nil {
		e.logger.LogAttrs(ctx, slog.LevelError, "store failed", slog.String("doing", doing), slog.String("error", err.Error()))
	}
}

// leaseLoop renews the leases of the running operations, and stops operations that were
// cancelled or lost. Its timer renews; a hint only makes it read.
func (e *Engine) leaseLoop(ctx context.Context) {
	timer := time.NewTicker(e.config.Lease / 3)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			drain(e.beat)
			e.renew(ctx)
		case <-e.beat:
			select {
			case <-timer.C:
				e.renew(ctx) // It also reads.
			default:
				e.look(ctx)
			}
		}
	}
}

// held returns the runs that have a lease, as far as this replica knows.
func (e *Engine) held() (running []*run, fences []Fence) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.runs {
		if r.lost() {
			continue // Another replica may claim it.
		}
		running, fences = append(running, r), append(fences, r.fence())
	}
	return running, fences
}

func (e *Engine) renew(ctx context.Context) {
	running, fences := e.held()
	if len(running) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.Lease/3)
	defer cancel()
	asked := time.Now()
	states, err := e.store.Renew(ctx, e.config.Replica, e.config.Lease, fences)
	if err != nil {
		e.storeFailed(ctx, "renewing leases", err)
	}
	for _, r := range running {
		if _, renewed := states[r.fence()]; renewed {
			r.hold(e.config.Lease - time.Since(asked))
		}
	}
	heed(running, states, err)
}

// look stops the operations that were cancelled or lost.
func (e *Engine) look(ctx context.Context) {
	running, fences := e.held()
	if len(running) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.Lease/3)
	defer cancel()
	states, err := e.store.Held(ctx, e.config.Replica, fences)
	if err != nil {
		e.storeFailed(ctx, "looking at leases", err)
	}
	heed(running, states, err)
}

// heed stops the runs that were cancelled and, unless the states are incomplete, those
// that were lost. A run whose state is unknown stops when its lease ends.
func heed(running []*run, states map[Fence]OperationState, incomplete error) {
	for _, r := range running {
		switch state, held := states[r.fence()]; {
		case !held && incomplete == nil:
			r.stop(errLeaseLost) // If the run has just ended, this has no effect.
		case state == OperationCancelling:
			r.stop(errCancelled)
		}
	}
}

// hintLoop passes the hints of the store on, at most one per hintPause, because each
// hint makes every replica query the store.
func (e *Engine) hintLoop(ctx context.Context) {
	const hintPause = 100 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-e.store.Hints():
			if !open {
				return
			}
		}
		signal(e.wake)
		signal(e.beat)
		timer := time.NewTimer(hintPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// sweepLoop deletes expired bindings and prunes old records.
func (e *Engine) sweepLoop(ctx context.Context) {
	e.every(ctx, e.config.SweepInterval, nil, e.sweep)
}

const sweepBatch = 500

func (e *Engine) sweep(ctx context.Context) {
	if e.config.UnbindExpired {
		e.unbindExpired(ctx)
	}
	for {
		pruned, err := e.store.Prune(ctx, e.config.Retention, sweepBatch)
		if err != nil {
			e.storeFailed(ctx, "pruning", err)
			return
		}
		if pruned < sweepBatch {
			return
		}
	}
}

func (e *Engine) unbindExpired(ctx context.Context) {
	expired, err := e.store.Expired(ctx, sweepBatch)
	if err != nil {
		e.storeFailed(ctx, "looking for expired bindings", err)
		return
	}
	for i := range expired {
		d, err := e.decide(ctx, expired[i].Key, fromStore, func(s *basis) (*decision, error) {
			if s.Binding == nil || s.Binding.Status != StatusReady || s.Instance == nil || len(s.Open) > 0 {
				return &decision{done: true}, nil
			}
			return e.beginUnbind(ctx, s, expired[i].Key, Policy{Deadline: e.config.CleanupTimeout}, true)
		})
		if err != nil {
			e.storeFailed(ctx, "deleting an expired binding", err)
			continue
		}
		d.forget() // No request waits for it.
	}
}
