package catalog

import (
	"iter"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/tree"
)

// A place is a value of the catalog, or where it would be.
type place struct {
	// node is nil if there is no such value.
	node   *tree.Node
	at     tree.Place
	parent *place
	// token is the last one of the JSON pointer.
	token string
	// children are the places of members or elements, if they were laid out,
	// and none is that of any other member. Rules ask for the same ones again
	// and again.
	children []place
	none     *place
}

// root is the place of the catalog itself.
func root(node *tree.Node) *place { return &place{node: node, at: node.Place} }

// layOut finds the places of all fields that the specification defines, once.
func (p *place) layOut(s *shape) {
	if p.is(tree.Null) {
		return
	}
	p.none = &place{at: p.at, parent: p}
	p.children = make([]place, 0, len(p.node.Members)+len(p.node.Elements))
	for i := range p.node.Members {
		p.children = append(p.children, p.of(&p.node.Members[i]))
	}
	for i := range p.node.Elements {
		p.children = append(p.children, p.element(i))
	}
	for i := range p.children {
		child := &p.children[i]
		if p.node.Kind == tree.Array {
			child.layOut(s)
		} else if f := s.field(child.token); f != nil && (f.shape != nil || f.texts) {
			child.layOut(f.shape)
		}
	}
}

// member returns the field of an object; where the object is, if it has none.
func (p *place) member(name string) *place {
	if p.none != nil {
		for i := range p.children {
			if p.children[i].token == name && p.node.Kind == tree.Object {
				return &p.children[i]
			}
		}
		return p.none
	}
	if p.node != nil {
		for i := range p.node.Members {
			if member := &p.node.Members[i]; member.Name == name {
				child := p.of(member)
				return &child
			}
		}
	}
	return &place{at: p.at, parent: p}
}

// path follows several names.
func (p *place) path(names ...string) *place {
	for _, name := range names {
		p = p.member(name)
	}
	return p
}

func (p *place) of(member *tree.Member) place {
	child := place{node: member.Value, at: member.Value.Place, parent: p, token: member.Name}
	switch member.Value.Kind {
	case tree.Object, tree.Array, tree.Null:
		if member.File == member.Value.File {
			child.at = member.Place // The name says more than a bracket.
		}
	default:
	}
	return child
}

// name is where the name of a field is, for what is wrong with that and not with
// the value.
func (p *place) name() *place {
	named := *p
	for i := range p.parent.node.Members {
		if member := &p.parent.node.Members[i]; member.Value == p.node {
			named.at = member.Place
		}
	}
	return &named
}

func (p *place) element(i int) place {
	element := p.node.Elements[i]
	return place{node: element, at: element.Place, parent: p, token: strconv.Itoa(i)}
}

// members yields the fields of an object.
func (p *place) members() iter.Seq[*place] { return p.each(tree.Object) }

// elements yields those of an array.
func (p *place) elements() iter.Seq[*place] { return p.each(tree.Array) }

// each yields what is in the value, if it is of the kind.
func (p *place) each(kind tree.Kind) iter.Seq[*place] {
	return func(yield func(*place) bool) {
		if !p.node.Is(kind) {
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
		for i := range p.node.Members {
			if child := p.of(&p.node.Members[i]); !yield(&child) {
				return
			}
		}
		for i := range p.node.Elements {
			if child := p.element(i); !yield(&child) {
				return
			}
		}
	}
}

// given reports whether there is a value: null is none.
func (p *place) given() bool { return p.node != nil && p.node.Kind != tree.Null }

// is reports whether the value is of the kind.
func (p *place) is(kind tree.Kind) bool { return p.node.Is(kind) }

// text returns a string, and whether it is one.
func (p *place) text() (string, bool) {
	if !p.is(tree.String) {
		return "", false
	}
	return p.node.Text, true
}

// isTrue reports whether the value is true.
func (p *place) isTrue() bool { return p.is(tree.Bool) && p.node.Text == "true" }

// isFalse reports whether the value is false.
func (p *place) isFalse() bool { return p.is(tree.Bool) && p.node.Text == "false" }

// pointer returns the JSON pointer of the value (RFC 6901); of what would hold
// it, if there is none.
func (p *place) pointer() string {
	for p.node == nil && p.parent != nil {
		p = p.parent
	}
	var tokens []string
	for ; p.parent != nil; p = p.parent {
		tokens = append(tokens, jsonpointer.Escape(p.token))
	}
	var pointer strings.Builder
	for i := len(tokens) - 1; i >= 0; i-- {
		pointer.WriteByte('/')
		pointer.WriteString(tokens[i])
	}
	return pointer.String()
}

// key is the place of the name of a field, by its index in the object.
func (p *place) key(i int) *place {
	member := &p.node.Members[i]
	return &place{node: member.Value, at: member.Place, parent: p, token: member.Name}
}
