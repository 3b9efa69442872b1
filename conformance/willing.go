package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// A broker may refuse what this run sends for reasons that are no fault: it knows
// other organizations, wants parameters that no schema describes, or has a quota.
// What then cannot be tried is not evaluated.

// unwilling reports whether the broker refuses to create something for a reason
// that the specification does not name.
func (a *answer) unwilling() bool {
	if a.endpoint != Provision && a.endpoint != Bind || a.undefined {
		return false
	}
	unnamed := a.status == http.StatusUnprocessableEntity && !oneOf(
		"AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict",
	).is(a.errorCode())
	return unnamed || a.status == http.StatusBadRequest || a.unentitled()
}

// unentitled reports whether the broker refuses who asks, or how much, rather than
// what. Without credentials that is another matter.
func (a *answer) unentitled() bool {
	return a.is(http.StatusPaymentRequired, http.StatusForbidden) && a.endpoint.mutates() &&
		a.exchange.RequestHeader.Get("Authorization") != ""
}

// hint says what may help.
func (a *answer) hint() string {
	if a.status == http.StatusTooManyRequests {
		return "the broker limits the rate of requests: try --parallel 1"
	}
	said := ""
	if description, _ := a.object()["description"].(string); description != "" {
		said = fmt.Sprintf(" (%q)", clip(description, 100))
	}
	return fmt.Sprintf("the broker refuses a plain %s with %s%s: give what it accepts with --parameters, --organization and --space, "+
		"or try --parallel 1 if it has a quota", a.endpoint, a.describe(), said)
}

// plain reports whether the request has nothing that a broker could stumble over.
func (r Request) plain() bool {
	unusual := slices.ContainsFunc(r.Body, func(e Edit) bool { return e.Value != "{maintenance_info}" })
	return !unusual && len(r.Header) == 0 && len(r.Query) == 0 && !r.HasRaw && r.Before == "" && r.After == "" &&
		r.Method == "" && r.Path == "" && !r.Anonymous && r.Instance != "encoded"
}

// attitude is what is known of plain requests of an endpoint on a plan.
type attitude struct {
	plan     string
	endpoint Endpoint
}

// observe notes how plain requests of a record were answered.
func (r *run) observe(rec *record) {
	for _, a := range rec.answers {
		key := attitude{a.subject.planID(), a.endpoint}
		switch {
		case !a.plain:
		case a.succeeded():
			r.willing[key] = true
		case a.unwilling() && r.refused[key] == nil && !rec.created(a):
			r.refused[key] = a
		}
	}
}

// created reports whether the record has an earlier answer that created what an
// answer is about.
func (rec *record) created(a *answer) bool {
	for _, earlier := range rec.answers {
		if earlier == a {
			return false
		}
		if earlier.endpoint == a.endpoint && earlier.succeeded() && earlier.instanceID == a.instanceID && earlier.bindingID == a.bindingID {
			return true
		}
	}
	return false
}

// excuse says why an answer that does not meet an expectation is no fault, or "".
// Whether it is can be in doubt as long as no plain request was answered.
func (r *run) excuse(rec *record, a *answer) (why string, doubtful bool) {
	key := attitude{a.subject.planID(), a.endpoint}
	switch {
	case a.unentitled():
		return a.hint(), false
	case !a.unwilling() || rec.created(a):
		return "", false
	case a.plain:
		return a.hint(), false
	case r.refused[key] != nil:
		return r.refused[key].hint(), false
	default:
		return "", !r.willing[key]
	}
}

// A doubt is a finding that may be none.
type doubt struct {
	judgement   *judgement
	expectation Expectation
	got         string
	answers     []*answer
	// of is the answer that is in doubt.
	of *answer
}

// settle resolves the doubts that are left after all scenarios. Where nothing plain
// was sent, it is sent now.
func (r *run) settle(ctx context.Context) {
	for _, t := range r.tallies {
		for _, d := range t.doubts {
			why, doubtful := r.excuse(d.judgement.record, d.of)
			if doubtful {
				r.probe(ctx, d.of.subject)
				why, _ = r.excuse(d.judgement.record, d.of)
			}
			if why != "" {
				t.note(NotEvaluated, why, notHeld)
				continue
			}
			r.find(t, d.judgement, d.expectation, d.got, d.answers...)
		}
		t.doubts = nil
	}
}

// probe sends a plain provision, and a plain bind, to see what the broker thinks of
// them.
func (r *run) probe(ctx context.Context, s *subject) {
	scenario := &Scenario{Name: "probe", Steps: []Step{
		{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
		{Name: "provision finished", WaitFor: "provision"},
		{Name: "bind", Needs: []Feature{Bindable}, Request: to(Bind)},
		{Name: "bind finished", WaitFor: "bind"},
	}}
	j := r.newJob(scenario, s)
	r.perform(ctx, j)
	r.observe(j.record)
}
