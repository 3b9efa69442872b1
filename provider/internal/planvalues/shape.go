package planvalues

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// A shape makes a value: its structure is that of the plan, and only texts in it are
// computed. So data can neither add a key nor change a type.
type shape struct {
	// literal is the value, if nothing is computed.
	literal any
	// template makes a text, and as, unless nil, turns it into another type.
	template *text
	as       *typed
	names    []string
	members  []*shape
	elements []*shape
	kind     tree.Kind
}

// A typed is a type other than text of the result of a template.
type typed struct {
	name    string
	matches *regexp.Regexp
}

// types are the types, by the name of the only member of the object around the template.
var types = map[string]*typed{
	"$integer": {"a whole number", regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)},
	"$number":  {"a number", regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)},
	"$boolean": {"true or false", regexp.MustCompile(`^(true|false)$`)},
}

var typeNames = []string{"$integer", "$number", "$boolean"}

// shape reads a value of the plan. at is the place for problems, name the path in
// messages.
func (p *parser) shape(node *tree.Node, name, at string, s *scope) *shape {
	switch node.Kind {
	case tree.String:
		if !isTemplate(node.Text) {
			return &shape{kind: node.Kind, literal: node.Text}
		}
		return &shape{kind: node.Kind, template: p.text(node, name, at, s)}
	case tree.Number, tree.Bool:
		return &shape{kind: node.Kind, literal: node.Value()}
	case tree.Array:
		made := &shape{kind: node.Kind}
		for i, element := range node.Elements {
			index := strconv.Itoa(i)
			made.elements = append(made.elements, p.shape(element, name+"["+index+"]", at+"/"+index, s))
		}
		return made
	case tree.Object:
		return p.object(node, name, at, s)
	default:
		p.report(at, "%s is null: give it a value", name)
		return &shape{kind: tree.Null}
	}
}

func (p *parser) object(node *tree.Node, name, at string, s *scope) *shape {
	made := &shape{kind: tree.Object}
	for m := range node.Unique() {
		child, pointer := name+"."+m.Name, at+"/"+jsonpointer.Escape(m.Name)
		if !strings.HasPrefix(m.Name, "$") {
			made.names = append(made.names, m.Name)
			made.members = append(made.members, p.shape(m.Value, child, pointer, s))
			continue
		}
		as := types[m.Name]
		switch near := spelling.Nearest(m.Name, typeNames); {
		case as == nil && near != "":
			p.reportName(pointer, "%s is unknown: did you mean %s?", child, near)
		case as == nil:
			p.reportName(pointer, "%s is unknown: names with $ are types, and there are %s", child, strings.Join(typeNames, ", "))
		case len(node.Members) > 1:
			p.reportName(pointer, "%s must be alone in its object", child)
		case !m.Value.Is(tree.String) || !isTemplate(m.Value.Text):
			p.report(pointer, "%s must be a template: write any other value without %s", child, m.Name)
		default:
			return &shape{kind: tree.String, template: p.text(m.Value, name, pointer, s), as: as}
		}
	}
	return made
}

// text reads a template.
func (p *parser) text(node *tree.Node, name, at string, s *scope) *text {
	t, references, faults := parseText(name, node.Text, s)
	for _, f := range faults {
		p.problems = append(p.problems, Problem{Rule: RuleTemplate, Pointer: at, Offset: characters(node.Text, f.at), Message: name + ": " + f.message})
	}
	for _, r := range references {
		p.plan.references = append(p.plan.references, Reference{
			Name: r.name, OfBinding: r.ofBinding, Field: p.field, what: name, Pointer: at, Offset: characters(node.Text, r.at), inTemplate: true,
		})
	}
	return t
}

// value returns the value for data. The error is a [*TemplateError].
func (s *shape) value(data Data) (any, error) {
	switch {
	case s.template != nil:
		result, err := s.template.evaluate(data)
		if err != nil || s.as == nil {
			return result, err
		}
		if !s.as.matches.MatchString(result) {
			return nil, &TemplateError{Name: s.template.name, reason: "must make " + s.as.name + ", and makes another text"}
		}
		return Decode([]byte(result))
	case s.kind == tree.Array:
		list := make([]any, len(s.elements))
		for i, element := range s.elements {
			var err error
			if list[i], err = element.value(data); err != nil {
				return nil, err
			}
		}
		return list, nil
	case s.kind == tree.Object:
		object := make(map[string]any, len(s.names))
		for i, name := range s.names {
			var err error
			if object[name], err = s.members[i].value(data); err != nil {
				return nil, err
			}
		}
		return object, nil
	default:
		return s.literal, nil
	}
}

// A field is a named value.
type field struct {
	name string
	*shape
}

// values returns the values of fields.
func values(fields []field, data Data) (map[string]any, error) {
	all := make(map[string]any, len(fields))
	for _, f := range fields {
		value, err := f.value(data)
		if err != nil {
			return nil, err
		}
		all[f.name] = value
	}
	return all, nil
}

func has(fields []field, name string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.name == name })
}

// scalar returns the text of a value that is no template.
func (s *shape) scalar() (string, bool) {
	switch literal := s.literal.(type) {
	case string:
		return literal, true
	case json.Number:
		return string(literal), true
	case bool:
		return strconv.FormatBool(literal), true
	default:
		return "", false
	}
}
