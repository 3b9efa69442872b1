//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A ledger is the service of the provider. It records all attempts and the
// resources that exist. It is independent of the store.
//
// The ledger fences with its own increasing tokens. An attempt takes a token,
// then confirms in the store that it still owns the operation, and then writes
// with the token. The ledger refuses a token if a later one was taken for the
// same resource.
type ledger struct {
	findings *findings
	// journal receives a line for each event, for investigations.
	journal io.Writer

	mu        sync.Mutex
	attempts  []*attempt
	resources map[string]*resource
	// latest is the newest attempt of each resource. begun is the number of
	// attempts of each resource.
	latest map[string]*attempt
	begun  map[string]int
	// confirmed is the newest confirmed attempt of each operation. Its token is
	// the checkpoint.
	confirmed map[string]*attempt
	// seen has the claims with an attempt, by operation, generation and resource.
	seen map[string]bool
}

// An attempt is one call of the provider.
type attempt struct {
	// Token is the number of the attempt, from 1.
	Token      int64  `json:"token"`
	Operation  string `json:"operation"`
	Generation int64  `json:"generation"`
	Attempt    int    `json:"attempt"`
	// Kind is the kind of the call. A deprovision also calls Unbind.
	Kind     string `json:"kind"`
	Instance string `json:"instance"`
	Binding  string `json:"binding,omitempty"`
	PID      int    `json:"pid"`
	// Writer is the fingerprint of the attempt whose state the engine passed.
	Writer string `json:"writer,omitempty"`

	BeganAt     time.Time `json:"began_at"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	AppliedAt   time.Time `json:"applied_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	// Outcome is the outcome of the attempt, or "" if it never ended.
	Outcome string `json:"outcome,omitempty"`
	// Refused is true if the ledger refused to let the attempt write.
	Refused bool `json:"refused,omitempty"`
}

// The outcomes of an attempt.
const (
	outcomeSucceeded = "succeeded"
	outcomeFailed    = "failed"
	outcomePanicked  = "panicked"
	// outcomeInterrupted means that the attempt could not save its checkpoint.
	outcomeInterrupted = "interrupted"
)

// resource returns the name of the resource of the attempt.
func (a *attempt) resource() string { return resourceName(a.Instance, a.Binding) }

func resourceName(instance, binding string) string {
	if binding == "" {
		return instance
	}
	return instance + "/" + binding
}

// fingerprint identifies the attempt in the results of the provider.
func (a *attempt) fingerprint() string { return fingerprint(a.Operation, a.Generation) }

func fingerprint(operation string, generation int64) string {
	return fmt.Sprintf("%s.%d", operation, generation)
}

// splitFingerprint is the inverse of fingerprint. The generation is 0 if the
// text is not a fingerprint.
func splitFingerprint(mark string) (operation string, generation int64) {
	operation, number, _ := strings.Cut(mark, ".")
	generation, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return operation, 0
	}
	return operation, generation
}

// A resource is an instance or a binding that exists.
type resource struct {
	Plan       string `json:"plan,omitempty"`
	Parameters string `json:"parameters,omitempty"`
	Secret     string `json:"secret,omitempty"`
	// Writer is the token of the last attempt that wrote the resource.
	Writer int64 `json:"writer"`
}

// An effect is the change that an attempt makes to its resource.
type effect struct {
	Remove bool `json:"remove,omitempty"`
	resource
}

func newLedger(f *findings, journal io.Writer) *ledger {
	return &ledger{
		findings: f, journal: journal, resources: map[string]*resource{}, latest: map[string]*attempt{},
		begun: map[string]int{}, confirmed: map[string]*attempt{}, seen: map[string]bool{},
	}
}

func (l *ledger) write(event string, v any) {
	line, err := json.Marshal(map[string]any{"at": time.Now(), "event": event, "what": v})
	if err != nil {
		l.findings.add(checkLedger, "the journal cannot be written: %v", err)
		return
	}
	if _, err := l.journal.Write(append(line, '\n')); err != nil {
		l.findings.add(checkLedger, "the journal cannot be written: %v", err)
	}
}

