package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// maxFindings is the largest number of findings of a check in a report.
const maxFindings = 5

// A tally collects the outcomes of a check on all plans.
type tally struct {
	check  Check
	result Result
	// reasons has one reason for each outcome other than Passed: the reason on the
	// plan on which the check came furthest.
	reasons map[Outcome]reason
	passed  bool
	plans   []string
	judged  int
	took    time.Duration
	remarks []string
	doubts  []doubt
	found   []Finding
	more    int
	done    bool
}

// A reason is why a check was not judged on a plan.
type reason struct {
	text string
	far  distance
}

// distance is how far a check came on a plan.
type distance int

const (
	notOffered distance = iota // the plan lacks a feature
	notSent                    // a step was not sent
	notHeld                    // the condition did not hold
)

// note records an outcome with its reason.
func (t *tally) note(outcome Outcome, text string, far distance) {
	if t.reasons == nil {
		t.reasons = map[Outcome]reason{}
	}
	if before, found := t.reasons[outcome]; !found || before.far < far {
		t.reasons[outcome] = reason{text, far}
	}
}

// judge applies all checks of a scenario to its record.
func (r *run) judge(rec *record) {
	for _, t := range r.tallies {
		switch t.check.Scenario {
		case rec.scenario.Name:
			r.judgeScenario(t, rec)
		case "":
			r.judgeEvery(t, rec)
		}
	}
}

// judgeScenario applies a check of steps of this scenario.
func (r *run) judgeScenario(t *tally, rec *record) {
	if feature, lacks := rec.subject.lacking(t.check.Needs); lacks {
		t.note(NotApplicable, "it requires "+string(feature), notOffered)
		return
	}
	var answers []*answer
	var missing []absence
	for _, step := range t.check.Steps {
		if reason, found := rec.missing[step]; found {
			missing = append(missing, reason)
			continue
		}
		answers = append(answers, rec.of(step)...)
	}
	for _, absence := range missing {
		// A step that does not apply does not prevent judging the others.
		if absence.outcome == NotEvaluated || len(answers) == 0 {
			t.note(absence.outcome, r.masker.text(absence.reason), notSent)
		}
	}
	if len(answers) > 0 {
		r.judgeAnswers(t, rec, answers)
	}
}

// judgeEvery applies a check of all responses of some endpoints.
func (r *run) judgeEvery(t *tally, rec *record) {
	var answers []*answer
	for _, a := range rec.answers {
		endpoints := t.check.Endpoints
		if a.failure == "" && (len(endpoints) == 0 || slices.Contains(endpoints, a.endpoint)) {
			answers = append(answers, a)
		}
	}
	r.judgeAnswers(t, rec, answers)
}

func (r *run) judgeAnswers(t *tally, rec *record, all []*answer) {
	var answers []*answer
	for _, a := range all {
		if died := r.client.life.died(); a.unconnected && died != "" {
			t.note(NotEvaluated, "the broker died: "+r.masker.text(died), notHeld)
			continue
		}
		if a.status == http.StatusTooManyRequests {
			t.note(NotEvaluated, a.hint(), notHeld)
			continue
		}
		if a.failure != "" {
			t.note(Errored, fmt.Sprintf("step %q of scenario %q: %s", a.step, rec.scenario.Name, r.masker.text(a.failure)), notHeld)
			continue
		}
		if condition := t.check.If; !condition.IsZero() && !condition.holds(&judgement{answer: a, record: rec}) {
			outcome := NotApplicable
			if condition.prerequisite {
				outcome = NotEvaluated
			}
			t.note(outcome, "it requires that "+condition.Words, notHeld)
			continue
		}
		answers = append(answers, a)
	}
	if len(answers) == 0 {
		return
	}
	if rec.subject.plan != nil && rec.scenario.PerPlan && !slices.Contains(t.plans, rec.subject.name()) {
		t.plans = append(t.plans, rec.subject.name())
	}
	t.judged += len(answers)
	faulty := false
	for _, expectation := range t.check.Expect {
		faulty = r.hold(t, rec, expectation, answers) || faulty
	}
	for _, a := range answers {
		t.took += a.exchange.Duration
		if remark := t.check.Remark; !remark.IsZero() && remark.holds(a) && !slices.Contains(t.remarks, remark.Words) {
			t.remarks = append(t.remarks, remark.Words)
		}
	}
	t.passed = t.passed || !faulty
}

