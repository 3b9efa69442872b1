package rules

import (
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// typeRules are about the types of fields that the specification defines. Separate rules
// are about metadata, which platforms do not check.
var typeRules = []Rule{
	typeRule("type-object", "an object", "Write the object as name: value.", func(f *source.Field) bool { return f.Kind == tree.Object }),
	typeRule("type-array", "an array", "Write a list, even for a single element.", func(f *source.Field) bool { return f.Kind == tree.Array && !f.Texts }),
	typeRule("type-strings", "an array of strings", "Write a list of texts, with quotes around a text that looks like another type.", func(f *source.Field) bool { return f.Texts }),
	typeRule("type-string", "a string", "Put the value into quotes.", func(f *source.Field) bool { return f.Kind == tree.String }),
	typeRule("type-boolean", "a boolean", "Write true or false, without quotes.", func(f *source.Field) bool { return f.Kind == tree.Bool }),
	typeRule("type-integer", "an integer of at most 32 bits", "Write a whole number of seconds, in digits, without quotes.", func(f *source.Field) bool { return f.Integer }),
}

func typeRule(id, want, fix string, about func(*source.Field) bool) Rule {
	return Rule{
		ID: id, Severity: SeverityError,
		Clause:  bodyClause,
		Summary: "A field that the specification defines as " + want + " has that type.",
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

// name returns a field, or an element of it, for a message.
func name(at *source.Place, f *source.Field) string {
	if at.Token == f.Name {
		return f.Name
	}
	return f.Name + "[" + at.Token + "]"
}

// checkTypes reports the values of the wrong type in an object. It does not look into
// opaque objects.
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

// isInteger reports whether a number has no fraction and no exponent, and fits into the 32
// bits that every platform supports.
func isInteger(number string) bool {
	_, err := strconv.ParseInt(number, 10, 32)
	return err == nil && !strings.HasPrefix(number, "+")
}
