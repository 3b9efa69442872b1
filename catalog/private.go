package catalog

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// private knows the lines of files that may hold a secret: those of dashboard
// clients, and of whatever has a name like one.
type private struct {
	documents []*tree.Node

	once  sync.Once
	lines map[*tree.File][]span
}

// A span is a range of lines, both included.
type span struct{ first, last int }

const lastLine = 1 << 30

// hides reports whether a line may hold a secret.
func (p *private) hides(file *tree.File, line int) bool {
	p.once.Do(func() {
		p.lines = map[*tree.File][]span{}
		for _, document := range p.documents {
			w := &concealer{}
			w.walk(document, false)
			w.mark(lastLine, false)
			p.lines[document.File] = w.spans
		}
	})
	for _, s := range p.lines[file] {
		if s.first <= line && line <= s.last {
			return true
		}
	}
	return false
}

// A concealer visits the values of a document in their order. Where a value
// ends is not known, so that a secret reaches to the line before the next.
type concealer struct {
	spans  []span
	line   int
	secret bool
}

func (c *concealer) mark(line int, secret bool) {
	if c.secret {
		s := span{c.line, max(c.line, line-1)}
		if n := len(c.spans); n > 0 && c.spans[n-1].last >= s.first-1 {
			c.spans[n-1].last = max(c.spans[n-1].last, s.last)
		} else {
			c.spans = append(c.spans, s)
		}
	}
	c.line, c.secret = line, secret
}

func (c *concealer) walk(node *tree.Node, secret bool) {
	c.mark(node.Line, secret)
	for i := range node.Members {
		member := &node.Members[i]
		if member.File != member.Value.File {
			continue // It has a file of its own, with a schema.
		}
		if member.Name == "schemas" {
			c.mark(member.Line, secret) // Names of properties are no secrets.
			continue
		}
		hidden := secret || namesSecret(member.Name)
		c.mark(member.Line, hidden)
		c.walk(member.Value, hidden)
	}
	for _, element := range node.Elements {
		c.walk(element, secret)
	}
}

func namesSecret(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"dashboard", "dashbord", "secret", "secrt", "password", "token", "credential"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// quoteWidth is how much of a line is shown.
const quoteWidth = 120

// quote gives findings the lines that they are about.
func (s *Source) quote(findings []Finding) {
	for i := range findings {
		f := &findings[i]
		if f.file == nil || f.Position.Line < 1 || s.private.hides(f.file, f.Position.Line) {
			continue
		}
		line := f.file.Line(f.Position.Line)
		if f.Position.Column > utf8.RuneCountInString(line)+1 {
			continue
		}
		f.Source, f.sourceColumn = excerpt.Window(excerpt.Printable(line), f.Position.Column, quoteWidth)
	}
}
