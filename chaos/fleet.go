//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A fleet keeps replicas running. It restarts a replica that has ended.
type fleet struct {
	settings replicaSettings
	// links are the networks of the replicas to the database, or nil.
	links     []*link
	directory string
	findings  *findings
	seed      uint64

	mu       sync.Mutex
	replicas []*process // nil while a replica does not run
	all      []*process
	stopping bool
	keepers  sync.WaitGroup
}

func newFleet(s replicaSettings, size int, directory string, f *findings) *fleet {
	return &fleet{settings: s, directory: directory, findings: f, seed: s.Seed, replicas: make([]*process, size)}
}

// start starts the replicas and returns when all of them serve.
func (f *fleet) start(ctx context.Context) error {
	for i := range f.replicas {
		f.keepers.Go(func() { f.keep(ctx, i) })
	}
	for len(f.serving()) < len(f.replicas) {
		if f.findings.violations() > 0 || !pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("the replicas do not start: see %s/replica-*.log", f.directory)
		}
	}
	return nil
}

// keep runs a replica and restarts it each time that it ends.
func (f *fleet) keep(ctx context.Context, i int) {
	random := newRandom(f.seed, "restart", strconv.Itoa(i))
	for !f.isStopping() {
		settings, err := f.settingsOf(i)
		if err != nil {
			f.findings.add(checkReplicas, "%v", err)
			return
		}
		p, err := startProcess(settings, f.logPath(i))
		if err != nil {
			f.findings.add(checkReplicas, "%v", err)
			return
		}
		p.number = i
		f.set(i, p)
		f.findings.count("replica processes")
		<-p.exited
		f.set(i, nil)
		f.findings.countItem(checkReplicas)
		if !p.isCondemned() {
			f.findings.add(checkReplicas, "replica %d ended without a request: %v; see %s", i, p.err, f.logPath(i))
		}
		if status, ok := exitStatus(p.err); ok && status > 0 {
			f.findings.add(checkReplicas, "replica %d ended with status %d after SIGTERM; see %s", i, status, f.logPath(i))
		}
		if !pause(ctx, between(random, 100*time.Millisecond, 1500*time.Millisecond)) {
			return
		}
	}
}

// settingsOf returns the settings of a replica, which reaches the database by its link.
func (f *fleet) settingsOf(i int) (replicaSettings, error) {
	s := f.settings
	if f.links == nil {
		return s, nil
	}
	dsn, err := f.links[i].through(s.DSN)
	s.DSN = dsn
	return s, err
}

// connect makes a link to the database for each replica. The caller calls the returned
// function when they are no longer needed.
func (f *fleet) connect(ctx context.Context) (disconnect func() error, err error) {
	location, err := url.Parse(f.settings.DSN)
	if err != nil {
		return nil, err
	}
	disconnect = func() error {
		var problems []error
		for _, l := range f.links {
			problems = append(problems, l.close())
		}
		return errors.Join(problems...)
	}
	for range f.replicas {
		l, err := newLink(ctx, location.Host)
		if err != nil {
			return nil, errors.Join(err, disconnect())
		}
		f.links = append(f.links, l)
	}
	return disconnect, nil
}

// setLinks changes the links of some replicas.
func (f *fleet) setLinks(replicas []int, state linkState) {
	for _, i := range replicas {
		f.links[i].set(state)
	}
}

// numbers returns the numbers of all replicas.
func (f *fleet) numbers() []int {
	numbers := make([]int, len(f.replicas))
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

func (f *fleet) logPath(i int) string {
	return filepath.Join(f.directory, fmt.Sprintf("replica-%d.log", i))
}

func (f *fleet) set(i int, p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replicas[i] = p
	if p == nil {
		return
	}
	f.all = append(f.all, p)
	if f.stopping {
		p.end(syscall.SIGKILL)
	}
}

func (f *fleet) isStopping() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopping
}

// serving returns the replicas that serve, including paused ones.
func (f *fleet) serving() []*process {
	f.mu.Lock()
	defer f.mu.Unlock()
	var serving []*process
	for _, p := range f.replicas {
		if p != nil && p.serving() && !p.isCondemned() {
			serving = append(serving, p)
		}
	}
	return serving
}

// pick waits for a serving replica and returns it.
func (f *fleet) pick(ctx context.Context, random *rand.Rand) (*process, error) {
	for {
		if serving := f.serving(); len(serving) > 0 {
			return serving[random.IntN(len(serving))], nil
		}
		if !pause(ctx, 20*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

// resumeAll resumes all paused replicas.
func (f *fleet) resumeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.replicas {
		if p != nil && p.isPaused() {
			p.resume()
		}
	}
}

// stop ends all replicas with a signal and waits for their end.
func (f *fleet) stop(signal syscall.Signal) {
	f.mu.Lock()
	f.stopping = true
	for _, p := range f.all {
		p.end(signal)
		p.resume()
	}
	f.mu.Unlock()
	f.keepers.Wait()
}
