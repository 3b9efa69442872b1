package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
)

// A Position is a position in a catalog file.
type Position struct {
	File string `json:"file"`
	// Line and Column count from 1, Column in characters. They are 0 if unknown.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// String returns file:line:column, or the known part of it.
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

// A Severity is how bad a finding is.
type Severity string

// The severities.
const (
	// SeverityError is for what the specification forbids, or a platform refuses.
	SeverityError Severity = "error"
	// SeverityWarning is for what the specification advises against, a platform
	// misreads, or authors rarely intend.
	SeverityWarning Severity = "warning"
)

// A Finding is one violation of a rule. Package lint has the rules.
type Finding struct {
	// Rule is the id of the rule.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Position Position `json:"position"`
	// Pointer is the JSON pointer (RFC 6901) of the value in the catalog; of the object,
	// if a field is missing.
	Pointer string `json:"pointer"`
	// Message describes the fault, and Fix how to correct it. Neither contains a secret.
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
	// Platforms are the platforms that refuse or misread the catalog, by the names of
	// package lint. It is empty if the finding holds on every platform, as all findings
	// of this package do.
	Platforms []string `json:"platforms,omitempty"`
	// Uses is the number of values of the catalog that come from the position, by
	// aliases of YAML or by references to a file. It is 0 for a single value.
	Uses int `json:"uses,omitempty"`
	// Excerpt is the line of the file, or the part of it around the position. It is empty
	// if the line may hold a secret. ExcerptColumn is the column of the position in it.
	Excerpt       string `json:"-"`
	ExcerptColumn int    `json:"-"`
}

// String returns file:line:column: severity: message [rule], and the platforms that
// object, unless all do. A finding without a position begins with its JSON pointer.
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
	return text + " (" + strings.Join(f.Platforms, ", ") + ")"
}

// Text returns String, and below it the line of the file with a caret under the column,
// and the fix.
func (f Finding) Text() string {
	text := excerpt.Show(f.String(), f.Excerpt, f.Position.Line, max(f.ExcerptColumn, 1))
	if f.Fix != "" {
		text += "\n      = " + f.Fix
	}
	return text
}

// Errors are the findings for which a catalog cannot be used.
type Errors []Finding

// Error returns the text of all findings. It combines findings that differ only in their
// line into one with all lines.
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

// A group has findings that differ only in their line.
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

// others lists the lines of the other findings of a group. It is empty for a single
// finding.
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
