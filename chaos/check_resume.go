//go:build unix

package main

import (
	"slices"
	"time"
)

// resumeSlack is the additional time that a busy machine may take. The engine
// itself may take the lease and one second.
const resumeSlack = time.Second

// A resumption is the continuation of an operation after its replica was
// killed.
type resumption struct {
	operation string
	after     time.Duration
	// undisturbed is true if no other fault was active until then.
	undisturbed bool
}

// resumptions returns the resumptions of all operations that were running on a
// replica when it was killed, and that had another attempt.
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
			interrupted, next := false, time.Time{}
			for _, a := range attempts {
				if a.PID == kill.pid {
					interrupted = interrupted || a.BeganAt.Before(kill.from) && a.EndedAt.IsZero()
				} else if a.BeganAt.After(kill.from) && (next.IsZero() || a.BeganAt.Before(next)) {
					next = a.BeganAt
				}
			}
			if interrupted && !next.IsZero() {
				found = append(found, resumption{operation: operation, after: next.Sub(kill.from), undisturbed: e.undisturbed(kill)})
			}
		}
	}
	slices.SortFunc(found, func(a, b resumption) int { return int(a.after - b.after) })
	return found
}

// undisturbed reports whether no other fault was active shortly before the kill
// and until the lease had expired.
func (e *evidence) undisturbed(kill disturbance) bool {
	from, to := kill.from.Add(100*time.Millisecond-calmBefore), kill.from.Add(e.lease+calmAfter-100*time.Millisecond)
	for _, d := range e.disturbances {
		if d != kill && d.from.Before(to) && d.to.After(from) {
			return false
		}
	}
	return true
}

// checkResume checks that the operations of a killed replica resume within the
// lease and a second.
func (e *evidence) checkResume(f *findings) {
	for _, r := range e.resumptions() {
		if !r.undisturbed {
			continue
		}
		f.countItem(checkResume)
		if r.after > e.lease+time.Second+resumeSlack {
			f.add(checkResume, "operation %s resumed %v after its replica was killed, with a lease of %v", r.operation, r.after.Round(time.Millisecond), e.lease)
		}
	}
}
