package conformance

import "slices"

// profileScenarios send the requests of each platform exactly as it sends them.
func profileScenarios() []Scenario {
	return []Scenario{cloudFoundryScenario(), korifiScenario(), kubernetesScenario(), serviceManagerScenario()}
}

// profileChecks returns the requirements of the platforms.
func profileChecks() []Check {
	return slices.Concat(
		requiredBy(CloudFoundry, cloudFoundryChecks()), requiredBy(Korifi, korifiChecks()),
		requiredBy(Kubernetes, kubernetesChecks()), requiredBy(ServiceManager, serviceManagerChecks()),
	)
}

func requiredBy(profile Profile, checks []Check) []Check {
	for i := range checks {
		checks[i].Profile = profile
	}
	return checks
}

// processed makes the check that the broker processes a request of a platform.
func processed(id, title, scenario, step string, clause Clause, statuses ...int) Check {
	return Check{
		ID: id, Title: title, Level: Must, Clause: clause,
		Scenario: scenario, Steps: steps(step), Expect: expect(status(statuses...)),
	}
}
