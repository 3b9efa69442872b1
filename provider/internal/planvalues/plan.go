package planvalues

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// The fields of a plan.
const (
	FieldParameters        = "parameters"
	FieldBindingParameters = "binding_parameters"
	FieldCredentials       = "credentials"
	FieldLabels            = "labels"
	FieldTags              = "tags"
)

// Fields are the names of the fields.
var Fields = []string{FieldParameters, FieldBindingParameters, FieldCredentials, FieldLabels, FieldTags}

// The rules that problems break.
const (
	RuleValues     = "plan-values"
	RuleTemplate   = "plan-template"
	RuleUnknown    = "plan-parameter-unknown"
	RuleOffered    = "plan-parameter-offered"
	RuleCredential = "credential-key" //nolint:gosec // G101: it is the name of a rule.
	RuleLabel      = "label-syntax"
)

// A Problem is a mistake in the fields of a plan.
type Problem struct {
	Rule string
	// Pointer leads from the plan to the value, and Name says that the name of the value
	// is meant. Offset counts the characters of a text in front of the mistake.
	Pointer string
	Name    bool
	Offset  int
	Message string
}

// A Plan is what the fields of a plan say. It is immutable.
type Plan struct {
	parameters, bindingParameters, credentials changes
	labels                                     []field
	tags                                       []string
	references                                 []Reference
	// settled are the parameters that the plan sets, with their places.
	settled []Reference
}

// changes change an object with parameters or credentials.
type changes struct {
	// present says that the plan has them.
	present  bool
	defaults []field
	set      []field
	renames  []rename
	removed  []string
}

type rename struct{ from, to string }

// A Reference is a place in the fields of a plan that has the name of a parameter.
type Reference struct {
	// Name is the parameter; OfBinding says that it is one of bindings.
	Name      string
	OfBinding bool
	// Field is the field of the plan, and what the value in it.
	Field, what string
	Pointer     string
	Offset      int
	inTemplate  bool
}

// A parser reads the fields of a plan.
type parser struct {
	plan     *Plan
	field    string
	problems []Problem
}

// Parse reads the fields of a plan, which others may stand beside. The plan is nil if
// there are none. With problems, it must not be used.
func Parse(extensions map[string]json.RawMessage) (*Plan, []Problem) {
	p := &parser{plan: &Plan{}}
	found := false
	for _, name := range Fields {
		raw := extensions[name]
		if raw == nil {
			continue
		}
		found = true
		p.field = name
		at := "/" + name
		node, err := tree.ParseJSON("", raw)
		if err != nil {
			p.report(at, "%s is not JSON", name)
			continue
		}
		switch name {
		case FieldParameters:
			p.changes(&p.plan.parameters, node, at, newScope(), false)
		case FieldBindingParameters:
			p.changes(&p.plan.bindingParameters, node, at, newScope(Binding), false)
		case FieldCredentials:
			p.changes(&p.plan.credentials, node, at, newScope(Binding, Credentials), true)
		case FieldLabels:
			p.labels(node, at)
		default:
			p.tags(node, at)
		}
	}
	if !found {
		return nil, nil
	}
	return p.plan, p.problems
}