// begin registers an attempt. checkpoint is the saved token that the attempt
// loaded, or 0. begin returns the new token, or 0 if the operation has a later
// claim, and the number of attempts of the resource.
func (l *ledger) begin(a attempt, checkpoint int64) (token int64, ordinal int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.BeganAt = time.Now()
	a.Token = int64(len(l.attempts)) + 1
	name := a.resource()
	claim := fmt.Sprintf("%s %s", a.fingerprint(), name)
	if l.seen[claim] {
		l.findings.add(checkLedger, "the %s of %s: generation %d of operation %s began twice: two workers have one claim", a.Kind, name, a.Generation, a.Operation)
	}
	l.seen[claim] = true
	if last := l.confirmed[a.Operation]; last != nil && last.resource() == name && last.Generation < a.Generation && checkpoint < last.Token {
		l.findings.add(checkLedger, "the %s of %s: operation %s, generation %d, loaded the checkpoint %d, but %d was saved: a checkpoint is lost",
			a.Kind, name, a.Operation, a.Generation, checkpoint, last.Token)
	}
	if checkpoint != 0 && (checkpoint > int64(len(l.attempts)) || l.attempts[checkpoint-1].Operation != a.Operation || l.attempts[checkpoint-1].resource() != name) {
		l.findings.add(checkLedger, "the %s of %s: operation %s loaded the checkpoint %d of another operation or resource", a.Kind, name, a.Operation, checkpoint)
	}
	l.findings.countItem(checkLedger)
	l.attempts = append(l.attempts, &a)
	l.begun[name]++
	if last := l.latest[name]; last != nil && last.Operation == a.Operation && last.Generation > a.Generation {
		a.Refused, a.Outcome, a.EndedAt = true, outcomeFailed, a.BeganAt
		l.write("late", a)
		return 0, l.begun[name]
	}
	l.latest[name] = &a
	l.write("begin", a)
	return a.Token, l.begun[name]
}

// confirm records that the store has the token. So the attempt still owned the
// operation after it had taken the token.
func (l *ledger) confirm(token int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.attempts[token-1]
	a.ConfirmedAt = time.Now()
	if last := l.confirmed[a.Operation]; last == nil || last.Token < token {
		l.confirmed[a.Operation] = a
	}
	l.write("confirm", token)
}

// apply applies the effect of an attempt. It returns false if the attempt was
// overtaken.
func (l *ledger) apply(token int64, e effect) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.attempts[token-1]
	name := a.resource()
	if l.latest[name] != a {
		a.Refused = true
		l.write("refuse", token)
		return false
	}
	a.AppliedAt = time.Now()
	_, there := l.resources[a.Instance]
	switch {
	case e.Remove && a.Binding == "":
		if left := l.bindingsOf(a.Instance); len(left) > 0 {
			l.findings.add(checkLedger, "operation %s removes the instance %s, which has the bindings %q", a.Operation, a.Instance, left)
		}
		delete(l.resources, name)
	case e.Remove:
		delete(l.resources, name)
	default:
		if !there && a.Kind != kindProvision {
			l.findings.add(checkLedger, "operation %s: the %s of %s has no instance", a.Operation, a.Kind, name)
		}
		written := e.resource
		written.Writer = token
		l.resources[name] = &written
	}
	l.write("apply", a)
	return true
}

func (l *ledger) bindingsOf(instance string) []string {
	var left []string
	for name := range l.resources {
		if strings.HasPrefix(name, instance+"/") {
			left = append(left, name)
		}
	}
	return left
}

// end records the outcome of an attempt.
func (l *ledger) end(token int64, outcome string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.attempts[token-1]
	a.EndedAt, a.Outcome = time.Now(), outcome
	l.write("end", a)
}

// snapshot returns a copy of the attempts and resources.
func (l *ledger) snapshot() ([]attempt, map[string]resource) {
	l.mu.Lock()
	defer l.mu.Unlock()
	attempts := make([]attempt, 0, len(l.attempts))
	for _, a := range l.attempts {
		attempts = append(attempts, *a)
	}
	resources := make(map[string]resource, len(l.resources))
	for _, name := range slices.Sorted(maps.Keys(l.resources)) {
		resources[name] = *l.resources[name]
	}
	return attempts, resources
}
