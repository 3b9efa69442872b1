package planvalues

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/template/parse"
)

// The bounds of an evaluation. A step is a node of the template, or 256 bytes that a
// function reads.
const (
	maxOutput = 64 << 10
	maxSteps  = 10_000
	stepBytes = 256
)

// A TemplateError says why a template has no result. Its text has names of data, and no
// values.
type TemplateError struct {
	// Name leads to the template in the plan, such as credentials.set.user.
	Name string
	// Absent is the data that is missing or null, such as .credentials.host, or empty.
	Absent string
	reason string
}

// Error names the template.
func (e *TemplateError) Error() string {
	return "the plan's template " + e.Name + " " + e.reason
}

// absent is the value of data that is missing or null.
type absent struct {
	what string
	null bool
}

func (a absent) reason() string {
	if a.null {
		return "needs " + a.what + ", which is null"
	}
	return "needs " + a.what + ", which is missing"
}

// An evaluator computes the text of a template.
type evaluator struct {
	data      Data
	output    strings.Builder
	steps     int
	variables []variable
}

type variable struct {
	name  string
	value any
}

// wrong is an error of an evaluation, without the name of the template.
type wrong struct {
	reason string
	absent string
}

func (w *wrong) Error() string { return w.reason }

func wrongf(format string, args ...any) error {
	return &wrong{reason: "cannot be computed: " + fmt.Sprintf(format, args...)}
}

// evaluate returns the text. The error is a [*TemplateError].
func (t *text) evaluate(data Data) (string, error) {
	e := &evaluator{data: data}
	if err := e.list(t.root, map[string]any(data), ""); err != nil {
		failure := &TemplateError{Name: t.name, reason: err.Error()}
		if w, ok := err.(*wrong); ok { //nolint:errorlint // It is never wrapped.
			failure.Absent = w.absent
		}
		return "", failure
	}
	return e.output.String(), nil
}

// step counts work.
func (e *evaluator) step(n int) error {
	if e.steps += n; e.steps > maxSteps {
		return wrongf("it takes more than %d steps", maxSteps)
	}
	return nil
}

// list evaluates nodes; path is the path of the dot in messages.
func (e *evaluator) list(list *parse.ListNode, dot any, path string) error {
	if list == nil {
		return nil
	}
	for _, node := range list.Nodes {
		if err := e.node(node, dot, path); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluator) node(node parse.Node, dot any, path string) error {
	if err := e.step(1); err != nil {
		return err
	}
	switch n := node.(type) {
	case *parse.TextNode:
		return e.write(string(n.Text))
	case *parse.ActionNode:
		return e.action(n, dot, path)
	case *parse.IfNode:
		return e.branch(&n.BranchNode, dot, path, false)
	case *parse.WithNode:
		return e.branch(&n.BranchNode, dot, path, true)
	case *parse.RangeNode:
		return e.rangeOver(n, dot, path)
	default: // A comment.
		return nil
	}
}

func (e *evaluator) action(n *parse.ActionNode, dot any, path string) error {
	value, err := e.pipe(n.Pipe, dot, path)
	if err != nil || len(n.Pipe.Decl) > 0 {
		return err
	}
	s, err := textOf(value)
	if err != nil {
		return err
	}
	return e.write(s)
}

func (e *evaluator) write(s string) error {
	if e.output.Len()+len(s) > maxOutput {
		return tooLong()
	}
	e.output.WriteString(s)
	return nil
}

func tooLong() error { return wrongf("it makes more than %d KiB", maxOutput>>10) }

// branch evaluates if and with.
func (e *evaluator) branch(n *parse.BranchNode, dot any, path string, with bool) error {
	mark := len(e.variables)
	defer func() { e.variables = e.variables[:mark] }()
	value, err := e.pipe(n.Pipe, dot, path)
	if err != nil {
		return err
	}
	truth, err := isTrue(value)
	switch {
	case err != nil:
		return err
	case !truth:
		return e.list(n.ElseList, dot, path)
	case with:
		return e.list(n.List, value, pathOf(n.Pipe))
	default:
		return e.list(n.List, dot, path)
	}
}

func (e *evaluator) rangeOver(n *parse.RangeNode, dot any, path string) error {
	mark := len(e.variables)
	defer func() { e.variables = e.variables[:mark] }()
	value, err := e.evaluatePipe(n.Pipe, dot, path)
	if err == nil {
		value, err = present(value)
	}
	if err != nil {
		return err
	}
	elements, ok := value.([]any)
	switch {
	case !ok:
		return wrongf("range needs a list, not %s", kindOf(value))
	case len(elements) == 0:
		return e.list(n.ElseList, dot, path)
	}
	for i, element := range elements {
		e.variables = e.variables[:mark]
		declared := []any{element}
		if len(n.Pipe.Decl) > 1 {
			declared = []any{json.Number(fmt.Sprint(i)), element}
		}
		for j, v := range n.Pipe.Decl {
			e.assign(v.Ident[0], declared[j], n.Pipe.IsAssign)
		}
		if err := e.step(1); err != nil {
			return err
		}
		if err := e.list(n.List, element, pathOf(n.Pipe)+"[]"); err != nil {
			return err
		}
	}
	return nil
}

// pipe evaluates a pipe, and declares or sets its variables.
func (e *evaluator) pipe(pipe *parse.PipeNode, dot any, path string) (any, error) {
	value, err := e.evaluatePipe(pipe, dot, path)
	if err == nil && len(pipe.Decl) > 0 {
		e.assign(pipe.Decl[0].Ident[0], value, pipe.IsAssign)
	}
	return value, err
}

func (e *evaluator) assign(name string, value any, existing bool) {
	for i := len(e.variables) - 1; existing && i >= 0; i-- {
		if e.variables[i].name == name {
			e.variables[i].value = value
			return
		}
	}
	e.variables = append(e.variables, variable{name, value})
}

func (e *evaluator) evaluatePipe(pipe *parse.PipeNode, dot any, path string) (value any, err error) {
	for i, command := range pipe.Cmds {
		if err := e.step(1); err != nil {
			return nil, err
		}
		identifier, ok := command.Args[0].(*parse.IdentifierNode)
		if !ok {
			value, err = e.argument(command.Args[0], dot, path)
		} else {
			value, err = e.call(functions[identifier.Ident], command.Args[1:], value, i > 0, dot, path)
		}
		if err != nil {
			return nil, err
		}
	}
	return value, nil
}

// call calls a function with arguments and, if piped, the value of the command before.
func (e *evaluator) call(f *function, nodes []parse.Node, last any, piped bool, dot any, path string) (any, error) {
	arguments := make([]any, 0, len(nodes)+1)
	for _, node := range nodes {
		value, err := e.argument(node, dot, path)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, value)
		if f.decides != nil { // The arguments after the deciding one are not evaluated.
			truth, err := isTrue(value)
			if err != nil || truth == *f.decides {
				return value, err
			}
		}
	}
	if piped {
		arguments = append(arguments, last)
	}
	size := 0
	for _, argument := range arguments {
		if _, err := present(argument); err != nil && !f.absent {
			return nil, err
		}
		size += sizeOf(argument)
	}
	if err := e.step(size / stepBytes); err != nil {
		return nil, err
	}
	result, err := f.call(arguments)
	if missing, ok := result.(absent); ok && missing.what == "" {
		missing.what = describe(f, nodes)
		return missing, err
	}
	if s, ok := result.(string); ok && len(s) > maxOutput && err == nil {
		err = tooLong()
	}
	return result, err
}