// hold compares responses with an expectation. It reports whether one of them
// does not meet it.
func (r *run) hold(t *tally, rec *record, expectation Expectation, answers []*answer) bool {
	faulty := false
	if expectation.each != nil {
		for _, a := range answers {
			j := &judgement{answer: a, answers: answers, record: rec}
			got := expectation.each(j)
			if got == "" {
				continue
			}
			faulty = true
			switch why, doubtful := r.excuse(rec, a); {
			case why != "":
				t.note(NotEvaluated, r.masker.text(why), notHeld)
			case doubtful:
				t.doubts = append(t.doubts, doubt{j, expectation, got, []*answer{a}, a})
			default:
				r.find(t, j, expectation, got, a)
			}
		}
	}
	if expectation.together != nil {
		j := &judgement{answers: answers, record: rec}
		if got := expectation.together(j); got != "" {
			r.find(t, j, expectation, got, answers...)
			faulty = true
		}
	}
	return faulty
}

// find adds a finding with its exchanges. The responses that the judged ones
// are compared with come first.
func (r *run) find(t *tally, j *judgement, expectation Expectation, got string, answers ...*answer) {
	rec := j.record
	if len(t.found) == maxFindings {
		t.more++
		return
	}
	last := answers[len(answers)-1]
	finding := Finding{
		Plan: rec.subject.name(), Scenario: rec.scenario.Name, Step: last.step,
		Expected: expectation.Words, Got: r.masker.text(got),
	}
	if expectation.beside != nil {
		for _, a := range expectation.beside(j) {
			if !slices.Contains(answers, a) {
				finding.Exchanges = append(finding.Exchanges, r.masker.exchange(a))
			}
		}
	}
	for _, a := range answers {
		finding.Exchanges = append(finding.Exchanges, r.masker.exchange(a))
	}
	if len(finding.Exchanges) > 2*maxFindings {
		finding.Exchanges = finding.Exchanges[len(finding.Exchanges)-2*maxFindings:]
	}
	t.found = append(t.found, finding)
}

// finishScenario finishes the checks of a scenario that has run on all its
// plans.
func (r *run) finishScenario(name string) {
	for _, t := range r.tallies {
		if t.check.Scenario == name && len(t.doubts) == 0 {
			r.finish(t)
		}
	}
}

// finish makes the result of a check final, once.
func (r *run) finish(t *tally) {
	if t.done {
		return
	}
	t.done = true
	slices.Sort(t.plans)
	t.result = Result{
		Check: t.check, Plans: t.plans, Judged: t.judged, Findings: t.found, MoreFindings: t.more,
		Duration: t.took, Remarks: t.remarks,
	}
	switch {
	case len(t.found) > 0 && t.check.Level == May:
		t.result.Outcome, t.result.Reason = Declined, t.found[0].Got
	case len(t.found) > 0:
		t.result.Outcome, t.result.Reason = Failed, t.found[0].Got
	case noted(t.reasons, Errored):
		t.result.Outcome, t.result.Reason = Errored, t.reasons[Errored].text
	case noted(t.reasons, NotEvaluated):
		t.result.Outcome, t.result.Reason = NotEvaluated, t.reasons[NotEvaluated].text
	case t.passed:
		t.result.Outcome = Passed
	case noted(t.reasons, NotApplicable):
		t.result.Outcome, t.result.Reason = NotApplicable, t.reasons[NotApplicable].text
	default:
		t.result.Outcome, t.result.Reason = NotApplicable, "the run received no response that this check judges"
	}
	r.waive(&t.result)
	if r.options.OnResult != nil {
		r.options.OnResult(t.result)
	}
}

func noted(reasons map[Outcome]reason, outcome Outcome) bool {
	_, found := reasons[outcome]
	return found
}