func (p *parser) report(at, format string, args ...any) {
	p.problems = append(p.problems, Problem{Rule: RuleValues, Pointer: at, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) reportName(at, format string, args ...any) {
	p.problems = append(p.problems, Problem{Rule: RuleValues, Pointer: at, Name: true, Message: fmt.Sprintf(format, args...)})
}

// is reports whether a value has the kind. If not, it is a problem.
func (p *parser) is(node *tree.Node, kind tree.Kind, name, at string) bool {
	if node.Kind != kind {
		p.report(at, "%s must be %s, not %s", name, plain(kind), plain(node.Kind))
	}
	return node.Kind == kind
}

func plain(kind tree.Kind) string {
	switch kind {
	case tree.String:
		return "a text"
	case tree.Array:
		return "a list"
	default:
		return kind.String()
	}
}

// changes reads parameters, binding_parameters or credentials.
func (p *parser) changes(c *changes, node *tree.Node, at string, s *scope, ofCredentials bool) {
	if !p.is(node, tree.Object, p.field, at) {
		return
	}
	c.present = true
	set, known := "fixed", []string{"defaults", "fixed", "rename", "remove"}
	if ofCredentials {
		set, known = "set", []string{"set", "rename", "remove"}
	}
	for m := range node.Unique() {
		name, pointer := p.field+"."+m.Name, at+"/"+jsonpointer.Escape(m.Name)
		switch {
		case m.Name == set:
			c.set = p.fields(m.Value, name, pointer, s)
		case m.Name == "defaults" && !ofCredentials:
			c.defaults = p.fields(m.Value, name, pointer, s)
		case m.Name == "rename":
			c.renames = p.renames(m.Value, name, pointer)
		case m.Name == "remove":
			c.removed = p.names(m.Value, name, pointer)
		default:
			p.unknown(m.Name, pointer, known)
		}
	}
	p.conflicts(c, at, set)
	if !ofCredentials {
		p.refer(c, at)
	}
}

func (p *parser) unknown(name, at string, known []string) {
	if near := spelling.Nearest(name, known); near != "" {
		p.reportName(at, "%.80q is unknown: did you mean %q? %s can have %s", name, near, p.field, strings.Join(known, ", "))
		return
	}
	p.reportName(at, "%.80q is unknown: %s can have %s", name, p.field, strings.Join(known, ", "))
}

func (p *parser) fields(node *tree.Node, name, at string, s *scope) []field {
	if !p.is(node, tree.Object, name, at) {
		return nil
	}
	var all []field
	for m := range node.Unique() {
		all = append(all, field{m.Name, p.shape(m.Value, name+"."+m.Name, at+"/"+jsonpointer.Escape(m.Name), s)})
	}
	return all
}

func (p *parser) renames(node *tree.Node, name, at string) []rename {
	if !p.is(node, tree.Object, name, at) {
		return nil
	}
	var all []rename
	for m := range node.Unique() {
		pointer := at + "/" + jsonpointer.Escape(m.Name)
		if p.is(m.Value, tree.String, name+"."+m.Name, pointer) && p.isName(m.Value.Text, name+"."+m.Name, pointer) {
			all = append(all, rename{m.Name, m.Value.Text})
		}
	}
	return all
}

func (p *parser) names(node *tree.Node, name, at string) []string {
	if !p.is(node, tree.Array, name, at) {
		return nil
	}
	var all []string
	for i, element := range node.Elements {
		index := strconv.Itoa(i)
		if p.is(element, tree.String, name+"["+index+"]", at+"/"+index) && p.isName(element.Text, name+"["+index+"]", at+"/"+index) {
			all = append(all, element.Text)
		}
	}
	return all
}

// isName reports whether a text can be a name. Names are no templates: data must not
// choose them.
func (p *parser) isName(name, what, at string) bool {
	switch {
	case name == "":
		p.report(at, "%s is empty: name a key", what)
	case isTemplate(name):
		p.report(at, "%s is a name, which cannot be a template", what)
	default:
		return true
	}
	return false
}

// conflicts reports names that two parts of the changes are about.
func (p *parser) conflicts(c *changes, at, set string) {
	taken := map[string]string{}
	claim := func(name, by, pointer string) {
		if other := taken[name]; other != "" {
			p.report(pointer, "%.80q is in %s and in %s: only one of them can have effect", name, other, by)
			return
		}
		taken[name] = by
	}
	for _, f := range c.set {
		claim(f.name, set, at+"/"+set+"/"+jsonpointer.Escape(f.name))
	}
	for _, r := range c.renames {
		pointer := at + "/rename/" + jsonpointer.Escape(r.from)
		claim(r.from, "rename", pointer)
		claim(r.to, "rename, as the new name of "+r.from, pointer)
	}
	for i, name := range c.removed {
		claim(name, "remove", at+"/remove/"+strconv.Itoa(i))
	}
	for _, f := range c.defaults {
		if by := taken[f.name]; by == set || strings.HasPrefix(by, "rename, ") {
			p.report(at+"/defaults/"+jsonpointer.Escape(f.name), "%.80q is in %s and in defaults: only one of them can have effect", f.name, by)
		}
	}
}

// refer notes the names of parameters.
func (p *parser) refer(c *changes, at string) {
	binding := p.field == FieldBindingParameters
	add := func(to *[]Reference, name, part, pointer string) {
		*to = append(*to, Reference{Name: name, OfBinding: binding, Field: p.field, what: p.field + "." + part, Pointer: at + "/" + part + "/" + pointer})
	}
	for _, f := range c.defaults {
		add(&p.plan.references, f.name, "defaults", jsonpointer.Escape(f.name))
	}
	for _, r := range c.renames {
		add(&p.plan.references, r.from, "rename", jsonpointer.Escape(r.from))
		add(&p.plan.settled, r.to, "rename", jsonpointer.Escape(r.from))
	}
	for i, name := range c.removed {
		add(&p.plan.references, name, "remove", strconv.Itoa(i))
	}
	for _, f := range c.set {
		add(&p.plan.settled, f.name, "fixed", jsonpointer.Escape(f.name))
	}
}

func (p *parser) labels(node *tree.Node, at string) {
	if !p.is(node, tree.Object, p.field, at) {
		return
	}
	for m := range node.Unique() {
		name, pointer := p.field+"."+m.Name, at+"/"+jsonpointer.Escape(m.Name)
		switch m.Value.Kind {
		case tree.String, tree.Number, tree.Bool:
			p.plan.labels = append(p.plan.labels, field{m.Name, p.shape(m.Value, name, pointer, newScope())})
		default:
			p.is(m.Value, tree.String, name, pointer)
		}
	}
}

func (p *parser) tags(node *tree.Node, at string) {
	p.plan.tags = p.names(node, p.field, at)
	for i, tag := range p.plan.tags {
		if has(p.plan.labels, tag) || slices.Contains(p.plan.tags[:i], tag) {
			p.report(at+"/"+strconv.Itoa(i), "%.80q is already a label or a tag: a tag is a label with an empty value", tag)
		}
	}
}
