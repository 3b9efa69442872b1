package conformance

import (
	"fmt"
	"slices"
)

// Outcome is what came of a check.
type Outcome int

// The outcomes. A check is never passed unless its expectations were held
// against an answer of the broker.
const (
	// Passed: all that was judged met the expectations.
	Passed Outcome = iota + 1
	// Failed: an answer did not. The findings say which, and how.
	Failed
	// NotApplicable: the broker does not offer what the clause is about.
	NotApplicable
	// NotEvaluated: a step that comes before failed, or the run ended.
	NotEvaluated
	// Errored: no answer came, for instance because the connection broke.
	Errored
	// Declined: the broker makes no use of something that it MAY do. Only checks
	// of the level May have this outcome, and never Failed: it is no fault.
	Declined
	// Waived: it would be Failed, NotEvaluated or Errored, and a waiver of the
	// options says that this is known.
	Waived
)

var outcomeNames = []string{"", "passed", "failed", "not applicable", "not evaluated", "error", "declined", "waived"}

// Outcomes returns all outcomes in the order in which reports list them.
func Outcomes() []Outcome {
	return []Outcome{Failed, Errored, NotEvaluated, Waived, Declined, Passed, NotApplicable}
}

// String returns "passed", "failed", "not applicable", "not evaluated", "error",
// "declined" or "waived".
func (o Outcome) String() string {
	if o < Passed || o > Waived {
		return fmt.Sprintf("Outcome(%d)", int(o))
	}
	return outcomeNames[o]
}

// MarshalText is String, for JSON and the like.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (o *Outcome) UnmarshalText(text []byte) error {
	at := slices.Index(outcomeNames[1:], string(text))
	if at < 0 {
		return fmt.Errorf("unknown outcome %q", text)
	}
	*o = Outcome(at + 1)
	return nil
}