func (e *evaluator) argument(node parse.Node, dot any, path string) (any, error) {
	if err := e.step(1); err != nil {
		return nil, err
	}
	switch n := node.(type) {
	case *parse.FieldNode:
		return fields(dot, path, n.Ident)
	case *parse.VariableNode:
		return e.variable(n)
	case *parse.ChainNode:
		value, err := e.argument(n.Node, dot, path)
		if err != nil {
			return nil, err
		}
		return fields(value, "(...)", n.Field)
	case *parse.PipeNode:
		return e.pipe(n, dot, path)
	case *parse.DotNode:
		return dot, nil
	case *parse.StringNode:
		return n.Text, nil
	case *parse.BoolNode:
		return n.True, nil
	case *parse.NumberNode:
		return json.Number(n.Text), nil
	default:
		return nil, wrongf("a part of it is not supported")
	}
}

func (e *evaluator) variable(n *parse.VariableNode) (any, error) {
	if n.Ident[0] == "$" {
		return fields(map[string]any(e.data), "", n.Ident[1:])
	}
	for i := len(e.variables) - 1; i >= 0; i-- {
		if e.variables[i].name == n.Ident[0] {
			return fields(e.variables[i].value, n.Ident[0], n.Ident[1:])
		}
	}
	return absent{what: n.Ident[0]}, nil
}

// fields follows names into a value at a path. What is missing or null is [absent].
func fields(value any, path string, names []string) (any, error) {
	for _, name := range names {
		if _, missing := value.(absent); missing {
			return value, nil
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil, wrongf("%s is %s, and has no %q", path, kindOf(value), name)
		}
		path += "." + name
		value = member(object, name, path)
	}
	return value, nil
}

// member returns a member of an object, or [absent].
func member(object map[string]any, name, path string) any {
	value, ok := object[name]
	if !ok || value == nil {
		return absent{what: path, null: ok}
	}
	return value
}

// describe returns a call for messages, without computed arguments.
func describe(f *function, nodes []parse.Node) string {
	words := strings.Fields(f.use)[:1]
	for _, node := range nodes {
		switch node.(type) {
		case *parse.FieldNode, *parse.VariableNode, *parse.StringNode, *parse.NumberNode:
			words = append(words, node.String())
		default:
			words = append(words, "(...)")
		}
	}
	return strings.Join(words, " ")
}

// pathOf returns the path of the value of a pipe.
func pathOf(pipe *parse.PipeNode) string {
	if len(pipe.Cmds) == 1 && len(pipe.Cmds[0].Args) == 1 {
		switch n := pipe.Cmds[0].Args[0].(type) {
		case *parse.FieldNode, *parse.VariableNode:
			return n.String()
		}
	}
	return "(...)"
}

// present returns an error for an absent value.
func present(value any) (any, error) {
	switch v := value.(type) {
	case nil: // An element of a list.
		return nil, &wrong{reason: "needs an element of a list, which is null", absent: "an element"}
	case absent:
		return nil, &wrong{reason: v.reason(), absent: v.what}
	}
	return value, nil
}
