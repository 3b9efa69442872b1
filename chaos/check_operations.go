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

// sorted are the operations in the order in which they were accepted.
func (e *evidence) sorted() []durable.OperationRecord {
	return slices.SortedFunc(maps.Values(e.operations), func(a, b durable.OperationRecord) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
}

// checkEnded: what was accepted is in the store, and every operation is final.
func (e *evidence) checkEnded(f *findings) {
	for _, a := range e.acknowledged {
		if a.status != 202 {
			continue
		}
		f.look(checkEnded)
		o, known := e.operations[a.operation]
		switch {
		case !known:
			f.add(checkEnded, "%s of %s was accepted as operation %s, which the store does not have", a.kind, resourceName(a.instance, a.binding), a.operation)
		case string(o.Kind) != a.kind || o.Key.InstanceID != a.instance || o.Key.BindingID != a.binding || o.Internal:
			f.add(checkEnded, "%s of %s was accepted as operation %s, which is a %s of %s", a.kind, resourceName(a.instance, a.binding), a.operation, o.Kind, nameOf(o.Key))
		}
	}
	for _, o := range e.sorted() {
		f.look(checkEnded)
		if !o.Ended() || o.FinishedAt.IsZero() || !o.LeaseUntil.IsZero() {
			f.add(checkEnded, "operation %s, %s of %s, is %s (owner %q, attempt %d)", o.ID, o.Kind, nameOf(o.Key), o.State, o.Owner, o.Attempt)
		}
	}
}

// checkInterrupted: that a checkpoint could not be saved is no failure of the
// operation, but another attempt.
func (e *evidence) checkInterrupted(f *findings) {
	for _, a := range e.attempts {
		if a.Outcome != outcomeInterrupted {
			continue
		}
		f.look(checkInterrupted)
		o, known := e.operations[a.Operation]
		cancelled := o.Description == cancelledText || o.Description == ""
		if known && o.State == durable.OperationFailed && !cancelled && a.Generation == o.Generation {
			f.add(checkInterrupted, "operation %s, %s of %s, failed (%q) when attempt %d could not save its checkpoint", o.ID, o.Kind, nameOf(o.Key), o.Description, a.Attempt)
		}
	}
}

func nameOf(key durable.Key) string { return resourceName(key.InstanceID, key.BindingID) }

// checkPolled: what last_operation says is final, the same as before, and what
// the store says.
func (e *evidence) checkPolled(f *findings) {
	states := map[string]durable.OperationState{"succeeded": durable.OperationSucceeded, "failed": durable.OperationFailed}
	for operation, state := range e.polled {
		f.look(checkPolled)
		if before := e.finals[operation]; before != "" && before != state {
			f.add(checkPolled, "operation %s: last_operation said %q, and says %q in the end", operation, before, state)
		}
		if o, known := e.operations[operation]; known && states[state] != o.State {
			f.add(checkPolled, "operation %s: last_operation says %q, and the store %q", operation, state, o.State)
		}
	}
}

// checkWriters: an operation that succeeded was ended by the attempt that held
// the last claim, after that attempt had succeeded: no other one wrote.
func (e *evidence) checkWriters(f *findings) {
	byClaim := map[string]attempt{}
	for _, a := range e.attempts {
		byClaim[a.fingerprint()+" "+a.Kind+" "+a.resource()] = a
		o, known := e.operations[a.Operation]
		switch {
		case !known:
			f.add(checkWriter, "the provider was called for operation %s, which the store does not have", a.Operation)
		case a.Generation > o.Generation:
			f.add(checkWriter, "the provider was called for operation %s with generation %d, but the store only knows %d", o.ID, a.Generation, o.Generation)
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
		f.look(checkWriter)
		a, found := byClaim[fingerprint(o.ID, o.Generation)+" "+string(o.Kind)+" "+nameOf(o.Key)]
		switch {
		case !found || a.Outcome != outcomeSucceeded:
			f.add(checkWriter, "operation %s, %s of %s, succeeded with generation %d, but the ledger says about that attempt: %q", o.ID, o.Kind, nameOf(o.Key), o.Generation, a.Outcome)
		case a.EndedAt.After(o.FinishedAt):
			f.add(checkWriter, "operation %s, %s of %s, succeeded %v before its last attempt (generation %d) did: an earlier attempt wrote the result",
				o.ID, o.Kind, nameOf(o.Key), a.EndedAt.Sub(o.FinishedAt), o.Generation)
		}
	}
}

// The figures of attempts.
const (
	figureOvertaken = "results of overtaken attempts, ignored by the engine"
	figureRefused   = "overtaken attempts, refused by the ledger"
)

// checkExclusive: of two operations on one instance that overlap, one is the
// deletion that cancelled the other, or both are on different bindings of a plan
// with parallel bindings.
func (e *evidence) checkExclusive(f *findings) {
	byInstance := map[string][]durable.OperationRecord{}
	for _, o := range e.sorted() {
		byInstance[o.Key.InstanceID] = append(byInstance[o.Key.InstanceID], o)
	}
	for instance, operations := range byInstance {
		for i, earlier := range operations {
			f.look(checkExclusive)
			for _, later := range operations[i+1:] {
				if earlier.Ended() && !later.CreatedAt.Before(earlier.FinishedAt) || later.CreatedAt.Equal(earlier.UpdatedAt) {
					continue // It came after, or in the same change, as a clean-up does.
				}
				parallel := e.instances[instance].PlanID == planParallel && later.Key.BindingID != "" && earlier.Key.BindingID != "" && later.Key.BindingID != earlier.Key.BindingID
				if !parallel && !cancels(later, earlier) {
					f.add(checkExclusive, "%s: operation %s (%s) was accepted at %s, but %s (%s, %s) only ended at %s", instance,
						later.ID, later.Kind, clock(later.CreatedAt), earlier.ID, earlier.Kind, earlier.State, clock(earlier.FinishedAt))
				}
			}
		}
	}
}

// cancels tells whether the later operation is a deletion for which the earlier
// one was cancelled.
func cancels(later, earlier durable.OperationRecord) bool {
	deletes := later.Kind == durable.KindDeprovision || later.Kind == durable.KindUnbind && later.Key == earlier.Key
	return deletes && earlier.State == durable.OperationFailed && (earlier.Description == cancelledText || earlier.Description == "")
}

func clock(t time.Time) string { return t.Format("15:04:05.000000") }

// checkState: what the engine passes to the provider is what the attempt that
// succeeded last has returned.
func (e *evidence) checkState(f *findings) {
	for _, a := range e.attempts {
		if a.Writer == "" {
			continue
		}
		f.look(checkState)
		if err := e.isResult(a.Writer, a.BeganAt); err != "" {
			f.add(checkState, "%s of %s by operation %s got the state of attempt %s: %s", a.Kind, a.resource(), a.Operation, a.Writer, err)
		}
	}
}

// isResult tells what is wrong with a fingerprint that was seen at some time: it
// must be that of the claim with which its operation succeeded, before.
func (e *evidence) isResult(mark string, seen time.Time) string {
	id, generation := splitFingerprint(mark)
	o, known := e.operations[id]
	switch {
	case !known:
		return "there is no such operation"
	case o.State != durable.OperationSucceeded:
		return "its operation " + string(o.State)
	case o.Generation != generation:
		return "its operation succeeded with another generation"
	case o.FinishedAt.After(seen):
		return "its operation succeeded only later"
	default:
		return ""
	}
}
