//go:build unix

package main

import (
	"fmt"
	"sync"
)

// A check is a guarantee that the run verifies.
type check string

// The checks. docs/chaos.md explains them.
const (
	checkEnded       check = "every accepted operation ended"
	checkPolled      check = "last_operation and the store agree"
	checkWriter      check = "results come from the attempt that held the claim"
	checkExclusive   check = "one active operation per instance"
	checkResources   check = "ledger and store agree: no orphan, no ghost"
	checkContent     check = "resources have the content that the store has"
	checkCredentials check = "credentials can be read"
	checkAnswers     check = "responses are true"
	checkExpected    check = "clients find resources as they left them"
	checkHistories   check = "histories are linearizable"
	checkLedger      check = "provider calls follow the rules"
	checkInterrupted check = "a store outage fails no operation"
	checkState       check = "provider state and checkpoints are kept"
	checkUnavailable check = "503 with Retry-After during store outages"
	checkReadiness   check = "readiness follows the store"
	checkProtocol    check = "platforms can use every response"
	checkResume      check = "operations of a killed replica resume in time"
	checkReplicas    check = "replicas end only on request"
	checkSecrets     check = "no secret in the logs"
	checkFloor       check = "the run covered enough"
)

var checks = []check{
	checkEnded, checkPolled, checkWriter, checkExclusive, checkResources, checkContent, checkCredentials, checkAnswers, checkExpected,
	checkHistories, checkInterrupted, checkLedger, checkState, checkUnavailable, checkReadiness, checkProtocol, checkResume, checkReplicas, checkSecrets, checkFloor,
}

// maxDetails limits the recorded violations of a check.
const maxDetails = 10

// findings collects violations and counts the checked items.
type findings struct {
	mu       sync.Mutex
	items    map[check]int
	found    map[check]int
	details  map[check][]string
	counters map[string]int
}

func newFindings() *findings {
	return &findings{items: map[check]int{}, found: map[check]int{}, details: map[check][]string{}, counters: map[string]int{}}
}

// add records a violation.
func (f *findings) add(c check, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found[c]++
	if len(f.details[c]) < maxDetails {
		f.details[c] = append(f.details[c], fmt.Sprintf(format, args...))
	}
}

// countItem counts one checked item.
func (f *findings) countItem(c check) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.items[c]++
}

// count increments a counter of the report.
func (f *findings) count(figure string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counters[figure]++
}

func (f *findings) figure(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counters[name]
}

func (f *findings) violations() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := 0
	for _, n := range f.found {
		sum += n
	}
	return sum
}
