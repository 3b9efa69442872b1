package main_test

import (
	"encoding/json"
	"testing"

	"github.com/openbroker/openbroker/conformance"
)

// All plans of openbroker simulate follow the specification, and no check fails.
func TestCheckSimulate(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := simulate(t, directory, nil)
	write(t, directory, passwordFile, p.password)
	code, stdout, stderr := checking(p, "--all-plans", "-o", "json")
	var report conformance.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err, stderr)
	}
	for _, result := range report.Results {
		switch result.Outcome {
		case conformance.Passed, conformance.NotApplicable, conformance.Declined:
		default:
			if result.Check.ID == "bind-endpoints" {
				continue // Only one plan has endpoints, because a client in use cannot read them.
			}
			t.Errorf("%s", result.Text())
		}
	}
	t.Logf("%d checks passed, %d are not applicable, %d requests in %v",
		report.Counts().Passed, report.Counts().NotApplicable, report.Requests, report.Duration)
	if code != 0 || len(report.Plans) != 14 || report.Counts().Passed < 250 {
		t.Errorf("exit code %d, %d checks passed on %q", code, report.Counts().Passed, report.Plans)
	}
	p.stop()
}
