package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// A broker may refuse requests of this run without being at fault: it does not
// know the organization, requires parameters that no schema describes, or has a
// quota. Checks that depend on such a request are not evaluated.

// unwilling reports whether the broker refuses to create a resource for a
// reason that the specification does not name.
func (a *answer) unwilling() bool {
	if a.endpoint != Provision && a.endpoint != Bind || a.undefined {
		return false
	}
	unnamed := a.status == http.StatusUnprocessableEntity && !oneOf(
		"AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict",
	).is(a.errorCode())
	return unnamed || a.status == http.StatusBadRequest || a.unentitled()
}

// unentitled reports whether the broker refuses the caller or the quantity
// rather than the request itself. A request without credentials is never
// unentitled.
func (a *answer) unentitled() bool {
	return a.is(http.StatusPaymentRequired, http.StatusForbidden) && a.endpoint.mutates() &&
		a.exchange.RequestHeader.Get("Authorization") != ""
}

// hint says why the broker refused a request, and which options may help.
func (a *answer) hint() string {
	if a.status == http.StatusTooManyRequests {
		return "the broker limits the rate of requests: try --parallel 1"
	}
	said := ""
	if description, _ := a.object()["description"].(string); description != "" {
		said = fmt.Sprintf(" (%q)", clip(description, 100))
	}
	return fmt.Sprintf("the broker refuses a plain %s with %s%s: set values that it accepts with --parameters, --organization and --space, "+
		"or try --parallel 1 if it has a quota", a.endpoint, a.describe(), said)
}

// plain reports whether the request is free of anything that a broker may
// refuse.
func (r Request) plain() bool {
	unusual := slices.ContainsFunc(r.Body, func(e Edit) bool { return e.Value != "{maintenance_info}" })
	return !unusual && len(r.Header) == 0 && len(r.Query) == 0 && !r.HasRaw && r.Before == "" && r.After == "" &&
		r.Method == "" && r.Path == "" && !r.Anonymous && r.Instance != "encoded"
}

// attitude identifies the plain requests of an endpoint on a plan.
type attitude struct {
	plan     string
	endpoint Endpoint
}

// observe records how the plain requests of a record were answered.
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

// created reports whether an earlier answer of the record created the resource
// of an answer.
func (r *record) created(a *answer) bool {
	for _, earlier := range r.answers {
		if earlier == a {
			return false
		}
		if earlier.endpoint == a.endpoint && earlier.succeeded() && earlier.instanceID == a.instanceID && earlier.bindingID == a.bindingID {
			return true
		}
	}
	return false
}

// excuse says why an answer that does not meet an expectation is not a fault,
// or returns "". The result is in doubt as long as no plain request was
// answered.
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

// A doubt is a finding that may turn out not to be a fault.
type doubt struct {
	judgement   *judgement
	expectation Expectation
	got         string
	answers     []*answer
	// of is the answer in doubt.
	of *answer
}

// settle resolves the doubts that remain after all scenarios. If no plain
// request was sent, it sends one.
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

// probe sends a plain provision and a plain bind to see whether the broker
// accepts them.
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
