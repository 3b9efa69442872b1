package config

import (
	"fmt"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/settings"
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

// A collector gathers problems with a configuration.
type collector struct{ *settings.Collector }

var _ reporter = (*collector)(nil).report

// collect returns a collector. The document is nil for a configuration that was not
// read from a file.
func collect(document *settings.Document) *collector { return &collector{document.Collector()} }

func (c *collector) report(path, format string, args ...any) { c.Report(path, format, args...) }

// err returns the problems as [Errors], or nil if there are none.
func (c *collector) err() error {
	found := c.Problems()
	if len(found) == 0 {
		return nil
	}
	problems := make(Errors, len(found))
	for i, p := range found {
		problems[i] = Error{File: c.Name(), Line: p.Line, Column: p.Column, Message: p.Message, Source: p.Source}
	}
	return problems
}
