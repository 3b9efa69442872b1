package simulation_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The configuration of the engines. No two timers that one goroutine waits for have the same
// length, or a multiple of it: those that end at the same time would have no order.
const (
	lease        = 15*time.Second + 11
	stopGrace    = 7*time.Second + 13
	maxWait      = 19*time.Second + 17
	syncWait     = 1100*time.Millisecond + 19
	pollInterval = 4700*time.Millisecond + 23
	deadline     = 3*time.Minute + 29
	deletedGrace = 10 * time.Minute
	failureGrace = 10 * time.Minute
	attempts     = 4

	replicas  = 3
	clients   = 6
	instances = 4
	// clockStep is how far a step moves the clock of the store.
	clockStep = 30 * time.Second
)

// A replica is a process with an engine. A killed or stopped one is replaced by another one
// with a new name.
type replica struct {
	name   string
	number int
	engine *durable.Engine
	hints  chan struct{}
	dead   atomic.Bool
	// starting says that its engine is made, whose calls are not steps.
	starting bool
	// stopping says that it shuts down. pausedUntil and cutUntil are until when it does not
	// run, or does not reach the store.
	stopping              bool
	pausedUntil, cutUntil time.Time
	// trouble is when a fault last met it.
	trouble time.Time
}

// lives reports whether the process runs, or can go on.
func (r *replica) lives() bool { return !r.dead.Load() }

// up reports whether the replica takes requests.
func (r *replica) up() bool {
	return r.lives() && !r.stopping && r.pausedUntil.IsZero()
}

// troubled reports whether a fault has met the replica since a moment.
func (r *replica) troubled(since time.Time) bool {
	return r.stopping || r.dead.Load() || !r.trouble.Before(since) || !r.cutUntil.IsZero()
}

// slow is when an answer counts as late: a lease may not be renewed in time then.
const slow = lease / 4

// troubled reports whether a fault has met a process since a moment, or may have: a call that
// takes long is one.
func (w *world) troubled(name string, since time.Time) bool {
	for _, r := range w.replicas {
		if r.name == name {
			return r.troubled(since) || !r.pausedUntil.IsZero() || w.late(r)
		}
	}
	return true // It has ended.
}

// late reports whether a step of the process waits for long.
func (w *world) late(r *replica) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.parked {
		if p.of == r && p.held == nil && time.Since(p.since) > slow {
			return true
		}
	}
	return false
}

func catalog() *openbroker.Catalog {
	s := openbroker.Service{ID: serviceID, Name: serviceID, Description: "A service", Bindable: true, PlanUpdateable: true, InstancesRetrievable: true, BindingsRetrievable: true}
	for _, id := range plans {
		s.Plans = append(s.Plans, openbroker.Plan{ID: id, Name: id, Description: "A plan"})
	}
	return &openbroker.Catalog{Services: []openbroker.Service{s}}
}

// narrow reports whether the replicas of the seed have fewer workers than there is work. Which
// of two workers that end at the same time frees its place before a claim counts the places is
// up to the runtime: the traces of such a seed can differ.
func (w *world) narrow() bool { return w.seed%5 == 0 }

func (w *world) workers() int {
	if w.narrow() {
		return 2
	}
	return 128
}

func (w *world) config(name string) durable.Config {
	return durable.Config{
		Sealer: plainSealer{}, Logger: slog.New(slog.DiscardHandler), Replica: name, Workers: w.workers(), PlatformWorkers: w.workers(),
		DefaultPolicy: durable.Policy{SyncWait: syncWait, Deadline: deadline, Attempts: attempts, BackoffMin: time.Second + 3, BackoffMax: 20*time.Second + 7},
		Policies: map[string]durable.Policy{
			"async":  {Mode: durable.ModeAsynchronous},
			"serial": {ParallelBindings: new(false)},
			"manual": {Cleanup: durable.CleanupManual},
		},
		Lease: lease, PollInterval: pollInterval, MaxWait: maxWait, StopGrace: stopGrace, CleanupTimeout: time.Hour,
		DeletedGrace: deletedGrace, FailureGrace: failureGrace, SweepInterval: 24 * time.Hour,
	}
}

// start begins a process in the place of a replica.
func (w *world) start(number int) {
	w.started++
	r := &replica{name: "r" + strconv.Itoa(number) + "." + strconv.Itoa(w.started), number: number, hints: make(chan struct{})}
	store := &replicaStore{Store: w.store, w: w, r: r}
	r.starting = true
	engine, err := durable.New(w.ctx, catalog(), &provider{w: w, r: r}, store, w.config(r.name))
	if err != nil {
		panic(err)
	}
	r.starting = false
	r.engine = engine
	w.replicas[number] = r
	engine.Start(w.ctx)
	w.note("start ", r.name)
}

// kill ends a process: nothing of it has an effect from now on. Its goroutines end by
// themselves.
func (w *world) kill(r *replica) {
	w.cover("kill", r)
	w.note("kill ", r.name)
	r.dead.Store(true)
	w.disconnect(r)
	for _, p := range w.settle() {
		if p.of == r {
			w.release(p, decision{dead: true})
		}
	}
	w.bury(r)
	w.restart[r.number] = time.Now().Add(w.between(time.Second, 40*time.Second))
}

// bury stops the goroutines of a process that was killed.
func (w *world) bury(r *replica) {
	ended, cancel := context.WithCancel(w.ctx)
	cancel()
	w.buried.Go(func() { r.engine.Stop(ended) })
}

// stop shuts a process down in an orderly way.
func (w *world) stop(r *replica) {
	w.cover("stop", r)
	w.note("stop ", r.name)
	r.stopping = true
	ctx, cancel := context.WithTimeout(w.ctx, w.between(time.Millisecond, 20*time.Second))
	w.buried.Go(func() {
		defer cancel()
		r.engine.Stop(ctx)
		w.park(&step{label: r.name + " has stopped", kind: stopped, of: r})
	})
}

// disconnect ends the requests to a replica: their clients get no answer.
func (w *world) disconnect(r *replica) {
	for client, request := range w.requests {
		if request != nil && request.r == r {
			w.leave(client)
		}
	}
}

// leave makes a client go away.
func (w *world) leave(client int) {
	request := w.requests[client]
	request.lost = true
	request.cancel()
	w.requests[client] = nil
	w.note(request.label, " leaves")
}

// pause stops a process for longer than its leases.
func (w *world) pause(r *replica) {
	w.cover("pause", r)
	w.disconnect(r)
	r.pausedUntil = time.Now().Add(w.between(time.Second, 3*lease))
	w.note("pause ", r.name)
}

// cut takes the store away from a process.
func (w *world) cut(r *replica) {
	w.cover("outage", r)
	r.cutUntil = time.Now().Add(w.between(time.Second, 2*lease))
	w.note("cut ", r.name)
}
