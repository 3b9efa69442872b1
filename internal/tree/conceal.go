package tree

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// Lines is a set of lines of a file.
type Lines struct{ spans []span }

// A span is a range of lines, both included.
type span struct{ first, last int }

const endOfFile = 1 << 30

// Has reports whether a line is in the set.
func (l *Lines) Has(line int) bool {
	i := sort.Search(len(l.spans), func(i int) bool { return l.spans[i].last >= line })
	return i < len(l.spans) && l.spans[i].first <= line
}

// A Secrecy says whether a value is secret.
type Secrecy uint8

// The secrecies of values.
const (
	Unknown Secrecy = iota // The members or elements decide.
	Secret                 // The whole value is secret.
	Public                 // The whole value is public.
)

// Conceal returns the lines that may contain secret values. It calls secrecyOf with the
// name of each member, and with an empty name for elements and for the document itself. It
// skips values in other files.
func Conceal(root *Node, secrecyOf func(name string, value *Node) Secrecy) *Lines {
	c := &concealer{secrecyOf: secrecyOf}
	c.walk(root, c.secrecyOf("", root))
	// Aliases lead back to earlier values, which may be secret only under the name of
	// the alias.
	order := func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	}
	if !slices.IsSortedFunc(c.marks, order) {
		slices.SortFunc(c.marks, order)
		for i := range len(c.marks) - 1 {
			if a, b := &c.marks[i], &c.marks[i+1]; a.Place == b.Place {
				b.hidden = a.hidden || b.hidden
			}
		}
	}
	c.mark(Place{root.File, endOfFile, 1}, false)
	return linesOf(c.marks)
}

// A concealer visits the places of a document.
type concealer struct {
	secrecyOf func(string, *Node) Secrecy
	marks     []mark
}

// A mark is a place, and whether it is hidden.
type mark struct {
	Place
	hidden bool
}

func (c *concealer) mark(at Place, hidden bool) { c.marks = append(c.marks, mark{at, hidden}) }

func (c *concealer) walk(node *Node, secrecy Secrecy) {
	c.mark(node.Place, secrecy == Secret)
	for i := range node.Members {
		if member := &node.Members[i]; member.File == member.Value.File {
			inner := c.inner(secrecy, member.Name, member.Value)
			c.mark(member.Place, inner == Secret)
			c.walk(member.Value, inner)
		}
	}
	for _, element := range node.Elements {
		if element.File == node.File {
			c.walk(element, c.inner(secrecy, "", element))
		}
	}
}

func (c *concealer) inner(outer Secrecy, name string, value *Node) Secrecy {
	if outer != Unknown {
		return outer
	}
	return c.secrecyOf(name, value)
}

// linesOf returns the lines of the hidden marks. The marks must be in the order of the
// document. The end of a value is unknown, so a secret extends to the next mark.
func linesOf(marks []mark) *Lines {
	lines := &Lines{}
	for i := range len(marks) - 1 {
		at, next := marks[i], marks[i+1].Place
		if !at.hidden {
			continue
		}
		last := next.Line - 1
		if at.Line < next.Line && next.Line < endOfFile && strings.Trim(next.before(), " \t-?") != "" {
			last = next.Line // A text of several lines ends on the line of the next mark.
		}
		s := span{at.Line, max(at.Line, last)}
		if n := len(lines.spans); n > 0 && lines.spans[n-1].last >= s.first-1 {
			lines.spans[n-1].last = max(lines.spans[n-1].last, s.last)
		} else {
			lines.spans = append(lines.spans, s)
		}
	}
	return lines
}

// before returns the text of the line before the place.
func (p Place) before() string {
	runes := []rune(p.File.Line(p.Line))
	return string(runes[:min(max(p.Column-1, 0), len(runes))])
}
