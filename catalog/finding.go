package catalog

import (
	"fmt"
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
	text := fmt.Sprintf("%s: %s: %s [%s]", place, f.Severity, f.Message, f.Rule)
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

// Error returns all of them, each on lines of its own.
func (p Errors) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Text()
	}
	return strings.Join(lines, "\n")
}

// err returns the problems as an error, nil if there are none.
func (p Errors) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
