package tree

import (
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

// A Secrecy says who may see a value.
type Secrecy uint8

// The secrecies of values.
const (
	Unknown Secrecy = iota // What is in it decides.
	Secret                 // All of it is.
	Public                 // All of it is.
)

// Conceal returns the lines that secret values may be on. It asks of about
// members by their names, and about elements and the document itself without
// one. Values in other files are left out.
func Conceal(root *Node, of func(name string, value *Node) Secrecy) *Lines {
	c := &concealer{of: of, place: root.Place}
	c.walk(root, c.of("", root))
	c.next(Place{root.File, endOfFile, 1}, false)
	return &c.lines
}

// A concealer visits the places of a document in their order. Where a value ends
// is not known, so that a secret reaches to where the next thing begins.
type concealer struct {
	of    func(string, *Node) Secrecy
	lines Lines
	// place is the last one, hidden whether it is one of a secret.
	place  Place
	hidden bool
}

func (c *concealer) walk(node *Node, secrecy Secrecy) {
	c.next(node.Place, secrecy == Secret)
	for i := range node.Members {
		if member := &node.Members[i]; member.File == member.Value.File {
			inner := c.inner(secrecy, member.Name, member.Value)
			c.next(member.Place, inner == Secret)
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
	return c.of(name, value)
}

// next goes on to a place.
func (c *concealer) next(place Place, hidden bool) {
	if c.hidden {
		last := place.Line - 1
		if c.place.Line < place.Line && place.Line < endOfFile && strings.Trim(place.before(), " \t-?") != "" {
			last = place.Line // A text of several lines ends on the line of the next thing.
		}
		s := span{c.place.Line, max(c.place.Line, last)}
		if n := len(c.lines.spans); n > 0 && c.lines.spans[n-1].last >= s.first-1 {
			c.lines.spans[n-1].last = max(c.lines.spans[n-1].last, s.last)
		} else {
			c.lines.spans = append(c.lines.spans, s)
		}
	}
	c.place, c.hidden = place, hidden
}

// before is what is on the line in front of the place.
func (p Place) before() string {
	runes := []rune(p.File.Line(p.Line))
	return string(runes[:min(max(p.Column-1, 0), len(runes))])
}
