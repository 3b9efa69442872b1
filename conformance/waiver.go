package conformance

import (
	"fmt"
	"slices"
	"time"
)

// A Waiver accepts a known fault until a day: the check may fail without
// failing the run.
type Waiver struct {
	// Check is the id of the check.
	Check string `json:"id"`
	// Reason says why, and preferably where the fault is tracked.
	Reason string `json:"reason"`
	// Until is the last day of the waiver in UTC, as "2026-12-31".
	Until string `json:"until"`
}

// ended reports whether the waiver has expired at a time.
func (w Waiver) ended(now time.Time) bool { return now.UTC().Format(time.DateOnly) > w.Until }

// Validate returns an error if the waiver names an unknown check, has no reason
// or has an invalid day.
func (w Waiver) Validate() error {
	if !slices.ContainsFunc(Checks(), func(c Check) bool { return c.ID == w.Check }) {
		return fmt.Errorf("a waiver names the check %q, which does not exist: Checks lists all checks", w.Check)
	}
	if w.Reason == "" {
		return fmt.Errorf("the waiver of %s has no reason: add one", w.Check)
	}
	if _, err := time.Parse(time.DateOnly, w.Until); err != nil {
		return fmt.Errorf("the waiver of %s ends on %q, which is not a day such as 2026-12-31", w.Check, clip(w.Until, 40))
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
			return fmt.Errorf("the check %s has two waivers: remove one", w.Check)
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
			result.Remarks = append(result.Remarks, "its waiver expired on "+w.Until)
			return
		}
		result.Outcome = Waived
	default:
		result.Remarks = append(result.Remarks, fmt.Sprintf("its waiver has no effect (%s): remove it", result.Outcome))
	}
}
