package conformance

import (
	"fmt"
	"slices"
)

// Outcome is the outcome of a check.
type Outcome int

// The outcomes. A check passes only if at least one response of the broker was
// judged.
const (
	// Passed: all judged responses met the expectations.
	Passed Outcome = iota + 1
	// Failed: a response did not meet an expectation. The findings show which one.
	Failed
	// NotApplicable: the broker does not offer the feature that the clause covers.
	NotApplicable
	// NotEvaluated: an earlier step failed, or the run ended.
	NotEvaluated
	// Errored: no response came, for instance because the connection broke.
	Errored
	// Declined: the broker does not do something that it MAY do, which is not a
	// fault. Checks of the level May have this outcome instead of Failed.
	Declined
	// Waived: the outcome would be Failed, NotEvaluated or Errored, and the
	// options have a waiver for the check.
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

// MarshalText returns the same text as String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText parses what MarshalText returns.
func (o *Outcome) UnmarshalText(text []byte) error {
	at := slices.Index(outcomeNames[1:], string(text))
	if at < 0 {
		return fmt.Errorf("unknown outcome %q", text)
	}
	*o = Outcome(at + 1)
	return nil
}
