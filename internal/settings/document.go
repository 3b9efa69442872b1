package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// A Problem is a problem of a document.
type Problem struct {
	// Line and Column, from 1, are the place in the file.
	Line, Column int
	// Pointer is the JSON pointer of the value, if known. Name says that the problem is
	// the name of the value.
	Pointer string
	Name    bool
	// Message describes the problem and what to do.
	Message string
	// Source is the line, without values that may be secret.
	Source string
}

// A Place is the position of a field in the file.
type Place struct {
	Line, Column int
	// Key is the name before the value, or empty.
	Key       string
	KeyColumn int

	pointer string
	name    bool
}

// A Document is a file with the data for reports of problems.
type Document struct {
	Name string
	body *tree.Node // Nil if the file has no valid document.
	// Places holds the positions of the fields, by path.
	Places map[string]Place
	// private holds the values that may be a secret.
	private map[*tree.Node]bool
	// Unresolved are the missing references in optional sections.
	Unresolved []UnresolvedReference
	// Literals are the fields that contain a secret itself, Files the files that secrets
	// are read from, Directories the fields of type [Directory].
	Literals    []string
	Files       []File
	Directories []File
}

// An UnresolvedReference is a reference that could not be resolved.
type UnresolvedReference struct {
	Path string
	Err  error
}

// A File is a file or directory that the field at a path names.
type File struct{ Path, Name string }

// NewDocument returns a document without a decoded field.
func NewDocument(name string, body *tree.Node) *Document {
	return &Document{Name: name, body: body, Places: map[string]Place{}, private: map[*tree.Node]bool{}}
}

// Collector returns a collector of problems with the document. A nil document is that
// of settings that were not read from a file.
func (d *Document) Collector() *Collector {
	if d == nil {
		d = NewDocument("configuration", nil)
	}
	return &Collector{document: d}
}

// A Collector collects problems. It formats them at the end, when all secret lines are
// known.
type Collector struct {
	document *Document
	list     []located
}

type located struct {
	place   Place
	message string
}

// Name returns the name of the document.
func (c *Collector) Name() string { return c.document.Name }

// Empty reports whether there are no problems.
func (c *Collector) Empty() bool { return len(c.list) == 0 }

// Report adds a problem of the field at a path, at the position of the innermost parent
// if the file does not have the field.
func (c *Collector) Report(path, format string, args ...any) {
	at := path
	found, ok := c.document.Places[at]
	for !ok && at != "" {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
		found, ok = c.document.Places[at]
	}
	c.Add(found, path, format, args...)
}

// Add adds a problem at a place. The message begins with the path, unless it is empty.
func (c *Collector) Add(at Place, path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + " " + message
	}
	c.list = append(c.list, located{place: at, message: message})
}

// Syntax adds syntax errors. Without a document, it is unknown which values are secret,
// so no line is shown.
func (c *Collector) Syntax(err error) {
	var faults tree.Errors
	if !errors.As(err, &faults) {
		faults = tree.Errors{{Message: err.Error()}}
	}
	for _, fault := range faults {
		c.list = append(c.list, located{place: Place{Line: fault.Line, Column: fault.Column}, message: fault.Message})
	}
}

// Problems returns the problems in the order of their lines.
func (c *Collector) Problems() []Problem {
	slices.SortStableFunc(c.list, func(a, b located) int {
		if a.place.Line != b.place.Line {
			return a.place.Line - b.place.Line
		}
		return a.place.Column - b.place.Column
	})
	problems := make([]Problem, len(c.list))
	if len(c.list) == 0 {
		return nil
	}
	hidden := c.document.hidden()
	for i, l := range c.list {
		problems[i] = c.document.problem(l, hidden)
	}
	return problems
}

// problem formats a problem. hidden holds the lines that may contain a secret.
func (d *Document) problem(l located, hidden *tree.Lines) Problem {
	p := Problem{Line: max(l.place.Line, 1), Column: max(l.place.Column, 1), Pointer: l.place.pointer, Name: l.place.name, Message: l.message}
	switch {
	case d.body == nil || l.place.Line < 1:
	case !hidden.Has(l.place.Line):
		p.Source = excerpt.Printable(d.body.File.Line(l.place.Line))
	case l.place.Key != "":
		p.Source = strings.Repeat(" ", max(l.place.KeyColumn-1, 0)) + excerpt.Printable(l.place.Key) + ": ..."
	}
	return p
}

// hidden returns the lines that may contain a secret.
func (d *Document) hidden() *tree.Lines {
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

// placeOf returns the position of a value. member, or nil, is its member of a mapping.
func placeOf(node *tree.Node, member *tree.Member, pointer string) Place {
	p := Place{Line: node.Line, Column: node.Column, pointer: pointer}
	if member == nil {
		return p
	}
	if p.Line != member.Line {
		// The value is a block on a later line: the position of the key is clearer.
		p.Line, p.Column = member.Line, member.Column
	}
	p.Key, p.KeyColumn = member.Name, member.Column
	return p
}

// placeOfName returns the position of the name of a member.
func placeOfName(member *tree.Member, pointer string) Place {
	return Place{Line: member.Line, Column: member.Column, Key: member.Name, KeyColumn: member.Column, pointer: pointer, name: true}
}
