package simulation_test

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable/memstore"
)

// A world is the simulation of a seed.
type world struct {
	*scheduler

	seed     uint64
	ctx      context.Context //nolint:containedctx // It is that of the bubble.
	store    *memstore.Store
	ledger   *ledger
	coverage coverage
	replicas [replicas]*replica
	// restart is when a process begins again in the place of one that has ended.
	restart  [replicas]time.Time
	requests [clients]*request
	started  int
	sent     int
	// offset is the clock of the store minus that of the bubble.
	offset time.Duration
	// calm counts the steps since the faults have ended: only what was begun goes on.
	calm   int
	buried sync.WaitGroup
}

// An outcome is what the run of a seed leads to.
type outcome struct {
	seed       uint64
	trace      uint64
	steps      int
	operations int
	faults     []string
	log        string
	coverage   coverage
	narrow     bool
}

// simulate runs a seed until so many operations were accepted, and then until all of them
// have ended.
func simulate(t *testing.T, seed uint64, operations int, verbose bool) (out outcome) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w := &world{scheduler: newScheduler(seed), seed: seed, coverage: coverage{}}
		if verbose {
			w.log = &strings.Builder{}
		}
		w.ledger = newLedger(w)
		var cancel context.CancelFunc
		w.ctx, cancel = context.WithCancel(context.Background())
		defer cancel()
		w.store = memstore.New(memstore.WithClock(w.storeNow))
		func() {
			defer func() {
				if value := recover(); value != nil {
					w.ledger.faults = append(w.ledger.faults, "panic: "+sprint(value)+"\n"+string(debug.Stack()))
				}
			}()
			w.run(operations)
		}()
		w.shut()
		out = outcome{seed: seed, trace: w.trace.Sum64(), steps: w.steps, operations: len(w.ledger.order), faults: w.ledger.faults, coverage: w.coverage, narrow: w.narrow()}
		if verbose {
			out.log = w.log.String()
		}
	})
	return out
}

// storeNow returns the time by the clock of the store.
func (w *world) storeNow() time.Time { return time.Now().Add(w.offset) }

// calmSteps limits the steps without faults.
const calmSteps = 100_000

func (w *world) run(operations int) {
	for number := range replicas {
		w.start(number)
	}
	for w.calm == 0 && len(w.ledger.faults) == 0 {
		w.turn()
		if w.ledger.accepts() >= operations {
			w.calm = 1
		}
	}
	w.heal()
	for ; w.calm < calmSteps && w.ledger.unfinished() && len(w.ledger.faults) == 0; w.calm++ {
		w.turn()
	}
	if len(w.ledger.faults) == 0 {
		w.ledger.ends()
	}
}

// turn makes one decision, and waits until it has had its effect: otherwise what the
// scheduler does next, and whether it is calm by then, would be up to the runtime.
func (w *world) turn() {
	defer synctest.Wait()
	w.resume()
	parked := w.settle()
	if w.log != nil {
		var labels []string
		for _, p := range parked {
			labels = append(labels, p.label)
		}
		w.log.WriteString("  parked: " + strings.Join(labels, "; ") + "\n")
	}
	instant := slices.ContainsFunc(parked, func(p *step) bool { return p.instant && w.ready(p) })
	if w.calm == 0 {
		if w.chance(25) && w.trouble() {
			return
		}
		if w.chance(120) && w.act(instant) {
			return
		}
	}
	if w.chance(15) {
		w.hint()
		return
	}
	ready := slices.DeleteFunc(slices.Clone(parked), func(p *step) bool { return !w.ready(p) })
	if len(ready) == 0 || !instant && w.chance(120) {
		w.sleep()
		return
	}
	p := ready[w.random.IntN(len(ready))]
	d := decision{coin: w.random.Uint32()}
	if p.kind == beforeCall || p.kind == afterCall {
		d.fails = w.fails(p)
	}
	if len(ready) > 1 && p != ready[0] && p.kind == afterCall {
		w.coverage.add("reordered", p.about)
	}
	if late := time.Since(p.since) > slow; late && p.of != nil {
		p.of.trouble = time.Now()
		w.coverage.add("slow", p.about)
	}
	if p.kind == stopped {
		p.of.dead.Store(true)
		w.restart[p.of.number] = time.Now().Add(w.between(time.Second, 20*time.Second))
	}
	if d.fails {
		w.note(p.label, " fails")
	} else {
		w.note(p.label)
	}
	w.release(p, d)
}

// ready reports whether a step can be released.
func (w *world) ready(p *step) bool {
	return (p.of == nil || p.of.pausedUntil.IsZero()) && (p.held == nil || !p.held())
}

