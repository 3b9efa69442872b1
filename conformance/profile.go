package conformance

import "slices"

// profileScenarios sends what each platform sends, as it sends it.
func profileScenarios() []Scenario {
	return []Scenario{cloudFoundryScenario(), korifiScenario(), kubernetesScenario(), serviceManagerScenario()}
}

// profileChecks are the demands of the platforms.
func profileChecks() []Check {
	return slices.Concat(
		demandedBy(CloudFoundry, cloudFoundryChecks()), demandedBy(Korifi, korifiChecks()),
		demandedBy(Kubernetes, kubernetesChecks()), demandedBy(ServiceManager, serviceManagerChecks()),
	)
}

func demandedBy(profile Profile, checks []Check) []Check {
	for i := range checks {
		checks[i].Profile = profile
	}
	return checks
}

// processed makes the check that a platform's own request is processed.
func processed(id, title, scenario, step string, clause Clause, statuses ...int) Check {
	return Check{
		ID: id, Title: title, Level: Must, Clause: clause,
		Scenario: scenario, Steps: steps(step), Expect: expect(status(statuses...)),
	}
}
