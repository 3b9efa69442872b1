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

// A ledger is the service behind the provider, and the witness: which attempts
// there were, and which resources exist. It knows nothing of the store.
//
// It fences by tokens of its own, which grow: an attempt takes one, confirms in
// the store that the operation is still its own (only what happens after the
// token was taken counts), and then uses the token. A token is refused once a
// later one was taken for the same resource.
type ledger struct {
	findings *findings
	// journal receives a line for each event, for people.
	journal io.Writer

	mu        sync.Mutex
	attempts  []*attempt
	resources map[string]*resource
	// latest is the newest attempt at each resource, begun how many there were.
	latest map[string]*attempt
	begun  map[string]int
	// confirmed is the newest confirmed attempt of each operation: its checkpoint.
	confirmed map[string]*attempt
	// seen are the claims that began, by operation, generation and resource.
	seen map[string]bool
}

// An attempt is one call of the provider.
type attempt struct {
	// Token is its number, from 1.
	Token      int64  `json:"token"`
	Operation  string `json:"operation"`
	Generation int64  `json:"generation"`
	Attempt    int    `json:"attempt"`
	// Kind is that of the call: a deprovision also calls Unbind.
	Kind     string `json:"kind"`
	Instance string `json:"instance"`
	Binding  string `json:"binding,omitempty"`
	PID      int    `json:"pid"`
	// Writer is the attempt whose state the engine has passed, see fingerprint.
	Writer string `json:"writer,omitempty"`

	BeganAt     time.Time `json:"began_at"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	AppliedAt   time.Time `json:"applied_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	// Outcome is how it ended, empty if it never said.
	Outcome string `json:"outcome,omitempty"`
	// Refused says that the ledger did not let it write.
	Refused bool `json:"refused,omitempty"`
}

// The outcomes of an attempt.
const (
	outcomeSucceeded = "succeeded"
	outcomeFailed    = "failed"
	outcomePanicked  = "panicked"
	// outcomeInterrupted is that of an attempt that could not save its checkpoint.
	outcomeInterrupted = "interrupted"
)

// resource names what an attempt works on.
func (a *attempt) resource() string { return resourceName(a.Instance, a.Binding) }

func resourceName(instance, binding string) string {
	if binding == "" {
		return instance
	}
	return instance + "/" + binding
}

// fingerprint names an attempt in what the provider returns.
func (a *attempt) fingerprint() string { return fingerprint(a.Operation, a.Generation) }

func fingerprint(operation string, generation int64) string {
	return fmt.Sprintf("%s.%d", operation, generation)
}

// splitFingerprint undoes fingerprint. The generation is 0 if it is none.
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
	// Writer is the token of the attempt that wrote it last.
	Writer int64 `json:"writer"`
}

// An effect is what an attempt does to its resource.
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

// begin registers an attempt. checkpoint is the token that it found saved, or 0.
// It returns the token, 0 if a later claim of the operation is known, and how
// many attempts there were at the resource.
func (l *ledger) begin(a attempt, checkpoint int64) (token int64, ordinal int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.BeganAt = time.Now()
	a.Token = int64(len(l.attempts)) + 1
	name := a.resource()
	claim := fmt.Sprintf("%s %s", a.fingerprint(), name)
	if l.seen[claim] {
		l.findings.add(checkLedger, "%s of %s: generation %d of operation %s began twice: two workers have one claim", a.Kind, name, a.Generation, a.Operation)
	}
	l.seen[claim] = true
	if last := l.confirmed[a.Operation]; last != nil && last.resource() == name && last.Generation < a.Generation && checkpoint < last.Token {
		l.findings.add(checkLedger, "%s of %s: operation %s, generation %d, found the checkpoint %d, but %d was saved: a checkpoint is lost",
			a.Kind, name, a.Operation, a.Generation, checkpoint, last.Token)
	}
	if checkpoint != 0 && (checkpoint > int64(len(l.attempts)) || l.attempts[checkpoint-1].Operation != a.Operation || l.attempts[checkpoint-1].resource() != name) {
		l.findings.add(checkLedger, "%s of %s: operation %s found the checkpoint %d of another one, or of another resource", a.Kind, name, a.Operation, checkpoint)
	}
	l.findings.look(checkLedger)
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

// confirm notes that the store has the token, and so that the operation was the
// attempt's own after the token was taken.
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

// apply lets an attempt write. It returns false if it was overtaken.
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
			l.findings.add(checkLedger, "operation %s: %s of %s, but there is no such instance", a.Operation, a.Kind, name)
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

// end notes how an attempt ended.
func (l *ledger) end(token int64, outcome string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.attempts[token-1]
	a.EndedAt, a.Outcome = time.Now(), outcome
	l.write("end", a)
}

// testimony is a copy of what the ledger knows.
func (l *ledger) testimony() ([]attempt, map[string]resource) {
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
