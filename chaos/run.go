//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/openbroker/openbroker/seal"
)

const (
	// settleTimeout is the longest time for clients and operations to end after
	// the faults.
	settleTimeout = time.Minute
	// checkTimeout is the longest time for the final requests.
	checkTimeout = 30 * time.Second
)

var errInterrupted = errors.New("the run was interrupted; everything that it started has stopped")

// A session is one run of the program.
type session struct {
	settings  settings
	output    io.Writer
	findings  *findings
	directory string
	ledger    *ledger
	postgres  *postgres
	dsn       string
	fleet     *fleet
	faults    *faults
	platform  *platform
	started   time.Time
	histories []recorded
	// patience is the longest time until all operations have ended, search the longest
	// time to check a history.
	patience, search time.Duration
	// loaded is the duration of the load, settled the time after it until all
	// operations had ended.
	loaded, settled time.Duration
}

// run performs a run and prints the report. It returns false after a violation.
func run(ctx context.Context, s settings, output io.Writer) (passed bool, err error) {
	r := &session{settings: s, output: output, findings: newFindings(), started: time.Now(), patience: settleTimeout, search: searchLimit}
	r.say("chaos -store %s -seed %d -operations %d: up to %v", s.store, s.seed, s.operations, s.duration)
	ctx, cancel := context.WithTimeout(ctx, s.duration)
	defer cancel()
	if r.directory, err = os.MkdirTemp("", "openbroker-chaos-"); err != nil {
		return false, err
	}
	defer func() {
		if (passed || errors.Is(err, errInterrupted)) && !s.keep {
			err = errors.Join(err, os.RemoveAll(r.directory))
			return
		}
		r.say("logs, ledger and records are in %s", r.directory)
	}()
	journal, err := os.Create(filepath.Join(r.directory, "ledger.jsonl"))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	r.ledger = newLedger(r.findings, journal)
	ledgerURL, stopLedger, err := r.ledger.serve(ctx)
	if err != nil {
		return false, err
	}
	defer stopLedger()
	stopStore, err := r.openStore(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, stopStore()) }()
	if err := r.setUp(ledgerURL); err != nil {
		return false, err
	}
	if r.postgres != nil {
		disconnect, err := r.fleet.connect(ctx)
		if err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, disconnect()) }()
	}
	defer r.fleet.stop(syscall.SIGKILL)
	if err := r.fleet.start(ctx); err != nil {
		return false, err
	}
	evidence, err := r.carryOut(ctx)
	if err != nil {
		if !errors.Is(err, errInterrupted) {
			r.reportViolations()
		}
		return false, err
	}
	evidence.check(r.findings)
	r.checkHistories()
	checkLogs(r.directory, r.findings)
	r.checkFloor(evidence)
	r.report(evidence)
	return r.findings.violations() == 0, evidence.writeStore(r.directory)
}

func (r *session) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.output, "%6.1fs  %s\n", time.Since(r.started).Seconds(), fmt.Sprintf(format, args...))
}

// openStore starts PostgreSQL, or chooses a file for SQLite.
func (r *session) openStore(ctx context.Context) (stop func() error, err error) {
	if r.settings.store == storeSQLite {
		r.dsn = filepath.Join(r.directory, "openbroker.db")
		return func() error { return nil }, nil
	}
	if r.postgres, err = startPostgres(ctx); err != nil {
		return nil, err
	}
	r.dsn = r.postgres.dsn
	return r.postgres.server.Close, nil
}

// setUp makes the fleet, the clients and the faults without starting them.
func (r *session) setUp(ledgerURL string) error {
	keys := filepath.Join(r.directory, "keys.json")
	if _, err := seal.Create(keys); err != nil {
		return err
	}
	s, password := r.settings, rand.Text()
	r.fleet = newFleet(replicaSettings{
		Store: s.store, DSN: r.dsn, Keys: keys, Ledger: ledgerURL, Password: password, Seed: s.seed, Lease: s.lease, Sabotage: s.sabotage,
	}, s.replicas, r.directory, r.findings)
	r.platform = &platform{fleet: r.fleet, client: newClient(password), journal: newJournal(), findings: r.findings}
	r.faults = &faults{fleet: r.fleet, findings: r.findings, seed: s.seed, lease: s.lease, rounds: map[string]int{}}
	if r.postgres != nil {
		r.postgres.probe = &probe{fleet: r.fleet, findings: r.findings, client: r.platform.client}
		r.faults.database = r.postgres
	}
	return nil
}

// carryOut runs the load and the faults, waits until all operations have ended,
// and collects the evidence.
func (r *session) carryOut(ctx context.Context) (*evidence, error) {
	r.say("%d replicas serve; starting %d clients and the faults", r.settings.replicas, r.settings.clients)
	// Clients that do not finish in time after the faults are abandoned.
	clients, abandon := context.WithCancel(ctx)
	defer abandon()
	loadStarted := time.Now()
	c := &crowd{platform: r.platform, seed: r.settings.seed, target: r.settings.operations, load: r.settings.load}
	c.begin(clients, r.settings.clients)
	r.loadAndBreak(ctx)
	r.loaded = time.Since(loadStarted)
	if ctx.Err() != nil {
		abandon()
		c.finish()
		return nil, errInterrupted
	}
	r.say("faults ended after %d operations; waiting for the clients", r.platform.journal.accepted())
	settling := time.Now()
	late := time.AfterFunc(settleTimeout, abandon)
	c.finish()
	late.Stop()
	r.say("clients have finished; waiting for the operations")
	r.awaitOperations(ctx, settleTimeout-time.Since(settling))
	r.settled = time.Since(settling)
	r.recordHistories(ctx)
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	e := &evidence{lease: r.settings.lease}
	asking, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	e.askAll(asking, r.platform)
	r.say("the final requests are answered; stopping the replicas")
	r.fleet.stop(syscall.SIGTERM)
	e.attempts, e.resources = r.ledger.snapshot()
	e.disturbances = r.faults.disturbances()
	store, err := openStore(ctx, r.settings.store, r.dsn, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("opening the store to check it: %w", err)
	}
	return e, errors.Join(e.readStore(ctx, store), store.Close())
}

// loadAndBreak injects faults until the run has enough operations and faults.
func (r *session) loadAndBreak(ctx context.Context) {
	faulty, repair := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.faults.run(faulty)
	}()
	start := time.Now()
	latest := r.settings.duration - settleTimeout - checkTimeout - r.historiesTime()
	for tick := 0; pause(ctx, 250*time.Millisecond); tick++ {
		enough := r.platform.journal.accepted() >= r.settings.operations*21/20 && r.faults.complete() && time.Since(start) >= r.settings.load
		if enough || time.Since(r.started) >= latest {
			break
		}
		if tick%60 == 59 {
			r.say("%d operations, %d violations", r.platform.journal.accepted(), r.findings.violations())
		}
	}
	repair()
	<-ended
}

// awaitOperations waits until all operations have ended, including clean-ups of
// the engine.
func (r *session) awaitOperations(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, max(limit, 10*time.Second))
	defer cancel()
	a := &actor{platform: r.platform, random: newRandom(r.settings.seed, "settle")}
	var last answer
	for ctx.Err() == nil {
		got, err := a.repeat(ctx, request{method: http.MethodGet, path: pathOpen})
		if open, counted := got.body["open"].(float64); err == nil && counted && open == 0 {
			return
		}
		if last = got; !pause(ctx, 100*time.Millisecond) {
			break
		}
	}
	r.findings.add(checkEnded, "%v operations are still open %v after the clients had finished", last.body["open"], max(limit, 10*time.Second).Round(time.Second))
}
