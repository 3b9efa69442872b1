package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// A Error is one thing that is wrong with a configuration file.
type Error struct {
	// File is the name of the file. Line and Column, from 1, are where in it.
	File         string
	Line, Column int
	// Message says what is wrong and what to do about it.
	Message string
	// Source is the line, or what of it is certainly no secret.
	Source string
}

// Error returns file:line:column, the message and, below it, the line.
func (p Error) Error() string {
	return excerpt.Show(fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message), p.Source, p.Line, p.Column)
}

// Errors is everything that is wrong with a file, in the order of its lines.
type Errors []Error

// Error returns all of them, each on lines of its own.
func (p Errors) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// A place is where a field is in the file.
type place struct {
	line, column int
	// key is the name in front of the value, or empty.
	key       string
	keyColumn int
}

// A document is the file as far as problems need it.
type document struct {
	name string
	body *tree.Node // Nil if there is none.
	// places are those of the fields, by path.
	places map[string]place
	// private are the values that may be a secret.
	private map[*tree.Node]bool
	// unresolved are the references that are not there and need not be.
	unresolved []missing
	// literals are the fields in which a secret is written out; files are those that
	// a secret is taken from.
	literals []string
	files    []secretFile
}

// A missing reference is one that cannot be resolved.
type missing struct {
	path string
	err  error
}

// A secretFile is a file that the field at a path takes a secret from.
type secretFile struct{ path, name string }

func newDocument(name string, body *tree.Node) *document {
	return &document{name: name, body: body, places: map[string]place{}, private: map[*tree.Node]bool{}}
}

// problems returns a collector of problems with the document. A nil document is
// that of a configuration that was not read from a file.
func (d *document) problems() *collector {
	if d == nil {
		d = newDocument("configuration", nil)
	}
	return &collector{document: d}
}

// A collector gathers problems. They are rendered at the end, when it is known
// which lines are private.
type collector struct {
	document *document
	list     []located
}

type located struct {
	place   place
	message string
}

var _ reporter = (*collector)(nil).report

// report takes a problem with the field at path, or with what contains it if it
// is not there.
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

// problem renders a problem; hidden are the lines that may have a secret.
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

// hidden returns the lines that may have a secret.
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

// syntax adds what makes the file no document. Without a document, no line is
// shown: nobody knows what in it is a secret.
func (c *collector) syntax(err error) {
	var faults tree.Errors
	if !errors.As(err, &faults) {
		faults = tree.Errors{{Message: err.Error()}}
	}
	for _, fault := range faults {
		c.list = append(c.list, located{place: place{line: fault.Line, column: fault.Column}, message: fault.Message})
	}
}

// placeOf is where a value is; member is the one that it is of, or nil.
func placeOf(node *tree.Node, member *tree.Member) place {
	p := place{line: node.Line, column: node.Column}
	if member == nil {
		return p
	}
	if p.line != member.Line {
		// A block begins on a later line: its key says more.
		p.line, p.column = member.Line, member.Column
	}
	p.key, p.keyColumn = member.Name, member.Column
	return p
}

// placeOfName is where the name of a member is.
func placeOfName(member *tree.Member) place {
	return place{line: member.Line, column: member.Column, key: member.Name, keyColumn: member.Column}
}
