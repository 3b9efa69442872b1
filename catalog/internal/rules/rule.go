package rules

import (
	"slices"

	"github.com/openbroker/openbroker/catalog/internal/source"
)

// A Severity is the severity of a violation.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// A Platform is a platform for which rules exist.
type Platform string

// The platforms.
const (
	CloudFoundry   Platform = "cloudfoundry"
	Korifi         Platform = "korifi"
	ServiceManager Platform = "sm"
	Kubernetes     Platform = "kubernetes"
)

// Platforms returns all platforms, in the order of messages.
func Platforms() []Platform { return []Platform{CloudFoundry, Korifi, ServiceManager, Kubernetes} }

// A Rule is a demand or a recommendation for catalogs. The fields are those of the Rule
// of package lint.
type Rule struct {
	ID        string
	Severity  Severity
	Platforms map[Platform]Severity
	Clause    string
	Link      string
	Summary   string
	Fix       string

	// check reports the violations. It is nil for rules that loading checks.
	check check
	// decoding marks the rules that a catalog must keep to be decoded.
	decoding bool
}

// A check reports the violations of a rule.
type check = func(c *checked, report report)

// report takes a violation, at a place.
type report func(at *source.Place, format string, args ...any)

// On returns the severity of violations in a catalog for the platforms, and the platforms
// for which they are more severe than for the others. The severity is empty if no
// platform objects. Without platforms, the catalog is for all of them; a violation that
// the specification allows and some platforms only misread then does not count.
func (r *Rule) On(platforms ...Platform) (Severity, []Platform) {
	severity := r.Severity
	var objecting []Platform
	for _, platform := range Platforms() {
		if len(platforms) > 0 && !slices.Contains(platforms, platform) {
			continue
		}
		switch theirs := r.Platforms[platform]; {
		case len(platforms) == 0 && r.Severity == "" && theirs == SeverityWarning:
		case theirs == "" || theirs == r.Severity || r.Severity == SeverityError:
		case theirs == severity:
			objecting = append(objecting, platform)
		case severity != SeverityError:
			severity, objecting = theirs, []Platform{platform}
		}
	}
	return severity, objecting
}

// Rules returns all rules, in the order of the objects in the specification. Callers must
// not change them.
func Rules() []Rule { return rules }

func ruleByID(id string) *Rule {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	return &rules[i]
}
