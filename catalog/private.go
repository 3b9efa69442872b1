package catalog

import (
	"strings"
	"sync"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// private knows the lines of files that may hold a secret: those of dashboard
// clients, and of whatever has a name like one.
type private struct {
	documents []*tree.Node

	once  sync.Once
	lines map[*tree.File]*tree.Lines
}

// hides reports whether a line may hold a secret.
func (p *private) hides(file *tree.File, line int) bool {
	p.once.Do(func() {
		p.lines = map[*tree.File]*tree.Lines{}
		for _, document := range p.documents {
			p.lines[document.File] = tree.Conceal(document, secrecyOf)
		}
	})
	lines := p.lines[file]
	return lines != nil && lines.Has(line)
}

func secrecyOf(name string, _ *tree.Node) tree.Secrecy {
	if name == "schemas" {
		return tree.Public // The names of parameters are no secrets.
	}
	name = strings.ToLower(name)
	for _, part := range []string{"dashboard", "dashbord", "secret", "secrt", "password", "token", "credential"} {
		if strings.Contains(name, part) {
			return tree.Secret
		}
	}
	return tree.Unknown
}

// quoteWidth is how much of a line is shown.
const quoteWidth = 120

// quote gives findings the lines that they are about.
func (s *Source) quote(findings []Finding) {
	// The whole of a catalog may be one line, with all findings in it.
	var file *tree.File
	var number int
	var line []rune
	for i := range findings {
		f := &findings[i]
		if f.file == nil || f.Position.Line < 1 || s.private.hides(f.file, f.Position.Line) {
			continue
		}
		if f.file != file || f.Position.Line != number {
			file, number = f.file, f.Position.Line
			line = []rune(excerpt.Printable(file.Line(number)))
		}
		if f.Position.Column > len(line)+1 {
			continue
		}
		f.Source, f.sourceColumn = excerpt.Window(line, f.Position.Column, quoteWidth)
	}
}
