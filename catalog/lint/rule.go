package lint

import (
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/rules"
)

// A Rule is a demand or a recommendation for catalogs.
type Rule struct {
	// ID never changes.
	ID string `json:"id"`
	// Severity is the severity of a violation on every platform. It is empty if only
	// the Platforms object.
	Severity catalog.Severity `json:"severity,omitempty"`
	// Platforms has the platforms for which a violation is more severe: an error if
	// they refuse the catalog, a warning if they misread it.
	Platforms map[Platform]catalog.Severity `json:"platforms,omitempty"`
	// Clause is the source of the rule, Link a page with it.
	Clause string `json:"clause"`
	Link   string `json:"link"`
	// Summary is the rule in one sentence, Fix how to correct violations.
	Summary string `json:"summary"`
	Fix     string `json:"fix"`
}

// On returns the severity of violations in a catalog for the platforms, and the platforms
// for which they are more severe than for the others. The severity is empty if no
// platform objects.
//
// Without platforms, the catalog is for all of them: a violation that one of them
// refuses is an error. If the specification allows a violation and some platforms
// only misread it, it counts only if platforms contains one of these.
func (r *Rule) On(platforms ...Platform) (catalog.Severity, []Platform) {
	rule := rules.Rule{Severity: rules.Severity(r.Severity), Platforms: map[rules.Platform]rules.Severity{}}
	for platform, severity := range r.Platforms {
		rule.Platforms[rules.Platform(platform)] = rules.Severity(severity)
	}
	severity, objecting := rule.On(named(platforms)...)
	var objectors []Platform
	for _, platform := range objecting {
		objectors = append(objectors, Platform(platform))
	}
	return catalog.Severity(severity), objectors
}

// Rules returns all rules, in the order of the objects in the specification.
func Rules() []Rule {
	all := rules.Rules()
	list := make([]Rule, len(all))
	for i := range all {
		r := &all[i]
		list[i] = Rule{ID: r.ID, Severity: catalog.Severity(r.Severity), Clause: r.Clause, Link: r.Link, Summary: r.Summary, Fix: r.Fix}
		if len(r.Platforms) == 0 {
			continue
		}
		list[i].Platforms = make(map[Platform]catalog.Severity, len(r.Platforms))
		for platform, severity := range r.Platforms {
			list[i].Platforms[Platform(platform)] = catalog.Severity(severity)
		}
	}
	return list
}

func named(platforms []Platform) []rules.Platform {
	list := make([]rules.Platform, len(platforms))
	for i := range platforms {
		list[i] = rules.Platform(platforms[i])
	}
	return list
}
