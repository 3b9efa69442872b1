package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// An Error is a problem of a configuration file.
type Error struct {
	// File is the name of the file. Line and Column are the position, from 1.
	File         string
	Line, Column int
	// Message describes the problem and what to do.
	Message string
	// Source is the line, without values that may be secret.
	Source string
}

// Error returns file:line:column and the message, and below it the line.
func (p Error) Error() string {
	return excerpt.Show(fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message), p.Source, p.Line, p.Column)
}

// Errors are all problems of a file, in the order of its lines.
type Errors []Error

// Error returns all problems, each on its own lines.
func (p Errors) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// A place is the position of a field in the file.
type place struct {
	line, column int
	// key is the name before the value, or empty.
	key       string
	keyColumn int
}

// A document is the file with the data for reports of problems.
type document struct {
	name string
	body *tree.Node // Nil if the file has no valid document.
	// places holds the positions of the fields, by path.
	places map[string]place
	// private holds the values that may be a secret.
	private map[*tree.Node]bool
	// unresolved are the missing references in optional sections.
	unresolved []unresolvedReference
	// literals are the fields that contain a secret itself; files are the files that
	// secrets are read from.
	literals []string
	files    []secretFile
}

// A unresolvedReference is a reference that could not be resolved.
type unresolvedReference struct {
	path string
	err  error
}

// A secretFile is a file from which the field at path reads a secret.
type secretFile struct{ path, name string }

func newDocument(name string, body *tree.Node) *document {
	return &document{name: name, body: body, places: map[string]place{}, private: map[*tree.Node]bool{}}
}

// problems returns a collector for the document. The document is nil if the
// configuration was not read from a file.
func (d *document) problems() *collector {
	if d == nil {
		d = newDocument("configuration", nil)
	}
	return &collector{document: d}
}

// A collector collects problems. It formats them at the end, when all secret lines
// are known.
type collector struct {
	document *document
	list     []located
}

type located struct {
	place   place
	message string
}

var _ reporter = (*collector)(nil).report

// report adds a problem of the field at path, at the position of the innermost parent
// if the file does not have the field.
func (c *collector) report(path, format string, args ...any) {
	at := path
	found, ok := c.document.places[at]
	for !ok && at != "" {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
		found, ok = c.document.places[at]
	}
	c.add(found, path, format, args...)
}

func (c *collector) add(at place, path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + " " + message
	}
	c.list = append(c.list, located{place: at, message: message})
}

func (c *collector) err() error {
	if len(c.list) == 0 {
		return nil
	}
	slices.SortStableFunc(c.list, func(a, b located) int {
		if a.place.line != b.place.line {
			return a.place.line - b.place.line
		}
		return a.place.column - b.place.column
	})
	problems := make(Errors, len(c.list))
	hidden := c.document.hidden()
	for i, l := range c.list {
		problems[i] = c.document.problem(l, hidden)
	}
	return problems
}

// problem formats a problem. hidden holds the lines that may contain a secret.
func (d *document) problem(l located, hidden *tree.Lines) Error {
	p := Error{File: d.name, Line: max(l.place.line, 1), Column: max(l.place.column, 1), Message: l.message}
	switch {
	case d.body == nil || l.place.line < 1:
	case !hidden.Has(l.place.line):
		p.Source = excerpt.Printable(d.body.File.Line(l.place.line))
	case l.place.key != "":
		p.Source = strings.Repeat(" ", max(l.place.keyColumn-1, 0)) + excerpt.Printable(l.place.key) + ": ..."
	}
	return p
}

// hidden returns the lines that may contain a secret.
func (d *document) hidden() *tree.Lines {
	if d.body == nil {
		return &tree.Lines{}
	}
	return tree.Conceal(d.body, func(_ string, value *tree.Node) tree.Secrecy {
		if d.private[value] {
			return tree.Secret
		}
		return tree.Unknown
	})
}

// syntax adds syntax errors. Without a document, it is unknown which values are
// secret, so no line is shown.
func (c *collector) syntax(err error) {
	var faults tree.Errors
	if !errors.As(err, &faults) {
		faults = tree.Errors{{Message: err.Error()}}
	}
	for _, fault := range faults {
		c.list = append(c.list, located{place: place{line: fault.Line, column: fault.Column}, message: fault.Message})
	}
}

// placeOf returns the position of a value. member, or nil, is its member of a mapping.
func placeOf(node *tree.Node, member *tree.Member) place {
	p := place{line: node.Line, column: node.Column}
	if member == nil {
		return p
	}
	if p.line != member.Line {
		// The value is a block on a later line: the position of the key is clearer.
		p.line, p.column = member.Line, member.Column
	}
	p.key, p.keyColumn = member.Name, member.Column
	return p
}

// placeOfName returns the position of the name of a member.
func placeOfName(member *tree.Member) place {
	return place{line: member.Line, column: member.Column, key: member.Name, keyColumn: member.Column}
}
