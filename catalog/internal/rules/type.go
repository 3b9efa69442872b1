package rules

import (
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// typeRules are about the types of fields that the specification defines. What
// metadata is about has rules of its own, as platforms take it as it is.
var typeRules = []Rule{
	typeRule("type-object", "an object", "Write it as name: value.", func(f *source.Field) bool { return f.Kind == tree.Object }),
	typeRule("type-array", "an array", "Write it as a list, even of one.", func(f *source.Field) bool { return f.Kind == tree.Array && !f.Texts }),
	typeRule("type-strings", "an array of strings", "Write it as a list of texts, each in quotes if it looks like something else.", func(f *source.Field) bool { return f.Texts }),
	typeRule("type-string", "a string", "Put the value into quotes.", func(f *source.Field) bool { return f.Kind == tree.String }),
	typeRule("type-boolean", "a boolean", "Write true or false, without quotes.", func(f *source.Field) bool { return f.Kind == tree.Bool }),
	typeRule("type-integer", "an integer of at most 32 bits", "Write a whole number of seconds, in digits, without quotes.", func(f *source.Field) bool { return f.Integer }),
}

func typeRule(id, want, fix string, about func(*source.Field) bool) Rule {
	return Rule{
		ID: id, Severity: SeverityError,
		Clause:  bodyClause,
		Summary: "A field that the specification defines as " + want + " is one.",
		Fix:     fix,
		check: func(c *checked, report report) {
			if id == "type-object" && !c.Is(tree.Object) && len(c.Elsewhere()) == 0 {
				report(c.Place, "a catalog must be an object, not %s", c.Node.Kind)
			}
			checkTypes(c.Place, source.CatalogShape, func(at *source.Place, f *source.Field, got string) {
				switch {
				case !about(f):
				case f.Texts && at.Token != f.Name:
					report(at, "%s must be a string, not %s", name(at, f), got)
				default:
					report(at, "%s must be %s, not %s", name(at, f), want, got)
				}
			})
		},
		decoding: true,
	}
}

// name is what messages call a value: a field, or an element of one.
func name(at *source.Place, f *source.Field) string {
	if at.Token == f.Name {
		return f.Name
	}
	return f.Name + "[" + at.Token + "]"
}

// checkTypes reports the values in an object of the shape that have a wrong
// type. Opaque objects must be objects; what is in them is theirs.
func checkTypes(at *source.Place, s *source.Shape, wrong func(at *source.Place, f *source.Field, got string)) {
	if s.Opaque {
		return
	}
	for member := range at.Members() {
		f := s.Field(member.Token)
		if f == nil || !member.Given() {
			continue
		}
		switch {
		case member.Node.Kind != f.Kind:
			wrong(member, f, member.Node.Kind.String())
		case f.Integer && !isInteger(member.Node.Text):
			wrong(member, f, excerpt.Brief(member.Node.Text))
		case f.Kind == tree.Object && f.Shape != nil:
			checkTypes(member, f.Shape, wrong)
		case f.Kind == tree.Array:
			for element := range member.Elements() {
				checkElement(element, f, wrong)
			}
		}
	}
}

func checkElement(element *source.Place, f *source.Field, wrong func(at *source.Place, f *source.Field, got string)) {
	switch {
	case f.Texts && !element.Is(tree.String):
		wrong(element, f, element.Node.Kind.String())
	case f.Shape != nil && !element.Is(tree.Object):
		wrong(element, &source.Field{Name: f.Name, Kind: tree.Object}, element.Node.Kind.String())
	case f.Shape != nil:
		checkTypes(element, f.Shape, wrong)
	}
}

// isInteger reports whether a number has no fraction, no exponent, and fits into
// the 32 bits that every platform has.
func isInteger(number string) bool {
	_, err := strconv.ParseInt(number, 10, 32)
	return err == nil && !strings.HasPrefix(number, "+")
}
