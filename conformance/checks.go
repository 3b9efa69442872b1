package conformance

import "slices"

// Checks returns the table of all checks in the order of the specification. The
// checks of the platforms come last.
func Checks() []Check {
	return slices.Concat(
		headerChecks(), authenticationChecks(), errorChecks(), answerChecks(),
		catalogChecks(), serviceChecks(), planChecks(),
		pollChecks(), provisionChecks(), malformedProvisionChecks(), fetchChecks(), updateChecks(),
		bindChecks(), malformedBindChecks(), bindingBodyChecks(), rotationChecks(), fetchBindingChecks(),
		unbindChecks(), deprovisionChecks(), concurrencyChecks(), extensionChecks(),
		profileChecks(),
	)
}

// expect makes a list of expectations that reads well in the tables.
func expect(expectations ...Expectation) []Expectation { return expectations }

// steps makes a list of steps that reads well in the tables.
func steps(names ...string) []string { return names }
