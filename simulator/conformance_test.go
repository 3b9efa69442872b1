package simulator_test

import (
	"testing"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/simulator"
)

// Without faults, the simulator passes every check of the specification and the
// platforms on all plans.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options conformance.Options
		config  simulator.Config
		plans   int
	}{
		"specification": {plans: 14},
		"syslog":        {config: simulator.Config{Plans: []string{"syslog"}}, plans: 1},
		"volume":        {config: simulator.Config{Plans: []string{"volume"}}, plans: 1},
		"cloudfoundry":  {options: conformance.Options{Profiles: []conformance.Profile{conformance.CloudFoundry}}, plans: 14},
		"kubernetes":    {options: conformance.Options{Profiles: []conformance.Profile{"kubernetes"}}, plans: 14},
		"sm":            {options: conformance.Options{Profiles: []conformance.Profile{"sm"}}, plans: 14},
		"korifi": {
			options: conformance.Options{Profiles: []conformance.Profile{"korifi"}, Level: conformance.Should}, plans: 14,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startWith(t, func(config *simulator.Config) {
				config.Plans, config.Options = c.config.Plans, c.config.Options
			})
			c.options.AllPlans = true
			report, err := conformance.Run(t.Context(), conformance.Target{URL: b.url, Username: username, Password: password}, c.options)
			if err != nil {
				t.Fatal(err)
			}
			for _, result := range report.Results {
				// A MAY is optional. Only one plan has endpoints because some clients
				// cannot decode them.
				holds := result.Check.ID == "bind-endpoints" || result.Outcome == conformance.Passed || result.Outcome == conformance.NotApplicable ||
					result.Check.Level < conformance.Should && result.Outcome != conformance.Failed
				if !holds {
					t.Errorf("%s: %s: %s", result.Check.ID, result.Outcome, result.Reason)
					for _, finding := range result.Findings {
						t.Logf("%+v", finding)
					}
				}
			}
			if len(report.Plans) != c.plans || len(report.Leftovers) > 0 {
				t.Errorf("the plans were %q; the leftovers are %v", report.Plans, report.Leftovers)
			}
			t.Logf("%d requests in %s: %d passed, %d not applicable", report.Requests, report.Duration,
				report.Counts().Passed, report.Counts().NotApplicable)
		})
	}
}
