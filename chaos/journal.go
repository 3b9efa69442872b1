//go:build unix

package main

import (
	"sync"
	"time"
)

// An acknowledgement is an answer that promises something.
type acknowledgement struct {
	method, kind      string
	instance, binding string
	status            int
	// operation is that of a 202, fingerprint that of the result in a 200 or 201.
	operation, fingerprint string
	// sent and answered bound the request.
	sent, answered time.Time
}

// An expectation is what a client left, and how it left it.
type expectation struct {
	instance, binding string
	exists            bool
	// plan and version are those of an instance.
	plan    string
	version int
}

// A journal is what clients remember.
type journal struct {
	mu           sync.Mutex
	acknowledged []acknowledgement
	// finals are the final states that last_operation has told, by operation.
	finals       map[string]string
	expectations map[string]expectation
	// operations and updates count what was begun; those of updates which were
	// answered at once cannot be told from repeated ones.
	operations map[string]bool
	updates    int
}

func newJournal() *journal {
	return &journal{finals: map[string]string{}, expectations: map[string]expectation{}, operations: map[string]bool{}}
}

func (j *journal) acknowledge(a acknowledgement) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.acknowledged = append(j.acknowledged, a)
	switch {
	case a.operation != "":
		j.operations[a.operation] = true
	case a.kind == kindProvision, a.kind == kindBind:
		operation, _ := splitFingerprint(a.fingerprint)
		j.operations[operation] = true
	case a.kind == kindUpdate:
		j.updates++
	case a.kind == kindDeprovision, a.kind == kindUnbind:
		j.operations[a.kind+" "+resourceName(a.instance, a.binding)] = true
	}
}

// accepted is how many operations there were, as far as clients know.
func (j *journal) accepted() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.operations) + j.updates
}

// final notes a final state. It returns the one that was told before, if any.
func (j *journal) final(operation, state string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := j.finals[operation]
	j.finals[operation] = state
	return before
}

func (j *journal) expect(e expectation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.expectations[resourceName(e.instance, e.binding)] = e
}
