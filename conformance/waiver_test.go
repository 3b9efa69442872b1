package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

// The clock of these runs starts on 2000-01-01.
func TestWaivers(t *testing.T) {
	t.Parallel()
	const check = "bind-other-parameters-409"
	waive := func(until string) []conformance.Waiver {
		return []conformance.Waiver{{Check: check, Reason: "ticket 17", Until: until}}
	}
	for name, c := range map[string]struct {
		mutation, until string
		want            conformance.Outcome
		conforms        bool
		remark          string
	}{
		"known":      {"bind.conflict-422", "2000-12-31", conformance.Waived, true, ""},
		"last day":   {"bind.conflict-422", "2000-01-01", conformance.Waived, true, ""},
		"ended":      {"bind.conflict-422", "1999-12-31", conformance.Failed, false, "its waiver expired on 1999-12-31"},
		"not needed": {"", "2000-12-31", conformance.Passed, true, "its waiver has no effect (passed): remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := run(t, specimen.Config{Mutation: c.mutation}, conformance.Options{
				// bind-succeeds makes the run conclusive.
				Only: []string{check, "bind-succeeds"}, Plans: []string{"sync"}, Waivers: waive(c.until),
			})
			got := result(t, report, check)
			if got.Outcome != c.want || report.Conforms() != c.conforms || strings.Join(got.Remarks, "; ") != c.remark {
				t.Errorf("%s is %s with the remarks %q, and the report conforms: %v", check, got.Outcome, got.Remarks, report.Conforms())
			}
			if (got.Waiver != nil) != (c.mutation != "") {
				t.Errorf("the waiver is %v", got.Waiver)
			}
		})
	}
}

func TestInvalidWaivers(t *testing.T) {
	t.Parallel()
	good := conformance.Waiver{Check: "bind-succeeds", Reason: "r", Until: "2000-12-31"}
	for says, waivers := range map[string][]conformance.Waiver{
		"does not exist":  {{Check: "bind-quickly", Reason: "r", Until: "2000-12-31"}},
		"has no reason":   {{Check: "bind-succeeds", Until: "2000-12-31"}},
		"not a day":       {{Check: "bind-succeeds", Reason: "r", Until: "31.12.2000"}},
		"has two waivers": {good, good},
	} {
		if _, err := attempt(t, specimen.Config{}, conformance.Options{Waivers: waivers}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want an error with %q", waivers, err, says)
		}
	}
}

// A finding of a comparison shows both exchanges.
func TestComparisonsShowBothExchanges(t *testing.T) {
	t.Parallel()
	for mutation, c := range map[string]struct {
		check, plan string
		steps       []string
	}{
		"provision.repeat-other-operation":   {"provision-repeated-same-operation", "async", []string{"provision", "provision again while creating"}},
		"bind.same-credentials":              {"bind-credentials-unique", "sync", []string{"bind", "fetch binding", "fetch another binding", "bind another"}},
		"fetch-instance.other-dashboard":     {"fetch-dashboard-url", "sync", []string{"provision", "fetch"}},
		"fetch-binding.parameters-wrong":     {"fetch-binding-parameters", "schema", []string{"bind", "fetch binding"}},
		"fetch-binding.other-credentials":    {"fetch-binding-same", "sync", []string{"bind", "fetch binding"}},
		"identity.only-cloudfoundry":         {"originating-identity-accepted", "sync", []string{"no identity", "identity of Kubernetes"}},
		"catalog.plan-id-changes":            {"catalog-ids-stable", "sync", []string{"catalog", "catalog again"}},
		"update.dashboard-unreported":        {"update-dashboard-url", "sync", []string{"update of the parameters", "fetch after the update of the parameters"}},
		"binding.empty":                      {"bind-returns-information", "sync", []string{"fetch binding", "bind"}},
		"provision.conflict-missed-for-plan": {"provision-other-plan-409", "sync", []string{"provision another plan"}},
	} {
		t.Run(mutation, func(t *testing.T) {
			t.Parallel()
			report := run(t, specimen.Config{Mutation: mutation}, conformance.Options{Only: []string{c.check}, Plans: []string{c.plan}})
			got := report.Results[0]
			if len(got.Findings) == 0 {
				t.Fatalf("%s is %s: %s", c.check, got.Outcome, got.Reason)
			}
			var steps []string
			for _, exchange := range got.Findings[0].Exchanges {
				steps = append(steps, exchange.Step)
			}
			if !slices.Equal(steps, c.steps) {
				t.Errorf("the exchanges are of %q, want %q", steps, c.steps)
			}
		})
	}
}

// Every report names the tool that made it, the plans left out and the checks
// skipped.
func TestReportNamesToolAndOmissions(t *testing.T) {
	t.Parallel()
	report := run(t, specimen.Config{}, conformance.Options{
		Only: []string{"catalog-*"}, Skip: []string{"catalog-200"}, Plans: []string{"sync"}, Tool: "tool v7",
		Profiles: []conformance.Profile{conformance.CloudFoundry, conformance.Korifi},
	})
	if !slices.Equal(report.ChecksSkipped, []string{"catalog-200"}) || !strings.Contains(report.Verdict(), "Checks skipped: catalog-200.") {
		t.Errorf("skipped are %q: %s", report.ChecksSkipped, report.Verdict())
	}
	if len(report.PlansLeftOut) == 0 || !strings.Contains(report.Verdict(), "Plans left out: specimen/async, ") {
		t.Errorf("left out are %q: %s", report.PlansLeftOut, report.Verdict())
	}
	for _, format := range conformance.Formats() {
		if text := writeReport(t, report, format); !strings.Contains(text, "tool v7") || !strings.Contains(text, "korifi") {
			t.Errorf("%s does not name the tool or the profiles", format)
		}
	}
	if other := run(t, specimen.Config{}, conformance.Options{Only: []string{"catalog-200"}}); other.Tool == "" {
		t.Error("the report does not name a tool")
	}
}
