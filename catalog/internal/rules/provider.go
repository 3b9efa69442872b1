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
	{
		ID: "plan-values", Severity: SeverityError,
		Clause:  "docs/plans.md, Parameters",
		Summary: "What a plan says about parameters, credentials, labels and tags has the form that docs/plans.md describes.",
		Fix:     "Correct the field; docs/plans.md describes it.",
	},
	{
		ID: "plan-template", Severity: SeverityError,
		Clause:  "docs/plans.md, Templates",
		Summary: "A template of a plan has the syntax of text/template, and the functions and data of docs/plans.md.",
		Fix:     "Correct the template; docs/plans.md lists functions and data.",
	},
	{
		ID: "plan-parameter-unknown", Severity: SeverityWarning,
		Clause:  "docs/plans.md, Parameters",
		Summary: "The parameters that a plan gives defaults, renames, removes or uses in templates are in its schemas.",
		Fix:     "Correct the name, or add the parameter to the schema.",
	},
	{
		ID: "plan-parameter-offered", Severity: SeverityWarning,
		Clause:  "docs/plans.md, Parameters",
		Summary: "The schemas of a plan do not offer parameters that the plan sets itself.",
		Fix:     "Remove the parameter from the schema, or make its value a default.",
	},
	{
		ID: "credential-key", Severity: SeverityWarning,
		Clause:  "docs/plans.md, Credentials",
		Summary: "The keys of credentials are lower-case letters, digits, hyphens, underscores and periods, at most 253, as file-based bindings need them.",
		Fix:     "Rename the key, such as jdbcUrl to jdbc-url. If applications need it, disable this rule.",
	},
	{
		ID: "label-syntax", Severity: SeverityWarning,
		Clause:  "docs/plans.md, Labels and tags",
		Summary: "Labels and tags have the syntax that Cloud Foundry and Kubernetes accept.",
		Fix:     "Use letters, digits, hyphens, underscores and periods, at most 63, with a letter or digit at both ends.",
	},
}

// descend returns the place that a JSON pointer leads to.
func descend(s *source.Source, pointer string) *source.Place {
	if pointer == "" {
		return s.Root()
	}
	tokens := strings.Split(pointer[1:], "/")
	for i := range tokens {
		tokens[i] = jsonpointer.Unescape(tokens[i])
	}
	return s.Root().Descend(tokens)
}

// At returns the finding about the value at a JSON pointer, or about the name of the
// value. The rule must exist.
func At(s *source.Source, rule, pointer string, name bool, message string) Finding {
	at := descend(s, pointer)
	if name && at.Parent != nil && at.Parent.Is(tree.Object) {
		at = at.NamePlace()
	}
	return about(s, rule, at, message)
}

// Inside is At for a place in a text: after a number of its characters.
func Inside(s *source.Source, rule, pointer string, offset int, message string) Finding {
	at := *descend(s, pointer)
	if text, ok := at.Text(); ok && at.At.File != nil {
		at.At = inside(at.At, string([]rune(text)[:offset]))
	}
	return about(s, rule, &at, message)
}

// inside returns the place after the beginning of a text. It is the place of the text
// itself if that has escapes, or is folded, so that it does not stand there as it is.
func inside(at tree.Place, before string) tree.Place {
	line := []rune(at.File.Line(at.Line))
	start := min(max(at.Column-1, 0), len(line))
	last := before[strings.LastIndexByte(before, '\n')+1:]
	next := at
	if start < len(line) {
		switch line[start] {
		case '"', '\'':
			start++
		case '|': // The text is on the lines below.
			next.Line += 1 + strings.Count(before, "\n")
			line = []rune(at.File.Line(next.Line))
			start = len(line) - len([]rune(strings.TrimLeft(string(line), " ")))
		}
	}
	if strings.HasPrefix(string(line[start:]), last) && (next.Line != at.Line || last == before) {
		next.Column = start + len([]rune(last)) + 1
		return next
	}
	return at
}

func about(s *source.Source, rule string, at *source.Place, message string) Finding {
	r := ruleByID(rule)
	return finish(s, []Finding{r.finding(r.Severity, nil, at, message)})[0]
}
