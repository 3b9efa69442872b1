//go:build unix

package main

import (
	"sync"
	"time"
)

// An acknowledgement is a response with status 200, 201 or 202.
type acknowledgement struct {
	method, kind      string
	instance, binding string
	status            int
	// operation is the operation of a 202. fingerprint belongs to the result of a
	// 200 or 201.
	operation, fingerprint string
	// sent and answered are the start and end of the request.
	sent, answered time.Time
}

// An expectation is an instance or binding as its client left it.
type expectation struct {
	instance, binding string
	exists            bool
	// plan and version are the plan and the parameter of an instance.
	plan    string
	version int
}

// A journal has the records of the clients.
type journal struct {
	mu           sync.Mutex
	acknowledged []acknowledgement
	// finals are the final states that last_operation reported, by operation.
	finals       map[string]string
	expectations map[string]expectation
	// operations and updates count the accepted operations. Synchronous updates
	// have no id, so that a repeated one is counted again.
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

// accepted returns the number of accepted operations that clients have
// recorded.
func (j *journal) accepted() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.operations) + j.updates
}

// final records a final state. It returns the state that was recorded before,
// or "".
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
