//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// A disturbance is when a fault was at work.
type disturbance struct {
	what     string
	from, to time.Time
	// pid is that of the replica, 0 for the database.
	pid int
}

// faults injects them, each kind in turn but shuffled, until its context ends.
type faults struct {
	fleet    *fleet
	database database
	findings *findings
	seed     uint64
	lease    time.Duration

	// calm is locked while nothing else may be broken, see killQuietly.
	calm sync.RWMutex

	mu     sync.Mutex
	log    []disturbance
	rounds map[string]int
}

// A database is the part of a store's server that can be broken.
type database interface {
	// kinds are the faults that it has.
	kinds() []string
	// inject breaks the database, waits, probes, and mends it.
	inject(ctx context.Context, kind string, random *rand.Rand) error
	// mend makes it work, whatever was wrong.
	mend(ctx context.Context) error
}

// The faults of replicas.
const (
	faultKill  = "replica killed"
	faultDrain = "replica drained"
	faultPause = "replica paused"
	// faultQuietKill is a faultKill without other faults around it.
	faultQuietKill = "replica killed, nothing else"
)

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

// end kills a replica, or tells it to stop.
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

// killQuietly kills a replica when nothing else is broken, and keeps it so until
// its operations have gone on, to see how long that takes.
func (f *faults) killQuietly(ctx context.Context, random *rand.Rand) {
	f.calm.Lock()
	defer f.calm.Unlock()
	if pause(ctx, calmBefore) {
		f.end(ctx, faultKill, random)
		pause(ctx, f.lease+calmAfter)
	}
}

// How long before a kill, and after its leases are over, nothing else may happen
// for it to count as undisturbed.
const (
	calmBefore = 1500 * time.Millisecond
	calmAfter  = 2 * time.Second
)

// pause stops a replica for longer than its leases last.
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
	// It has to be mended also when ctx ends.
	if mended := f.database.mend(context.WithoutCancel(ctx)); mended != nil {
		f.findings.add(checkFloor, "the database cannot be mended: %v", mended)
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

// complete tells whether each fault has been injected.
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
