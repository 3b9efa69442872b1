package catalog

import (
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// typeRules are about the types of fields that the specification defines. What
// metadata is about has rules of its own, as platforms take it as it is.
var typeRules = []rule{
	typeRule("type-object", "an object", "Write it as name: value.", func(f *field) bool { return f.kind == tree.Object }),
	typeRule("type-array", "an array", "Write it as a list, even of one.", func(f *field) bool { return f.kind == tree.Array && !f.texts }),
	typeRule("type-strings", "an array of strings", "Write it as a list of texts, each in quotes if it looks like something else.", func(f *field) bool { return f.texts }),
	typeRule("type-string", "a string", "Put the value into quotes.", func(f *field) bool { return f.kind == tree.String }),
	typeRule("type-boolean", "a boolean", "Write true or false, without quotes.", func(f *field) bool { return f.kind == tree.Bool }),
	typeRule("type-integer", "an integer of at most 32 bits", "Write a whole number of seconds, in digits, without quotes.", func(f *field) bool { return f.integer }),
}

func typeRule(id, want, fix string, about func(*field) bool) rule {
	return rule{
		Rule: Rule{
			ID: id, Severity: SeverityError,
			Clause:  bodyClause,
			Summary: "A field that the specification defines as " + want + " is one.",
			Fix:     fix,
		},
		check: func(c *checked, report report) {
			if id == "type-object" && !c.is(tree.Object) && len(c.elsewhere()) == 0 {
				report(c.place, "a catalog must be an object, not %s", c.node.Kind)
			}
			checkTypes(c.place, catalogShape, func(at *place, f *field, got string) {
				switch {
				case !about(f):
				case f.texts && at.token != f.name:
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
func name(at *place, f *field) string {
	if at.token == f.name {
		return f.name
	}
	return f.name + "[" + at.token + "]"
}

// checkTypes reports the values in an object of the shape that have a wrong
// type. Opaque objects must be objects; what is in them is theirs.
func checkTypes(at *place, s *shape, wrong func(at *place, f *field, got string)) {
	if s.opaque {
		return
	}
	for member := range at.members() {
		f := s.field(member.token)
		if f == nil || !member.given() {
			continue
		}
		switch {
		case member.node.Kind != f.kind:
			wrong(member, f, member.node.Kind.String())
		case f.integer && !isInteger(member.node.Text):
			wrong(member, f, printable(member.node.Text))
		case f.kind == tree.Object && f.shape != nil:
			checkTypes(member, f.shape, wrong)
		case f.kind == tree.Array:
			for element := range member.elements() {
				checkElement(element, f, wrong)
			}
		}
	}
}

func checkElement(element *place, f *field, wrong func(at *place, f *field, got string)) {
	switch {
	case f.texts && !element.is(tree.String):
		wrong(element, f, element.node.Kind.String())
	case f.shape != nil && !element.is(tree.Object):
		wrong(element, &field{name: f.name, kind: tree.Object}, element.node.Kind.String())
	case f.shape != nil:
		checkTypes(element, f.shape, wrong)
	}
}

// isInteger reports whether a number has no fraction, no exponent, and fits into
// the 32 bits that every platform has.
func isInteger(number string) bool {
	_, err := strconv.ParseInt(number, 10, 32)
	return err == nil && !strings.HasPrefix(number, "+")
}
