package durable

import (
	"context"
	"log/slog"
	"time"
)

// claimLoop takes on operations that nobody works on: those that found no free
// worker, that are due for another attempt, or whose replica died.
func (e *Engine) claimLoop(ctx context.Context) {
	e.every(ctx, e.config.PollInterval, e.wake, e.claim)
}

// every calls f at once, at each interval, and when signalled, until ctx ends.
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
	// While operations wait, those come first whose platform, or service, has less
	// than its share.
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

// claimSome claims operations, begins to work on them in places that are reserved,
// and returns how many there are.
func (e *Engine) claimSome(limit int, leave ClaimExclusion) int {
	leased := time.Now()
	// What takes longer than the lease is not ours any more.
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

// leaseLoop keeps the leases of the running operations, and stops those that
// are cancelled or lost. Only its timer renews them: a hint makes it look.
func (e *Engine) leaseLoop(ctx context.Context) {
	timer := time.NewTicker(e.config.Lease / 3)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			e.renew(ctx)
		case <-e.beat:
			e.look(ctx)
		}
	}
}

// held are the runs that have a lease, as far as known.
func (e *Engine) held() (running []*run, fences []Fence) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.runs {
		if r.lost() {
			continue // Whoever claims it goes on, the sooner the better.
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
			r.expiry.Reset(e.config.Lease - time.Since(asked))
		}
	}
	heed(running, states, err)
}

// look finds out which operations are cancelled or lost.
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

// heed stops the runs that are cancelled, or, unless the states are incomplete,
// lost. Of those that are not known, each stops itself when its lease is over.
func heed(running []*run, states map[Fence]OperationState, incomplete error) {
	for _, r := range running {
		switch state, held := states[r.fence()]; {
		case !held && incomplete == nil:
			r.stop(errLeaseLost) // Or it has just ended, and does not notice.
		case state == OperationCancelling:
			r.stop(errCancelled)
		}
	}
}

// hintLoop passes on what the store hears from other replicas, at most every
// hintPause, because each hint costs every replica a look.
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

// sweepLoop deletes what has expired and forgets what is long gone.
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
		d, err := e.decide(ctx, expired[i].Key, nil, func(s *Snapshot) (*decision, error) {
			if s.Binding == nil || s.Binding.Status != StatusReady || s.Instance == nil || len(s.Open) > 0 {
				return &decision{done: true}, nil
			}
			return e.beginUnbind(s, expired[i].Key, Policy{Deadline: e.config.CleanupTimeout}, true)
		})
		if err != nil {
			e.storeFailed(ctx, "deleting an expired binding", err)
			continue
		}
		d.forget() // Nobody waits for it.
	}
}
