package conformance

import (
	"fmt"
	"slices"
	"time"
)

// A Waiver lets a check not hold for a time: the fault is known.
type Waiver struct {
	// Check is the id of the check.
	Check string `json:"id"`
	// Reason says why, and best where the fault is dealt with.
	Reason string `json:"reason"`
	// Until is the last day of the waiver in UTC, as "2026-12-31".
	Until string `json:"until"`
}

// ended reports whether the waiver does not count any more at a time.
func (w Waiver) ended(now time.Time) bool { return now.UTC().Format(time.DateOnly) > w.Until }

// Validate says what is wrong with the waiver: an unknown check, no reason, a day
// that is none. Nil if nothing is.
func (w Waiver) Validate() error {
	if !slices.ContainsFunc(Checks(), func(c Check) bool { return c.ID == w.Check }) {
		return fmt.Errorf("a waiver is for the check %q, which does not exist: Checks lists those that do", w.Check)
	}
	if w.Reason == "" {
		return fmt.Errorf("the waiver of %s has no reason", w.Check)
	}
	if _, err := time.Parse(time.DateOnly, w.Until); err != nil {
		return fmt.Errorf("the waiver of %s ends on %q, which is no day like 2026-12-31", w.Check, clip(w.Until, 40))
	}
	return nil
}

// checkWaivers validates the waivers of the options.
func (o Options) checkWaivers() error {
	for i, w := range o.Waivers {
		if err := w.Validate(); err != nil {
			return err
		}
		if slices.ContainsFunc(o.Waivers[:i], func(other Waiver) bool { return other.Check == w.Check }) {
			return fmt.Errorf("there are two waivers of %s", w.Check)
		}
	}
	return nil
}

// waive applies the waiver of a check to its result.
func (r *run) waive(result *Result) {
	at := slices.IndexFunc(r.options.Waivers, func(w Waiver) bool { return w.Check == result.Check.ID })
	if at < 0 {
		return
	}
	w := r.options.Waivers[at]
	switch result.Outcome {
	case Failed, Errored, NotEvaluated:
		result.Waiver = &w
		if w.ended(r.started) {
			result.Remarks = append(result.Remarks, "its waiver ended on "+w.Until)
			return
		}
		result.Outcome = Waived
	default:
		result.Remarks = append(result.Remarks, fmt.Sprintf("it is %s: its waiver can be taken away", result.Outcome))
	}
}
