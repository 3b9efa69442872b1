package simulation_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A coverage counts each fault in each state.
type coverage map[string]int

var coverageLock sync.Mutex

func (c coverage) add(fault, state string) {
	coverageLock.Lock()
	defer coverageLock.Unlock()
	c[fault+": "+state]++
}

func (c coverage) merge(other coverage) {
	coverageLock.Lock()
	defer coverageLock.Unlock()
	for name, n := range other {
		c[name] += n
	}
}

func (c coverage) String() string {
	var lines []string
	for name, n := range c {
		lines = append(lines, fmt.Sprintf("%s: %d", name, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func sprint(value any) string { return fmt.Sprint(value) }

// phase says what state an open operation is in.
func (o *operation) phase() string {
	switch {
	case o.state != "active":
		return string(o.state)
	case o.owner == "":
		return "waiting"
	case o.began:
		return "working"
	default:
		return "leased"
	}
}

// accepts returns the number of accepted operations.
func (l *ledger) accepts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.order)
}

// unfinished reports whether an operation is open.
func (l *ledger) unfinished() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.order, (*operation).open)
}

func (l *ledger) eachOpen(f func(*operation)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.order {
		if o.open() {
			f(o)
		}
	}
}

// required are the faults, and the states in which each of them must have been met.
func required() map[string][]string {
	calls := []string{"load", "operation", "operation by id", "deliver", "accept", "advance", "end", "release", "claim", "renew", "held", "bindings"}
	kinds := []string{"provision", "update", "deprovision", "bind", "unbind"}
	var held, phases, verbs []string
	for _, kind := range kinds {
		held = append(held, kind+", leased", kind+", working")
		phases = append(phases, kind+", waiting", kind+", leased", kind+", working")
		if kind != "update" { // Nothing cancels an update.
			held, phases = append(held, kind+", cancelling"), append(phases, kind+", cancelling")
		}
	}
	for _, verb := range []string{put, remove, get, poll} {
		verbs = append(verbs, verb, verb+" binding")
	}
	states := map[string][]string{
		"error before": calls, "lost answer": calls, "slow": calls, "reordered": calls,
		"kill": held, "stop": held, "pause": held, "outage": held,
		"clock set back": phases, "clock set forward": phases,
		"client leaves": append(verbs, patch), "late write": kinds, "cancelled": {"provision", "deprovision", "bind", "unbind", "without a worker"},
		"cut off": {
			"provision, active", "update, active", "deprovision, active", "bind, active", "unbind, active",
			"provision, cancelling", "deprovision, cancelling", "bind, cancelling", "unbind, cancelling",
		},
		"answer PUT": {"200", "201", "202", "409", "422AsyncRequired", "422ConcurrencyError", "503", "504"}, "answer PATCH": {"200", "201", "202", "404", "422ConcurrencyError", "503"},
		"answer DELETE": {"201", "202", "404", "422ConcurrencyError", "503"}, "answer PUT binding": {"200", "201", "202", "404", "409", "422AsyncRequired", "422ConcurrencyError", "503"},
		"answer DELETE binding": {"201", "202", "404", "422ConcurrencyError", "503"}, "answer GET": {"200", "404", "422ConcurrencyError"}, "answer GET binding": {"200", "404"},
		"answer poll": {"200", "404"}, "answer poll binding": {"200", "404", "410"},
	}
	for _, name := range behaviourNames() {
		states["provider "+name] = kinds
	}
	return states
}

// missing returns the faults and states that no seed has met.
func (c coverage) missing() (missing []string) {
	for fault, states := range required() {
		for _, state := range states {
			if c[fault+": "+state] == 0 {
				missing = append(missing, fault+": "+state)
			}
		}
	}
	slices.Sort(missing)
	return missing
}
