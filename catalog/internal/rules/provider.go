package rules

import (
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/tree"
)

// providerRules are about the fields that configure providers. The specification does
// not have them, and platforms do not see them. Package provider checks them, because
// it knows the providers.
var providerRules = []Rule{
	{
		ID: "provider-unknown", Severity: SeverityError,
		Clause:  "docs/providers.md, Several providers",
		Summary: "A service names a provider of the configuration.",
		Fix:     "Name one with provider: NAME in the service.",
	},
	{
		ID: "plan-settings", Severity: SeverityError,
		Clause:  "docs/providers.md, Settings of plans",
		Summary: "The settings of a plan are those that the provider of its service has.",
		Fix:     "Correct the settings, or remove them.",
	},
}

// At returns the finding about the value at a JSON pointer, or about the name of the
// value. The rule must exist.
func At(s *source.Source, rule, pointer string, name bool, message string) Finding {
	at := s.Root()
	if pointer != "" {
		tokens := strings.Split(pointer[1:], "/")
		for i := range tokens {
			tokens[i] = jsonpointer.Unescape(tokens[i])
		}
		at = at.Descend(tokens)
	}
	if name && at.Parent != nil && at.Parent.Is(tree.Object) {
		at = at.NamePlace()
	}
	return finish(s, []Finding{ruleByID(rule).finding(SeverityError, nil, at, message)})[0]
}
