package conformance_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/conformance"
)

// TestChecks compares the tables: everything that a check names exists.
func TestChecks(t *testing.T) {
	t.Parallel()
	scenarios := map[string]conformance.Scenario{}
	for _, scenario := range conformance.Scenarios() {
		if _, found := scenarios[scenario.Name]; found {
			t.Errorf("two scenarios are named %q", scenario.Name)
		}
		scenarios[scenario.Name] = scenario
		checkScenario(t, scenario)
	}
	id := regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)+$`)
	seen := map[string]bool{}
	judged := map[string]bool{}
	for _, check := range conformance.Checks() {
		if !id.MatchString(check.ID) || seen[check.ID] {
			t.Errorf("%s: the id is malformed or not unique", check.ID)
		}
		seen[check.ID] = true
		if check.Title == "" || !strings.HasSuffix(check.Title, ".") || len(check.Expect) == 0 || check.Level < conformance.May {
			t.Errorf("%s: title, expectation or level is missing", check.ID)
		}
		c := check.Clause
		if c.Document == "" || c.Section == "" || c.Says == "" || !strings.HasPrefix(c.URL, "https://") {
			t.Errorf("%s: the clause is incomplete: %+v", check.ID, c)
		}
		if check.Scenario == "" {
			if len(check.Steps) > 0 {
				t.Errorf("%s has steps and no scenario", check.ID)
			}
			continue
		}
		scenario, found := scenarios[check.Scenario]
		if !found || len(check.Steps) == 0 || len(check.Endpoints) > 0 {
			t.Errorf("%s: the scenario %q does not exist, or the check has no steps, or it has endpoints", check.ID, check.Scenario)
		}
		if scenario.Profile != "" && scenario.Profile != check.Profile {
			t.Errorf("%s: the scenario belongs to the profile %q", check.ID, scenario.Profile)
		}
		for _, name := range check.Steps {
			judged[check.Scenario+"/"+name] = true
			if !slices.ContainsFunc(scenario.Steps, func(s conformance.Step) bool { return s.Name == name }) {
				t.Errorf("%s: the step %q does not exist in the scenario %q", check.ID, name, check.Scenario)
			}
		}
	}
	if len(seen) < 200 {
		t.Errorf("only %d checks", len(seen))
	}
}

func checkScenario(t *testing.T, scenario conformance.Scenario) {
	t.Helper()
	if scenario.Title == "" {
		t.Errorf("scenario %q has no title", scenario.Name)
	}
	before := map[string]bool{}
	for _, step := range scenario.Steps {
		if before[step.Name] {
			t.Errorf("%s: two steps are named %q", scenario.Name, step.Name)
		}
		for _, other := range []string{step.WaitFor, step.Request.OperationOf} {
			if other != "" && !before[other] {
				t.Errorf("%s: step %q names %q, which is not an earlier step", scenario.Name, step.Name, other)
			}
		}
		if (step.WaitFor == "") == (step.Request.Endpoint == "") {
			t.Errorf("%s: step %q must either send a request or wait", scenario.Name, step.Name)
		}
		before[step.Name] = true
	}
}

func TestParseProfile(t *testing.T) {
	t.Parallel()
	names := map[string]conformance.Profile{"": "", "cf": conformance.CloudFoundry}
	for _, profile := range conformance.Profiles() {
		names[string(profile)] = profile
	}
	for name, want := range names {
		if got, err := conformance.ParseProfile(name); err != nil || got != want {
			t.Errorf("%q: %s, %v", name, got, err)
		}
	}
	if _, err := conformance.ParseProfile("heroku"); err == nil {
		t.Error("heroku is a profile")
	}
}
