package conformance

import "time"

// SpecVersion is the version of the specification that the checks cover.
const SpecVersion = "2.17"

// A Report has the results of a run.
type Report struct {
	// URL is the address of the broker, without credentials.
	URL string `json:"url"`
	// SpecVersion is the version of the specification.
	SpecVersion string `json:"spec_version"`
	// Tool is the program that made the report, with its version.
	Tool string `json:"tool,omitempty"`
	// Profiles are the platforms whose requirements were checked, too.
	Profiles []Profile `json:"profiles,omitempty"`
	// Started is the start of the run.
	Started time.Time `json:"started"`
	// Duration is the duration of the run. In JSON it is in nanoseconds.
	Duration time.Duration `json:"duration"`
	// Requests is the number of requests that were sent.
	Requests int `json:"requests"`
	// Plans are the plans that the run used, as "service/plan".
	Plans []string `json:"plans"`
	// PlansLeftOut are the other plans: the options exclude them, or another plan
	// has the same shape.
	PlansLeftOut []string `json:"plans_left_out,omitempty"`
	// ChecksSkipped are the ids of the checks that Options.Skip excluded.
	ChecksSkipped []string `json:"checks_skipped,omitempty"`
	// Died says after which request the broker stopped accepting connections. It
	// is empty if the broker survived the run.
	Died string `json:"died,omitempty"`
	// Results has one result for each selected check, in the order of Checks.
	Results []Result `json:"results"`
	// Leftovers are the instances and bindings that could not be deleted.
	Leftovers []Leftover `json:"leftovers,omitempty"`
	// Interrupted is true if the context ended before the run.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Holds reports whether each check of this level or a stronger one passed, or
// was declined, waived or not applicable. It reports false if such a check was
// not evaluated or the run was interrupted.
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

// A Result is the result of one check on all plans.
type Result struct {
	Check   Check   `json:"check"`
	Outcome Outcome `json:"outcome"`
	// Reason says why a check is not applicable, not evaluated or in error. If the
	// check failed or was declined, Reason is Got of the first finding. If the
	// check passed, it is empty.
	Reason string `json:"reason,omitempty"`
	// Remarks are notes for the reader that are not faults.
	Remarks []string `json:"remarks,omitempty"`
	// Waiver is the waiver of the check, if the check does not hold.
	Waiver *Waiver `json:"waiver,omitempty"`
	// Duration is the time that the broker took for the judged responses. In JSON
	// it is in nanoseconds. Other checks may have judged the same responses.
	Duration time.Duration `json:"duration"`
	// Plans are the plans on which the check was evaluated, as "service/plan". It
	// is empty if the check does not depend on a plan.
	Plans []string `json:"plans,omitempty"`
	// Judged is the number of responses that were judged.
	Judged int `json:"judged"`
	// Findings are the first five findings.
	Findings []Finding `json:"findings,omitempty"`
	// MoreFindings is the number of further findings.
	MoreFindings int `json:"more_findings,omitempty"`
}

// A Finding is an expectation that a response did not meet.
type Finding struct {
	// Plan is the plan under test as "service/plan", or empty.
	Plan string `json:"plan,omitempty"`
	// Scenario and Step name the request.
	Scenario string `json:"scenario"`
	Step     string `json:"step"`
	// Expected and Got describe the expectation and the response in words.
	Expected string `json:"expected"`
	Got      string `json:"got"`
	// Exchanges are the requests with their responses, the judged one last.
	// Secrets are masked.
	Exchanges []Exchange `json:"exchanges,omitempty"`
}

// A Leftover is an instance or binding that the run created and could not
// delete.
type Leftover struct {
	InstanceID string `json:"instance_id"`
	// BindingID is empty if the leftover is an instance.
	BindingID string `json:"binding_id,omitempty"`
	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
	// Reason says why the last attempt to delete it failed.
	Reason string `json:"reason"`
}
