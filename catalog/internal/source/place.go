package source

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/tree"
)

// A Place is the place of a value of the catalog, or of a missing field.
type Place struct {
	// Node is the value; nil if the field is missing.
	Node *tree.Node
	// At is the position in the file; for a missing field, that of its object.
	At     tree.Place
	Parent *Place
	// Token is the last token of the JSON pointer.
	Token string
	// children are the places of members or elements, once they are laid out, and none
	// is the place of any other member. Rules ask for the same places many times.
	children []Place
	none     *Place
}

// Root returns the place of a value that has no parent.
func Root(node *tree.Node) *Place { return &Place{Node: node, At: node.Place} }

// layOut finds the places of all fields that the specification defines.
func (p *Place) layOut(s *Shape) {
	if p.Is(tree.Null) {
		return
	}
	p.none = &Place{At: p.At, Parent: p}
	p.children = make([]Place, 0, len(p.Node.Members)+len(p.Node.Elements))
	for i := range p.Node.Members {
		p.children = append(p.children, p.of(&p.Node.Members[i]))
	}
	for i := range p.Node.Elements {
		p.children = append(p.children, p.Element(i))
	}
	for i := range p.children {
		child := &p.children[i]
		if p.Node.Kind == tree.Array {
			child.layOut(s)
		} else if f := s.Field(child.Token); f != nil && (f.Shape != nil || f.Texts) {
			child.layOut(f.Shape)
		}
	}
}

// Member returns the place of a field. A missing field has the position of the object.
func (p *Place) Member(name string) *Place {
	if p.none != nil {
		for i := range p.children {
			if p.children[i].Token == name && p.Node.Kind == tree.Object {
				return &p.children[i]
			}
		}
		return p.none
	}
	if p.Node != nil {
		for i := range p.Node.Members {
			if member := &p.Node.Members[i]; member.Name == name {
				child := p.of(member)
				return &child
			}
		}
	}
	return &Place{At: p.At, Parent: p}
}

// Path returns the place of a field of a field.
func (p *Place) Path(names ...string) *Place {
	for _, name := range names {
		p = p.Member(name)
	}
	return p
}

func (p *Place) of(member *tree.Member) Place {
	child := Place{Node: member.Value, At: member.Value.Place, Parent: p, Token: member.Name}
	switch member.Value.Kind {
	case tree.Object, tree.Array, tree.Null:
		if member.File == member.Value.File {
			child.At = member.Place // Point to the name rather than to an opening bracket.
		}
	default:
	}
	return child
}

// NamePlace returns the place of the name of a field, for faults of the name.
func (p *Place) NamePlace() *Place {
	named := *p
	for i := range p.Parent.Node.Members {
		if member := &p.Parent.Node.Members[i]; member.Value == p.Node {
			named.At = member.Place
		}
	}
	return &named
}

// Element returns the place of an element of an array.
func (p *Place) Element(i int) Place {
	element := p.Node.Elements[i]
	return Place{Node: element, At: element.Place, Parent: p, Token: strconv.Itoa(i)}
}

// Members yields the fields of an object.
func (p *Place) Members() iter.Seq[*Place] { return p.each(tree.Object) }

// Elements yields the elements of an array.
func (p *Place) Elements() iter.Seq[*Place] { return p.each(tree.Array) }

// each yields the members or elements of a value of the kind.
func (p *Place) each(kind tree.Kind) iter.Seq[*Place] {
	return func(yield func(*Place) bool) {
		if !p.Node.Is(kind) {
			return
		}
		for i := range p.children {
			if !yield(&p.children[i]) {
				return
			}
		}
		if p.none != nil {
			return
		}
		for i := range p.Node.Members {
			if child := p.of(&p.Node.Members[i]); !yield(&child) {
				return
			}
		}
		for i := range p.Node.Elements {
			if child := p.Element(i); !yield(&child) {
				return
			}
		}
	}
}

// Given reports whether there is a value other than null.
func (p *Place) Given() bool { return p.Node != nil && p.Node.Kind != tree.Null }

// Is reports whether the value is of the kind.
func (p *Place) Is(kind tree.Kind) bool { return p.Node.Is(kind) }

// Text returns the text of a string, and false for any other value.
func (p *Place) Text() (string, bool) {
	if !p.Is(tree.String) {
		return "", false
	}
	return p.Node.Text, true
}

// IsTrue reports whether the value is true.
func (p *Place) IsTrue() bool { return p.Is(tree.Bool) && p.Node.Text == "true" }

// IsFalse reports whether the value is false.
func (p *Place) IsFalse() bool { return p.Is(tree.Bool) && p.Node.Text == "false" }

// Pointer returns the JSON pointer of the value (RFC 6901); of the object, if the field is
// missing.
func (p *Place) Pointer() string {
	for p.Node == nil && p.Parent != nil {
		p = p.Parent
	}
	var tokens []string
	for ; p.Parent != nil; p = p.Parent {
		tokens = append(tokens, jsonpointer.Escape(p.Token))
	}
	var pointer strings.Builder
	for i := len(tokens) - 1; i >= 0; i-- {
		pointer.WriteByte('/')
		pointer.WriteString(tokens[i])
	}
	return pointer.String()
}

// Key returns the place of the name of a field by its index in the object.
func (p *Place) Key(i int) *Place {
	member := &p.Node.Members[i]
	return &Place{Node: member.Value, At: member.Place, Parent: p, Token: member.Name}
}

// Descend follows the tokens of a JSON pointer as far as they lead.
func (p *Place) Descend(tokens []string) *Place {
	for _, token := range tokens {
		next := p.Member(token)
		if p.Is(tree.Array) {
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(p.Node.Elements) {
				element := p.Element(i)
				next = &element
			}
		}
		if next.Node == nil {
			return p
		}
		p = next
	}
	return p
}

// SeenFrom describes the position relative to another place.
func (p *Place) SeenFrom(other *Place) string {
	switch {
	case p.At.File.Name == "":
		return "at " + p.Pointer()
	case p.At.File == other.At.File:
		return fmt.Sprintf("on line %d", p.At.Line)
	default:
		return fmt.Sprintf("on line %d of %s", p.At.Line, p.At.File.Name)
	}
}