// sleep lets time pass: mostly little, sometimes more than a lease.
func (w *world) sleep() {
	d := w.between(time.Microsecond, 200*time.Millisecond)
	switch n := w.random.IntN(100); {
	case n < 8:
		d = w.between(3*time.Second, 20*time.Second)
	case n < 35 || w.calm > 0:
		d = w.between(200*time.Millisecond, 3*time.Second)
	}
	w.note("sleep ", d.String())
	w.wait(d)
}

// fails decides whether a call of the store fails, before or after its effect.
func (w *world) fails(p *step) bool {
	if w.calm > 0 {
		return false
	}
	before := p.kind == beforeCall
	if !p.of.cutUntil.IsZero() {
		p.of.trouble = time.Now()
		return true
	}
	if !w.chance(15) {
		return false
	}
	p.of.trouble = time.Now()
	if before {
		w.coverage.add("error before", p.about)
	} else {
		w.coverage.add("lost answer", p.about)
	}
	return true
}

// hint tells a replica that something may be due.
func (w *world) hint() {
	r := pick(w.scheduler, w.replicas[:]...)
	if !r.pausedUntil.IsZero() || !r.lives() {
		return
	}
	select {
	case r.hints <- struct{}{}:
		w.note("hint ", r.name)
	default:
	}
}

// resume ends the pauses and outages that are over, and starts processes again.
func (w *world) resume() {
	now := time.Now()
	for number, r := range w.replicas {
		if !r.pausedUntil.IsZero() && !r.pausedUntil.After(now) {
			r.pausedUntil, r.trouble = time.Time{}, now
			w.note("resume ", r.name)
		}
		if !r.cutUntil.IsZero() && !r.cutUntil.After(now) {
			r.cutUntil, r.trouble = time.Time{}, now
			w.note("connect ", r.name)
		}
		if at := w.restart[number]; !at.IsZero() && !at.After(now) {
			w.restart[number] = time.Time{}
			w.start(number)
		}
	}
}

// trouble makes a fault happen.
func (w *world) trouble() bool {
	r := pick(w.scheduler, w.replicas[:]...)
	switch n := w.random.IntN(100); {
	case n < 20:
		client := w.random.IntN(clients)
		if w.requests[client] == nil {
			return false
		}
		w.coverage.add("client leaves", w.requests[client].verb+kindOf(w.requests[client].key))
		w.leave(client)
		return true
	case n < 30:
		// Half of the seeds have a steady clock: leases cannot end too early there.
		d := w.between(-clockStep, clockStep)
		if w.seed%2 == 0 || w.offset+d > clockStep || w.offset+d < -clockStep {
			return false
		}
		w.step(d)
		return true
	case !r.lives() || r.stopping:
		return false
	case n < 50:
		w.kill(r)
	case n < 65:
		w.stop(r)
	case !r.pausedUntil.IsZero() || !r.cutUntil.IsZero():
		return false
	case n < 85:
		w.pause(r)
	default:
		w.cut(r)
	}
	return true
}

// step moves the clock of the store.
func (w *world) step(d time.Duration) {
	w.offset += d
	direction := "clock set back"
	if d > 0 {
		direction = "clock set forward"
		w.ledger.stepped = time.Now()
	}
	w.ledger.eachOpen(func(o *operation) { w.coverage.add(direction, string(o.kind)+", "+o.phase()) })
	w.note("clock ", d.String())
}

// cover counts a fault of a replica in the states of the operations that it works on.
func (w *world) cover(fault string, r *replica) {
	r.trouble = time.Now()
	w.ledger.eachOpen(func(o *operation) {
		if o.owner == r.name {
			w.coverage.add(fault, string(o.kind)+", "+o.phase())
		}
	})
}

// heal ends all faults.
func (w *world) heal() {
	w.note("calm")
	for number, r := range w.replicas {
		r.pausedUntil, r.cutUntil = time.Time{}, time.Time{}
		if !w.restart[number].IsZero() {
			w.restart[number] = time.Now()
		}
	}
}

// shut ends all goroutines.
func (w *world) shut() {
	for _, r := range w.replicas {
		if r == nil {
			continue
		}
		if !r.dead.Swap(true) && !r.stopping {
			w.bury(r)
		}
		w.disconnect(r)
	}
	ended := make(chan struct{})
	go func() {
		w.buried.Wait()
		close(ended)
	}()
	for {
		for _, p := range w.settle() {
			w.release(p, decision{dead: true})
		}
		time.Sleep(time.Second) //nolint:forbidigo // In a bubble, whose clock is fake.
		select {
		case <-ended:
			w.settle()
			for _, p := range w.settle() {
				w.release(p, decision{dead: true})
			}
			return
		default:
		}
	}
}
