package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/openbroker/openbroker/internal/excerpt"
)

// A Rule is something that catalogs must or should hold to.
type Rule struct {
	// ID never changes.
	ID string `json:"id"`
	// Severity is how bad a violation is wherever the catalog goes; it is empty
	// if only the Platforms object.
	Severity Severity `json:"severity,omitempty"`
	// Platforms are those that take more exception: an error if they refuse the
	// catalog, a warning if they misread it.
	Platforms map[Platform]Severity `json:"platforms,omitempty"`
	// Clause is where the rule comes from, Link a page that says so.
	Clause string `json:"clause"`
	Link   string `json:"link"`
	// Summary is the rule in one sentence, Fix what to do about violations.
	Summary string `json:"summary"`
	Fix     string `json:"fix"`
}

// On returns the severity of violations for catalogs that are made for the
// platforms; it is empty if none of them objects. If some object more than the
// others do, it returns those. Without platforms the catalog is for any: what one
// of them refuses is an error, but what one of them only misreads, while the
// specification has nothing against it, is told to those who name that platform.
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

// A rule is a Rule with what finds violations of it. Rules of loading have
// nothing: what they are about is found on the way.
type rule struct {
	Rule
	check func(c *checked, report report)
	// decoding rules are those without which a catalog cannot be decoded.
	decoding bool
}

// report takes a violation, at a place.
type report func(at *place, format string, args ...any)

// Rules returns all rules, in the order of the objects that they are about.
func Rules() []Rule {
	list := make([]Rule, len(rules))
	for i := range rules {
		list[i] = rules[i].Rule
		list[i].Platforms = maps.Clone(list[i].Platforms)
	}
	return list
}

func ruleByID(id string) *rule {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.ID == id })
	return &rules[i]
}

// finding is a violation of the rule on any platform.
func (r *rule) finding(at *place, format string, args ...any) Finding {
	severity, platforms := r.On()
	return r.violation(severity, platforms, at, fmt.Sprintf(format, args...))
}

func (r *rule) violation(severity Severity, platforms []Platform, at *place, message string) Finding {
	f := Finding{
		Rule: r.ID, Severity: severity, Platforms: platforms, Pointer: at.pointer(),
		Message: excerpt.Printable(message), Fix: r.Fix, file: at.at.File,
		Position: Position{Line: at.at.Line, Column: at.at.Column},
	}
	if f.file != nil {
		f.Position.File = f.file.Name
	}
	return f
}

// printable is text of a file that messages can have: without what would
// move the cursor, and not too long.
func printable(text string) string {
	const limit = 60
	runes := []rune(excerpt.Printable(text))
	if len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return string(runes)
}
