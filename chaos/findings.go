//go:build unix

package main

import (
	"fmt"
	"sync"
)

// A check is a promise that the run puts to the test.
type check string

// The checks; docs/chaos.md explains them.
const (
	checkEnded       check = "every accepted operation ended"
	checkPolled      check = "last_operation and the store agree"
	checkWriter      check = "results come from the attempt that held the claim"
	checkExclusive   check = "one active operation per instance"
	checkResources   check = "ledger and store agree: no orphan, no ghost"
	checkContent     check = "resources are what the store says"
	checkCredentials check = "credentials can be read"
	checkAnswers     check = "answers that were given are true"
	checkExpected    check = "clients find what they left"
	checkLedger      check = "the provider was called by the rules"
	checkInterrupted check = "an outage of the store ends no operation"
	checkState       check = "provider state and checkpoints are kept"
	checkUnavailable check = "503 with Retry-After while the store is away"
	checkReadiness   check = "readiness follows the store"
	checkProtocol    check = "no answer that a platform cannot use"
	checkResume      check = "operations of a killed replica resume in time"
	checkReplicas    check = "replicas end only when they are made to"
	checkSecrets     check = "no secret in the logs"
	checkFloor       check = "the run was hard enough"
)

var checks = []check{
	checkEnded, checkPolled, checkWriter, checkExclusive, checkResources, checkContent, checkCredentials, checkAnswers, checkExpected,
	checkInterrupted, checkLedger, checkState, checkUnavailable, checkReadiness, checkProtocol, checkResume, checkReplicas, checkSecrets, checkFloor,
}

// maxDetails bounds what is kept of each check.
const maxDetails = 10

// findings collects violations, and how much was looked at.
type findings struct {
	mu       sync.Mutex
	looked   map[check]int
	found    map[check]int
	details  map[check][]string
	counters map[string]int
}

func newFindings() *findings {
	return &findings{looked: map[check]int{}, found: map[check]int{}, details: map[check][]string{}, counters: map[string]int{}}
}

// add notes a violation.
func (f *findings) add(c check, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found[c]++
	if len(f.details[c]) < maxDetails {
		f.details[c] = append(f.details[c], fmt.Sprintf(format, args...))
	}
}

// look notes that something was checked.
func (f *findings) look(c check) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked[c]++
}

// count adds one to a figure of the report.
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
