//go:build unix

package main

import (
	"slices"
	"time"
)

// resumeSlack is what a busy machine may add to the lease, besides the second
// that the engine is allowed.
const resumeSlack = time.Second

// A resumption is how an operation went on after its replica was killed.
type resumption struct {
	operation string
	after     time.Duration
	// undisturbed says that no other fault was at work meanwhile.
	undisturbed bool
}

// resumptions are those of all operations that were under way on a replica when
// it was killed and that the provider was called for again.
func (e *evidence) resumptions() []resumption {
	byOperation := map[string][]attempt{}
	for _, a := range e.attempts {
		byOperation[a.Operation] = append(byOperation[a.Operation], a)
	}
	var found []resumption
	for _, kill := range e.disturbances {
		if kill.what != faultKill {
			continue
		}
		for operation, attempts := range byOperation {
			under, next := false, time.Time{}
			for _, a := range attempts {
				if a.PID == kill.pid {
					under = under || a.BeganAt.Before(kill.from) && a.EndedAt.IsZero()
				} else if a.BeganAt.After(kill.from) && (next.IsZero() || a.BeganAt.Before(next)) {
					next = a.BeganAt
				}
			}
			if under && !next.IsZero() {
				found = append(found, resumption{operation: operation, after: next.Sub(kill.from), undisturbed: e.undisturbed(kill)})
			}
		}
	}
	slices.SortFunc(found, func(a, b resumption) int { return int(a.after - b.after) })
	return found
}

// undisturbed tells whether nothing but the kill happened until the lease was
// over, and shortly before.
func (e *evidence) undisturbed(kill disturbance) bool {
	from, to := kill.from.Add(100*time.Millisecond-calmBefore), kill.from.Add(e.lease+calmAfter-100*time.Millisecond)
	for _, d := range e.disturbances {
		if d != kill && d.from.Before(to) && d.to.After(from) {
			return false
		}
	}
	return true
}

// checkResume: the operations of a killed replica go on within the lease and a
// second.
func (e *evidence) checkResume(f *findings) {
	for _, r := range e.resumptions() {
		if !r.undisturbed {
			continue
		}
		f.look(checkResume)
		if r.after > e.lease+time.Second+resumeSlack {
			f.add(checkResume, "operation %s went on %v after its replica was killed, with a lease of %v", r.operation, r.after.Round(time.Millisecond), e.lease)
		}
	}
}
