package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/openbroker/openbroker/internal/excerpt"
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
	name  string
	lines []string
	// places are those of the fields, by path.
	places map[string]place
	// private are the lines that may hold a secret.
	private map[int]bool
}

func newDocument(name string, data []byte) *document {
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	return &document{name: name, lines: lines, places: map[string]place{}, private: map[int]bool{}}
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
	// bare says that no line is shown below the message.
	bare bool
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
	for i, l := range c.list {
		problems[i] = c.document.problem(l)
	}
	return problems
}

func (d *document) problem(l located) Error {
	p := Error{File: d.name, Line: max(l.place.line, 1), Column: max(l.place.column, 1), Message: l.message}
	switch {
	case l.bare || l.place.line < 1 || l.place.line > len(d.lines):
	case !d.private[l.place.line]:
		p.Source = excerpt.Printable(d.lines[l.place.line-1])
	case l.place.key != "":
		p.Source = strings.Repeat(" ", max(l.place.keyColumn-1, 0)) + excerpt.Printable(l.place.key) + ": ..."
	}
	return p
}

// syntaxProblem is an error of the parser. Its line is not shown: nobody knows
// yet what in it is a secret.
func (d *document) syntaxProblem(err error) located {
	l := located{message: "is no valid YAML", bare: true, place: place{line: 1, column: 1}}
	var found yaml.Error
	if !errors.As(err, &found) {
		return l
	}
	if token := found.GetToken(); token != nil && token.Position != nil {
		l.place.line, l.place.column = token.Position.Line, token.Position.Column
	}
	var duplicate *yaml.DuplicateKeyError
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &duplicate):
		l.message = duplicate.Message
	case errors.As(err, &syntax):
		l.message = "is no valid YAML: " + syntax.Message
	}
	return l
}

// placeOf is where a node is; key is in front of it, or nil.
func placeOf(node, key ast.Node) place {
	var p place
	if mapping, ok := node.(*ast.MappingNode); ok && !mapping.IsFlowStyle && len(mapping.Values) > 0 {
		node = mapping.Values[0].Key // Its own token is a colon.
	}
	if token := node.GetToken(); token != nil && token.Position != nil {
		p.line, p.column = token.Position.Line, token.Position.Column
	}
	if key == nil {
		return p
	}
	token := key.GetToken()
	if token == nil || token.Position == nil {
		return p
	}
	if p.line != token.Position.Line {
		// A block begins on a later line: its key says more.
		p.line, p.column = token.Position.Line, token.Position.Column
	}
	p.key, p.keyColumn = token.Value, token.Position.Column
	return p
}
