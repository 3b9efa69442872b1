//go:build unix

package main

import (
	"net/http"

	"github.com/openbroker/openbroker/durable"
)

// checkAnswers checks that each 200 and 201 was true when it was sent: the
// operation had succeeded before, and its result is in the store.
func (e *evidence) checkAnswers(f *findings) {
	succeeded := map[string][]durable.OperationRecord{}
	for _, o := range e.sorted() {
		if o.State == durable.OperationSucceeded {
			key := string(o.Kind) + " " + nameOf(o.Key)
			succeeded[key] = append(succeeded[key], o)
		}
	}
	for _, a := range e.acknowledged {
		if a.status == http.StatusAccepted {
			continue
		}
		f.countItem(checkAnswers)
		name := resourceName(a.instance, a.binding)
		if a.fingerprint != "" {
			if err := e.isResult(a.fingerprint, a.answered); err != "" {
				f.add(checkAnswers, "the response to the %s of %s was %d with the result of attempt %s: %s", a.kind, name, a.status, a.fingerprint, err)
			}
			continue
		}
		if a.kind == kindUpdate && a.status == http.StatusOK || a.kind == kindDeprovision || a.kind == kindUnbind {
			if !endedBefore(succeeded[a.kind+" "+name], a) {
				f.add(checkAnswers, "the response to the %s of %s was %d at %s, but no such operation had succeeded by then", a.kind, name, a.status, clock(a.answered))
			}
			continue
		}
		f.add(checkAnswers, "the response to the %s of %s was %d without a result", a.kind, name, a.status)
	}
}

// endedBefore reports whether one of the operations had ended when the client
// received the response.
func endedBefore(operations []durable.OperationRecord, a acknowledgement) bool {
	for _, o := range operations {
		if !o.FinishedAt.After(a.answered) {
			return true
		}
	}
	return false
}
