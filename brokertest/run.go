package brokertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/conformance"
)

// Time limits for a broker in this process. A broker at a URL has the defaults of
// package conformance.
const (
	requestTimeout  = 30 * time.Second
	pollInterval    = 2 * time.Millisecond
	maxPollInterval = 50 * time.Millisecond
)

// Run reserves 1/cleanupShare of the time until the deadline of the test for the
// clean-up.
const cleanupShare = 5

// Run checks the subject, and reports each check as a subtest with the id of the
// check, so that `go test -run 'TestConformance/bind-.*'` selects subtests. Before
// Run returns, it deletes everything that it created, even if the deadline of the test
// is near. The test fails if a resource could not be deleted, or if no check could be
// evaluated.
func Run(t *testing.T, subject Subject, options ...Option) {
	t.Helper()
	target := subject.start(t)
	s := &settings{checks: conformance.Options{Level: conformance.Must}}
	if !subject.remote {
		s.checks.RequestTimeout, s.checks.PollInterval, s.checks.MaxPollInterval = requestTimeout, pollInterval, maxPollInterval
	}
	for _, option := range options {
		option(s)
	}
	for _, access := range []func(*conformance.Target){s.login, s.clients} {
		if access != nil {
			access(&target)
		}
	}
	for _, change := range s.changes {
		change(&s.checks)
	}
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		reserve := time.Until(deadline) / cleanupShare
		if s.checks.CleanupTimeout == 0 {
			s.checks.CleanupTimeout = reserve - reserve/cleanupShare // The rest of the reserve is for the report.
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	report, err := conformance.Run(ctx, target, s.checks)
	if report == nil {
		t.Fatalf("brokertest: %v", err)
	}
	for _, result := range report.Results {
		t.Run(result.Check.ID, func(t *testing.T) { conclude(t, result) })
	}
	for _, leftover := range report.Leftovers {
		t.Errorf("left over: instance %q, binding %q of service %q, plan %q could not be deleted: %s",
			leftover.InstanceID, leftover.BindingID, leftover.ServiceID, leftover.PlanID, leftover.Reason)
	}
	if err != nil {
		t.Errorf("brokertest: the run was interrupted: %v", err)
	}
	if report.Counts().Conclusive() == 0 {
		t.Error("brokertest: no result: " + report.Verdict())
	}
	t.Logf("OSB %s, plans %s, %d requests in %v", report.SpecVersion, strings.Join(report.Plans, ", "), report.Requests, report.Duration.Round(time.Millisecond))
}

// conclude reports a result as the result of a subtest.
func conclude(t *testing.T, result conformance.Result) {
	t.Helper()
	switch result.Outcome {
	case conformance.Passed:
		for _, remark := range result.Remarks {
			t.Log(remark)
		}
	case conformance.Waived:
		t.Skipf("waived until %s (%s): %s", result.Waiver.Until, result.Waiver.Reason, result.Reason)
	case conformance.NotApplicable, conformance.Declined:
		t.Skip(result.Outcome.String() + ": " + result.Reason)
	default:
		t.Error("\n" + result.Text())
	}
}
