package conformance

import "time"

// SpecVersion is the version of the specification that the checks are of.
const SpecVersion = "2.17"

// A Report is what a run found.
type Report struct {
	// URL is the broker's, without credentials.
	URL string `json:"url"`
	// SpecVersion is that of the specification.
	SpecVersion string `json:"spec_version"`
	// Tool is the program, with its version, that made the report.
	Tool string `json:"tool,omitempty"`
	// Profiles are the platforms whose demands were checked too.
	Profiles []Profile `json:"profiles,omitempty"`
	// Started is when the run began.
	Started time.Time `json:"started"`
	// Duration is how long it took, in nanoseconds as JSON.
	Duration time.Duration `json:"duration"`
	// Requests is how many requests were sent.
	Requests int `json:"requests"`
	// Plans are those on which instances were created, as "service/plan".
	Plans []string `json:"plans"`
	// PlansLeftOut are those that were not, because others have the same shape
	// or the options left them out.
	PlansLeftOut []string `json:"plans_left_out,omitempty"`
	// ChecksSkipped are the ids of checks that the options left out by name.
	ChecksSkipped []string `json:"checks_skipped,omitempty"`
	// Died says after which request no connection could be made any more, if the
	// broker ended during the run.
	Died string `json:"died,omitempty"`
	// Results has one result for each check that was asked for, in the order of
	// Checks.
	Results []Result `json:"results"`
	// Leftovers are what could not be deleted.
	Leftovers []Leftover `json:"leftovers,omitempty"`
	// Interrupted is true if the context ended before the run did.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Holds reports whether all checks of this level or a stronger one passed, were
// declined, waived or not applicable. What was not evaluated does not hold, as
// nobody knows.
func (r *Report) Holds(level Level) bool {
	if r.Interrupted {
		return false
	}
	for _, result := range r.Results {
		if result.Check.Level < level {
			continue
		}
		switch result.Outcome {
		case Passed, NotApplicable, Declined, Waived:
		default:
			return false
		}
	}
	return true
}

// A Result is what came of one check, on all plans together.
type Result struct {
	Check   Check   `json:"check"`
	Outcome Outcome `json:"outcome"`
	// Reason says why a check is not applicable, not evaluated or in error. It
	// is empty if it passed; if it failed or was declined, it is what the first
	// finding got.
	Reason string `json:"reason,omitempty"`
	// Remarks are what a reader should know although it is no fault.
	Remarks []string `json:"remarks,omitempty"`
	// Waiver is that of the check, if it does not hold.
	Waiver *Waiver `json:"waiver,omitempty"`
	// Duration is how long the broker took for the answers that were judged, in
	// nanoseconds as JSON. Other checks may have judged the same answers.
	Duration time.Duration `json:"duration"`
	// Plans are those on which it was evaluated, as "service/plan"; empty if it
	// does not depend on a plan.
	Plans []string `json:"plans,omitempty"`
	// Judged is how many answers were held against the expectations.
	Judged int `json:"judged"`
	// Findings are what did not hold: at most five for each check.
	Findings []Finding `json:"findings,omitempty"`
	// MoreFindings is how many others there were.
	MoreFindings int `json:"more_findings,omitempty"`
}

// A Finding is an expectation that an answer did not meet.
type Finding struct {
	// Plan is the plan under test as "service/plan", or empty.
	Plan string `json:"plan,omitempty"`
	// Scenario and Step say what was sent.
	Scenario string `json:"scenario"`
	Step     string `json:"step"`
	// Expected and Got are in words.
	Expected string `json:"expected"`
	Got      string `json:"got"`
	// Exchanges are the requests and answers that belong to it, the judged one
	// last. Secrets are masked.
	Exchanges []Exchange `json:"exchanges,omitempty"`
}

// A Leftover is an instance or binding that the run created and could not
// delete.
type Leftover struct {
	InstanceID string `json:"instance_id"`
	// BindingID is empty if it is an instance.
	BindingID string `json:"binding_id,omitempty"`
	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
	// Reason is why the last attempt failed.
	Reason string `json:"reason"`
}
