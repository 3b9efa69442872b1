//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// A disturbance is the time of an injected fault.
type disturbance struct {
	what     string
	from, to time.Time
	// pid is the process id of the replica, or 0 for the database.
	pid int
}

// faults injects the faults until its context ends. Each round injects every
// kind in a random order.
type faults struct {
	fleet    *fleet
	database database
	findings *findings
	seed     uint64
	lease    time.Duration

	// calm is locked while no other fault may be injected, see killQuietly.
	calm sync.RWMutex

	mu     sync.Mutex
	log    []disturbance
	rounds map[string]int
}

// A database is a database server with faults.
type database interface {
	// kinds returns the faults that the server has.
	kinds() []string
	// inject injects a fault, waits, probes the replicas, and repairs the
	// database.
	inject(ctx context.Context, kind string, random *rand.Rand) error
	// repair repairs the database after any fault.
	repair(ctx context.Context) error
}

// The faults of replicas.
const (
	faultKill  = "replica killed"
	faultDrain = "replica drained"
	faultPause = "replica paused"
	// faultQuietKill is a faultKill during which no other fault is injected.
	faultQuietKill = "replica killed without other faults"
)

// kinds returns all faults.
func (f *faults) kinds() []string {
	kinds := []string{faultKill, faultPause, faultDrain}
	if f.database != nil {
		kinds = append(kinds, f.database.kinds()...)
	}
	return kinds
}

// inject injects one fault, and returns when its consequences have ended.
func (f *faults) inject(ctx context.Context, kind string, random *rand.Rand) {
	switch kind {
	case faultKill, faultDrain:
		f.end(ctx, kind, random)
		pause(ctx, f.lease+calmAfter)
	case faultPause:
		f.pause(ctx, kind, random)
	default:
		f.breakDatabase(ctx, kind, random)
	}
}

// run injects faults until ctx ends.
func (f *faults) run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() {
		f.rotate(ctx, "replicas", []string{faultKill, faultKill, faultKill, faultQuietKill, faultDrain}, 1500*time.Millisecond, 5*time.Second, f.end)
	})
	loops.Go(func() {
		f.rotate(ctx, "pauses", []string{faultPause}, time.Second, 7*time.Second, f.pause)
	})
	if f.database != nil {
		loops.Go(func() {
			f.rotate(ctx, "database", f.database.kinds(), 2*time.Second, 7*time.Second, f.breakDatabase)
		})
	}
	loops.Wait()
	f.fleet.resumeAll()
}

// rotate injects the kinds in a new order each round.
func (f *faults) rotate(ctx context.Context, name string, kinds []string, least, most time.Duration, inject func(context.Context, string, *rand.Rand)) {
	random := newRandom(f.seed, "faults", name)
	for {
		for _, i := range random.Perm(len(kinds)) {
			if !pause(ctx, between(random, least, most)) {
				return
			}
			inject(ctx, kinds[i], random)
		}
		f.mu.Lock()
		f.rounds[name]++
		f.mu.Unlock()
	}
}

// end kills a replica or sends it SIGTERM.
func (f *faults) end(ctx context.Context, kind string, random *rand.Rand) {
	if kind == faultQuietKill {
		f.killQuietly(ctx, random)
		return
	}
	p, err := f.fleet.pick(ctx, random)
	if err != nil {
		return
	}
	signal := syscall.SIGKILL
	if kind == faultDrain {
		signal = syscall.SIGTERM
	}
	now := time.Now()
	if p.end(signal) {
		f.note(disturbance{what: kind, from: now, to: now, pid: p.pid})
	}
}

// killQuietly kills a replica while no other fault is active. It prevents other
// faults until the operations of the replica have resumed, to measure the time.
func (f *faults) killQuietly(ctx context.Context, random *rand.Rand) {
	f.calm.Lock()
	defer f.calm.Unlock()
	if pause(ctx, calmBefore) {
		f.end(ctx, faultKill, random)
		pause(ctx, f.lease+calmAfter)
	}
}

// A kill counts as undisturbed if no other fault is active for calmBefore
// before it and for calmAfter after its leases have expired.
const (
	calmBefore = 1500 * time.Millisecond
	calmAfter  = 2 * time.Second
)

// pause pauses a replica for longer than its leases.
func (f *faults) pause(ctx context.Context, kind string, random *rand.Rand) {
	f.calm.RLock()
	defer f.calm.RUnlock()
	length := f.lease + between(random, 300*time.Millisecond, 3*time.Second)
	p, err := f.fleet.pick(ctx, random)
	if err != nil || !p.stop() {
		return
	}
	from := time.Now()
	pause(ctx, length)
	p.resume()
	f.note(disturbance{what: kind, from: from, to: time.Now(), pid: p.pid})
}

func (f *faults) breakDatabase(ctx context.Context, kind string, random *rand.Rand) {
	f.calm.RLock()
	defer f.calm.RUnlock()
	from := time.Now()
	err := f.database.inject(ctx, kind, random)
	f.note(disturbance{what: kind, from: from, to: time.Now()})
	// The database must be repaired even if ctx has ended.
	if repaired := f.database.repair(context.WithoutCancel(ctx)); repaired != nil {
		f.findings.add(checkFloor, "the database cannot be repaired: %v", repaired)
	} else if err != nil && ctx.Err() == nil {
		f.findings.add(checkFloor, "%s: %v", kind, err)
	}
}

func (f *faults) note(d disturbance) {
	f.findings.count(d.what)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, d)
}

// complete reports whether each fault has been injected.
func (f *faults) complete() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rounds["replicas"] > 0 && f.rounds["pauses"] > 0 && (f.database == nil || f.rounds["database"] > 0)
}

func (f *faults) disturbances() []disturbance {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]disturbance(nil), f.log...)
}
