package planvalues

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/openbroker/openbroker/internal/spelling"
)

// A reference is a use of a parameter in a template.
type reference struct {
	// name is the name of the parameter; ofBinding says that it is one of bindings.
	name      string
	ofBinding bool
	// at is the byte of the template.
	at int
}

// A checker checks the syntax tree of a template: its functions, and the data that it
// uses.
type checker struct {
	scope *scope
	// atRoot says that the dot is the data, not a value that with or range has set.
	atRoot     bool
	faults     []fault
	references []reference
}

func (c *checker) report(at parse.Pos, format string, args ...any) {
	c.faults = append(c.faults, fault{int(at), fmt.Sprintf(format, args...)})
}

func (c *checker) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode, *parse.CommentNode:
		case *parse.ActionNode:
			c.pipe(n.Pipe)
		case *parse.IfNode:
			c.branch(&n.BranchNode, c.atRoot)
		case *parse.WithNode:
			c.branch(&n.BranchNode, false)
		case *parse.RangeNode:
			c.branch(&n.BranchNode, false)
		case *parse.TemplateNode:
			c.report(n.Pos, "template does not exist here")
		default: // Break and continue.
			c.report(n.Position(), "%s does not exist here", strings.Trim(n.String(), "{}"))
		}
	}
}

// branch checks if, with and range; inside says whether the dot is still the data in the
// body.
func (c *checker) branch(n *parse.BranchNode, inside bool) {
	c.pipe(n.Pipe)
	outside := c.atRoot
	c.atRoot = inside
	c.list(n.List)
	c.atRoot = outside
	c.list(n.ElseList)
}

func (c *checker) pipe(pipe *parse.PipeNode) {
	for i, command := range pipe.Cmds {
		c.command(command, i > 0)
	}
}

// command checks a command; piped says that it gets the value of the one before.
func (c *checker) command(n *parse.CommandNode, piped bool) {
	first, rest := n.Args[0], n.Args[1:]
	identifier, isFunction := first.(*parse.IdentifierNode)
	for _, argument := range rest {
		c.argument(argument)
	}
	if !isFunction {
		c.argument(first)
		if len(rest) > 0 || piped {
			c.report(first.Position(), "a value is not a function: it takes no arguments")
		}
		return
	}
	given := len(rest)
	if piped {
		given++
	}
	if f := c.function(identifier); f != nil && (given < f.least || f.most > 0 && given > f.most) {
		c.report(identifier.Pos, "the function %q is used as %s", identifier.Ident, f.use)
	}
	if identifier.Ident == "index" && len(rest) > 1 {
		c.index(rest)
	}
	if identifier.Ident == "truncate" && given == 2 && len(rest) > 0 {
		c.count(rest[0])
	}
}

// count checks the first argument of truncate, if the template says it: with another one,
// no request would succeed.
func (c *checker) count(node parse.Node) {
	switch n := node.(type) {
	case *parse.NumberNode:
		if _, ok := countOf(json.Number(n.Text)); ok || !json.Valid([]byte(n.Text)) {
			return // Or it is reported as a number.
		}
	case *parse.StringNode, *parse.BoolNode:
	default:
		return // Its value is known later.
	}
	c.report(node.Position(), needsCount)
}

func (c *checker) function(n *parse.IdentifierNode) *function {
	if f := functions[n.Ident]; f != nil {
		return f
	}
	known := slices.Sorted(maps.Keys(functions))
	if other := insteadOf[n.Ident]; other != "" {
		c.report(n.Pos, "the function %q does not exist here: use %s", n.Ident, other)
	} else if near := spelling.Nearest(n.Ident, known); near != "" {
		c.report(n.Pos, "the function %q is unknown: did you mean %q?", n.Ident, near)
	} else {
		c.report(n.Pos, "the function %q is unknown: there are %s", n.Ident, strings.Join(known, ", "))
	}
	return nil
}

func (c *checker) argument(node parse.Node) {
	switch n := node.(type) {
	case *parse.FieldNode:
		if c.atRoot {
			c.path(n.Ident, fieldStart(n))
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			c.path(n.Ident[1:], n.Pos)
		}
	case *parse.ChainNode:
		c.argument(n.Node)
	case *parse.PipeNode:
		c.pipe(n)
	case *parse.IdentifierNode:
		if f := c.function(n); f != nil {
			c.report(n.Pos, "the function %q is used as %s", n.Ident, f.use)
		}
	case *parse.NilNode:
		c.report(n.Pos, "nil does not exist here: use default")
	case *parse.NumberNode:
		if !json.Valid([]byte(n.Text)) {
			c.report(n.Pos, "write the number in decimal digits")
		}
	default: // A dot, a text or a boolean.
	}
}

// fieldStart returns the place of a field. Its node has that of the second name, if there
// is one.
func fieldStart(n *parse.FieldNode) parse.Pos {
	if len(n.Ident) == 1 {
		return n.Pos
	}
	return n.Pos - parse.Pos(len(n.Ident[0])+1)
}

// path checks a path into the data, which begins at a place.
func (c *checker) path(names []string, at parse.Pos) {
	known, ok := c.scope.roots[names[0]]
	if !ok {
		c.unknown(at, "."+names[0], ".", names[0], c.scope.names())
		return
	}
	if len(names) == 1 {
		return
	}
	at += parse.Pos(len(names[0]) + 1)
	if known != nil && !slices.Contains(known, names[1]) {
		c.unknown(at, "."+names[0]+"."+names[1], "."+names[0]+".", names[1], known)
		return
	}
	switch {
	case names[0] == Parameters:
		c.references = append(c.references, reference{name: names[1], at: int(at)})
	case names[0] == Binding && names[1] == Parameters && len(names) > 2:
		c.references = append(c.references, reference{name: names[2], ofBinding: true, at: int(at) + len(names[1]) + 1})
	}
}

// index checks the name that an index takes of the data, as if it were a path.
func (c *checker) index(arguments []parse.Node) {
	var names []string
	switch n := arguments[0].(type) {
	case *parse.FieldNode:
		if !c.atRoot {
			return
		}
		names = n.Ident
	case *parse.VariableNode:
		if n.Ident[0] != "$" {
			return
		}
		names = n.Ident[1:]
	default:
	}
	key, ok := arguments[1].(*parse.StringNode)
	if !ok || len(names) == 0 || len(names) > 2 {
		return
	}
	known := c.scope.roots[names[0]]
	switch {
	case len(names) == 2: //nolint:mnd // It is .binding.parameters, or opaque.
		if names[0] == Binding && names[1] == Parameters {
			c.references = append(c.references, reference{name: key.Text, ofBinding: true, at: int(key.Pos)})
		}
	case names[0] == Parameters:
		c.references = append(c.references, reference{name: key.Text, at: int(key.Pos)})
	case known != nil && !slices.Contains(known, key.Text):
		c.unknown(key.Pos, "."+names[0]+"."+key.Text, "."+names[0]+".", key.Text, known)
	}
}

func (c *checker) unknown(at parse.Pos, what, before, name string, known []string) {
	if near := spelling.Nearest(name, known); near != "" {
		c.report(at, "%s is unknown: did you mean %s%s?", what, before, near)
		return
	}
	c.report(at, "%s is unknown: there are %s%s", what, before, strings.Join(known, ", "+before))
}
