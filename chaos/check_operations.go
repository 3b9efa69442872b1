//go:build unix

package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// check compares all evidence.
func (e *evidence) check(f *findings) {
	e.checkEnded(f)
	e.checkPolled(f)
	e.checkWriters(f)
	e.checkInterrupted(f)
	e.checkExclusive(f)
	e.checkState(f)
	e.checkResources(f)
	e.checkContent(f)
	e.checkExpected(f)
	e.checkAnswers(f)
	e.checkResume(f)
}

// sorted returns the operations in the order of their acceptance.
func (e *evidence) sorted() []durable.OperationRecord {
	return slices.SortedFunc(maps.Values(e.operations), func(a, b durable.OperationRecord) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
}

// checkEnded checks that every accepted operation is in the store and every
// operation is final.
func (e *evidence) checkEnded(f *findings) {
	for _, a := range e.acknowledged {
		if a.status != 202 {
			continue
		}
		f.countItem(checkEnded)
		o, known := e.operations[a.operation]
		switch {
		case !known:
			f.add(checkEnded, "the %s of %s was accepted as operation %s, which the store does not have", a.kind, resourceName(a.instance, a.binding), a.operation)
		case string(o.Kind) != a.kind || o.Key.InstanceID != a.instance || o.Key.BindingID != a.binding || o.Internal:
			f.add(checkEnded, "the %s of %s was accepted as operation %s, which is the %s of %s", a.kind, resourceName(a.instance, a.binding), a.operation, o.Kind, nameOf(o.Key))
		}
	}
	for _, o := range e.sorted() {
		f.countItem(checkEnded)
		if !o.Ended() || o.FinishedAt.IsZero() || !o.LeaseUntil.IsZero() {
			f.add(checkEnded, "operation %s, %s of %s, is %s (owner %q, attempt %d)", o.ID, o.Kind, nameOf(o.Key), o.State, o.Owner, o.Attempt)
		}
	}
}

// checkInterrupted checks that an operation is retried, and does not fail, if
// an attempt cannot save its checkpoint.
func (e *evidence) checkInterrupted(f *findings) {
	for _, a := range e.attempts {
		if a.Outcome != outcomeInterrupted {
			continue
		}
		f.countItem(checkInterrupted)
		o, known := e.operations[a.Operation]
		cancelled := o.Description == cancelledText || o.Description == ""
		if known && o.State == durable.OperationFailed && !cancelled && a.Generation == o.Generation {
			f.add(checkInterrupted, "operation %s, %s of %s, failed (%q) when attempt %d could not save its checkpoint", o.ID, o.Kind, nameOf(o.Key), o.Description, a.Attempt)
		}
	}
}

func nameOf(key durable.Key) string { return resourceName(key.InstanceID, key.BindingID) }

// checkPolled checks that last_operation reports a final state that agrees with
// earlier polls and with the store.
func (e *evidence) checkPolled(f *findings) {
	states := map[string]durable.OperationState{"succeeded": durable.OperationSucceeded, "failed": durable.OperationFailed}
	for operation, state := range e.polled {
		f.countItem(checkPolled)
		if before := e.finals[operation]; before != "" && before != state {
			f.add(checkPolled, "operation %s: last_operation reported %q first and %q at the end", operation, before, state)
		}
		if o, known := e.operations[operation]; known && states[state] != o.State {
			f.add(checkPolled, "operation %s: last_operation reports %q, but the store has %q", operation, state, o.State)
		}
	}
}

// checkWriters checks that each successful operation ended after the attempt with
// its last claim had succeeded. So no other attempt wrote the result.
func (e *evidence) checkWriters(f *findings) {
	byClaim := map[string]attempt{}
	for _, a := range e.attempts {
		byClaim[a.fingerprint()+" "+a.Kind+" "+a.resource()] = a
		o, known := e.operations[a.Operation]
		switch {
		case !known:
			f.add(checkWriter, "the provider was called for operation %s, which the store does not have", a.Operation)
		case a.Generation > o.Generation:
			f.add(checkWriter, "the provider was called for operation %s with generation %d, but the store has only %d", o.ID, a.Generation, o.Generation)
		case a.Outcome == outcomeSucceeded && a.Generation < o.Generation && a.Kind == string(o.Kind):
			f.count(figureOvertaken)
		}
		if a.Refused {
			f.count(figureRefused)
		}
	}
	for _, o := range e.sorted() {
		if o.State != durable.OperationSucceeded {
			continue
		}
		f.countItem(checkWriter)
		a, found := byClaim[fingerprint(o.ID, o.Generation)+" "+string(o.Kind)+" "+nameOf(o.Key)]
		switch {
		case !found || a.Outcome != outcomeSucceeded:
			f.add(checkWriter, "operation %s, %s of %s, succeeded with generation %d, but the outcome of that attempt in the ledger is %q", o.ID, o.Kind, nameOf(o.Key), o.Generation, a.Outcome)
		case a.EndedAt.After(o.FinishedAt):
			f.add(checkWriter, "operation %s, %s of %s, succeeded %v before its last attempt (generation %d): an earlier attempt wrote the result",
				o.ID, o.Kind, nameOf(o.Key), a.EndedAt.Sub(o.FinishedAt), o.Generation)
		}
	}
}

// The names of the counters of attempts.
const (
	figureOvertaken = "results of overtaken attempts, ignored by the engine"
	figureRefused   = "overtaken attempts, refused by the ledger"
)

// checkExclusive checks that operations on one instance overlap only if one is
// the deletion that cancelled the other, or if both are on different bindings
// of a plan with parallel bindings.
func (e *evidence) checkExclusive(f *findings) {
	byInstance := map[string][]durable.OperationRecord{}
	for _, o := range e.sorted() {
		byInstance[o.Key.InstanceID] = append(byInstance[o.Key.InstanceID], o)
	}
	for instance, operations := range byInstance {
		for i, earlier := range operations {
			f.countItem(checkExclusive)
			for _, later := range operations[i+1:] {
				if earlier.Ended() && !later.CreatedAt.Before(earlier.FinishedAt) || later.CreatedAt.Equal(earlier.UpdatedAt) {
					continue // It started later, or in the same change, like a clean-up.
				}
				parallel := e.instances[instance].PlanID == planParallel && later.Key.BindingID != "" && earlier.Key.BindingID != "" && later.Key.BindingID != earlier.Key.BindingID
				if !parallel && !cancels(later, earlier) {
					f.add(checkExclusive, "%s: operation %s (%s) was accepted at %s, but %s (%s, %s) ended only at %s", instance,
						later.ID, later.Kind, clock(later.CreatedAt), earlier.ID, earlier.Kind, earlier.State, clock(earlier.FinishedAt))
				}
			}
		}
	}
}

// cancels reports whether the later operation is a deletion that cancelled the
// earlier one.
func cancels(later, earlier durable.OperationRecord) bool {
	deletes := later.Kind == durable.KindDeprovision || later.Kind == durable.KindUnbind && later.Key == earlier.Key
	return deletes && earlier.State == durable.OperationFailed && (earlier.Description == cancelledText || earlier.Description == "")
}

func clock(t time.Time) string { return t.Format("15:04:05.000000") }

// checkState checks that the engine passes the state of the last successful
// attempt to the provider.
func (e *evidence) checkState(f *findings) {
	for _, a := range e.attempts {
		if a.Writer == "" {
			continue
		}
		f.countItem(checkState)
		if err := e.isResult(a.Writer, a.BeganAt); err != "" {
			f.add(checkState, "the %s of %s by operation %s got the state of attempt %s: %s", a.Kind, a.resource(), a.Operation, a.Writer, err)
		}
	}
}

// isResult returns why a fingerprint that was seen at a time is wrong, or "". By
// then, its operation must have succeeded with the claim of the fingerprint.
func (e *evidence) isResult(mark string, seen time.Time) string {
	id, generation := splitFingerprint(mark)
	o, known := e.operations[id]
	switch {
	case !known:
		return "the store does not have its operation"
	case o.State != durable.OperationSucceeded:
		return "the state of its operation is " + string(o.State)
	case o.Generation != generation:
		return "its operation succeeded with another generation"
	case o.FinishedAt.After(seen):
		return "its operation succeeded only later"
	default:
		return ""
	}
}
