package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// A Position is a place in a catalog file.
type Position struct {
	File string `json:"file"`
	// Line and Column count from 1, Column in characters; 0 if unknown.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// String returns file:line:column, or what of it is known.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// A Severity says how bad a finding is.
type Severity string

// The severities.
const (
	// SeverityError is for what the specification forbids, or a platform
	// refuses.
	SeverityError Severity = "error"
	// SeverityWarning is for what the specification advises against, a platform
	// misreads, or hardly anyone wants.
	SeverityWarning Severity = "warning"
)

// A Finding is one violation of a rule.
type Finding struct {
	// Rule is the id of the rule.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Position Position `json:"position"`
	// Pointer is the JSON pointer (RFC 6901) of the value in the catalog; of
	// the object, if a field is missing.
	Pointer string `json:"pointer"`
	// Message says what is wrong, Fix what to do about it. Neither has the
	// value of a secret.
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
	// Platforms are those that refuse or misread the catalog, of those that
	// were asked for. It is empty if the finding holds on every platform.
	Platforms []Platform `json:"platforms,omitempty"`
	// Uses is how many values of the catalog are written at the position, by aliases
	// of YAML or by references to a file, if there are several.
	Uses int `json:"uses,omitempty"`
	// Source is the line of the file, or what of it is certainly no secret.
	Source string `json:"-"`
	// sourceColumn is Position.Column in Source.
	sourceColumn int
	file         *tree.File
}

// String returns file:line:column: severity: message [rule], and the platforms
// that object, if not all do. What has no position is at its JSON pointer.
func (f Finding) String() string {
	place := f.Position.String()
	if place == "" {
		place = f.Pointer
	}
	uses := ""
	if f.Uses > 1 {
		uses = fmt.Sprintf(" (used %d times)", f.Uses)
	}
	text := fmt.Sprintf("%s: %s: %s%s [%s]", place, f.Severity, f.Message, uses, f.Rule)
	if len(f.Platforms) == 0 {
		return text
	}
	names := make([]string, len(f.Platforms))
	for i, platform := range f.Platforms {
		names[i] = string(platform)
	}
	return text + " (" + strings.Join(names, ", ") + ")"
}

// Text is String, and on lines of their own the line of the file, with a caret
// under the column, and what to do.
func (f Finding) Text() string {
	text := excerpt.Show(f.String(), f.Source, f.Position.Line, max(f.sourceColumn, 1))
	if f.Fix != "" {
		text += "\n      = " + f.Fix
	}
	return text
}

// Errors is everything for which a catalog cannot be used.
type Errors []Finding

// Error returns all of them, each on lines of its own. What is wrong in the same way
// at several places of a file is there once, with the other places.
func (p Errors) Error() string {
	groups := grouped(p)
	lines := make([]string, len(groups))
	for i, g := range groups {
		lines[i] = g.first.Text()
		if others := g.others(); others != "" {
			lines[i] += "\n      = also " + others
		}
	}
	return strings.Join(lines, "\n")
}

// A group is findings that say the same.
type group struct {
	first *Finding
	rest  []*Finding
}

// grouped returns groups in the order of their first findings.
func grouped(findings []Finding) []*group {
	type same struct {
		rule, message, file string
		severity            Severity
	}
	known := map[same]*group{}
	var groups []*group
	for i := range findings {
		f := &findings[i]
		key := same{f.Rule, f.Message, f.Position.File, f.Severity}
		if g := known[key]; g != nil {
			g.rest = append(g.rest, f)
			continue
		}
		g := &group{first: f}
		known[key] = g
		groups = append(groups, g)
	}
	return groups
}

// others says where a group's other findings are; it is empty if there are none.
func (g *group) others() string {
	const most = 10
	if len(g.rest) == 0 {
		return ""
	}
	var places []string
	what := "on line "
	if len(g.rest) > 1 {
		what = "on lines "
	}
	for i, f := range g.rest {
		if i == most {
			places = append(places, fmt.Sprintf("and %d more", len(g.rest)-most))
			break
		}
		if f.Position.Line == 0 {
			what = "at "
			places = append(places, f.Pointer)
			continue
		}
		places = append(places, strconv.Itoa(f.Position.Line))
	}
	return what + strings.Join(slices.Compact(places), ", ")
}

// err returns the problems as an error, nil if there are none.
func (p Errors) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
