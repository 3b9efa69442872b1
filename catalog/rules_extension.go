package catalog

import (
	"iter"
	"strings"

	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// nullRules are about fields that are null. The specification knows no null;
// [Source.Catalog] leaves such fields out.
var nullRules = []rule{
	{
		Rule: Rule{
			ID: "cf-list-null", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
			Summary: "tags and requires are not null in what a broker serves.",
			Fix:     "Serve an empty list, or leave the field out.",
		},
		check: func(c *checked, report report) {
			for at, f := range c.known() {
				if at.is(tree.Null) && f.texts && c.refusesNull(f) {
					report(at, "%s is null", f.name)
				}
			}
		},
	},
	{
		Rule: Rule{
			ID: "field-null", Severity: SeverityWarning, Clause: bodyClause,
			Summary: "A field that the specification defines is not null.",
			Fix:     "Give it a value, or remove it.",
		},
		check: func(c *checked, report report) {
			for at, f := range c.known() {
				if at.is(tree.Null) && !c.refusesNull(f) {
					report(at, "%s has no value", f.name)
				}
			}
		},
	},
}

// refusesNull reports whether a rule of its own is about a null: a platform refuses
// it, and gets to see it. From files, [Source.Catalog] leaves it out.
func (c *checked) refusesNull(f *field) bool {
	return c.served && (f.texts && f.name != "bullets" || f.name == "documentationUrl")
}

// extensionRules are about fields that the specification does not define.
// Nothing is wrong with them, unless they are meant to be others.
var extensionRules = []rule{
	{
		Rule: Rule{
			ID: "field-misspelled", Severity: SeverityWarning, Clause: catalogClause,
			Summary: "The name of an extension field is not nearly that of a field that the specification or its profile defines.",
			Fix:     "Correct the name; if it is meant to be what it is, disable this rule.",
		},
		check: func(c *checked, report report) {
			for at, s := range c.unknown() {
				if near := nearest(at, s); near != "" {
					report(at.name(), "%s is unknown: is %s meant?", printable(at.token), near)
				}
			}
		},
	},
	{
		Rule: Rule{
			ID: "field-misplaced", Severity: SeverityWarning, Clause: catalogClause,
			Summary: "A field that the specification defines is in the object that it defines it for.",
			Fix:     "Move it there.",
		},
		check: func(c *checked, report report) {
			for at, s := range c.unknown() {
				if home := homeOf(at.token, s); home != "" && nearest(at, s) == "" {
					report(at.name(), "%s is a field of %s, not of %s", printable(at.token), home, s.title)
				}
			}
		},
	},
}

// known yields the fields that the specification defines, in all objects.
func (c *checked) known() iter.Seq2[*place, *field] {
	return func(yield func(*place, *field) bool) {
		walk(c.place, catalogShape, func(at *place, s *shape) bool {
			f := s.field(at.token)
			return f == nil || yield(at, f)
		})
	}
}

// unknown yields the extension fields of all objects, and what these are.
func (c *checked) unknown() iter.Seq2[*place, *shape] {
	return func(yield func(*place, *shape) bool) {
		if !c.member("services").given() {
			return // It is something else.
		}
		walk(c.place, catalogShape, func(at *place, s *shape) bool {
			return s.field(at.token) != nil || yield(at, s)
		})
	}
}

// walk calls each for the fields of an object of the shape, and of the objects
// in it, until it returns false.
func walk(at *place, s *shape, each func(at *place, s *shape) bool) bool {
	for member := range at.members() {
		if !each(member, s) {
			return false
		}
		f := s.field(member.token)
		if f == nil || f.shape == nil {
			continue
		}
		if member.is(tree.Object) && f.kind == tree.Object && !walk(member, f.shape, each) {
			return false
		}
		if f.kind != tree.Array {
			continue
		}
		for element := range member.elements() {
			if !walk(element, f.shape, each) {
				return false
			}
		}
	}
	return true
}

// homeOf names the object that has the field, if it is not one of s.
func homeOf(name string, s *shape) string {
	switch s {
	case serviceShape, planShape, catalogShape:
		for _, other := range []*shape{catalogShape, serviceShape, planShape} {
			if other != s && other.field(name) != nil {
				return other.title
			}
		}
		metadata := serviceMetadataShape
		if s == planShape {
			metadata = planMetadataShape
		}
		if s != catalogShape && name != "shareable" && metadata.field(name) != nil || name == "shareable" {
			return metadata.title
		}
	case planMetadataShape:
		// Metadata is free, and has what users like; but this one a platform obeys.
		if name == "shareable" {
			return serviceMetadataShape.title
		}
	}
	return ""
}

// nearest returns the field of the shape that an unknown one is likely to be.
func nearest(at *place, s *shape) string {
	name := at.token
	if homeOf(name, s) != "" || strings.HasPrefix(name, "x-") {
		return ""
	}
	best, distance := "", len(name)
	for i := range s.fields {
		known := s.fields[i].name
		if at.parent.member(known).node != nil {
			continue // It is there already.
		}
		if d := spelling.Distance(name, known); d < distance {
			best, distance = known, d
		}
	}
	if !spelling.Close(name, distance) {
		return ""
	}
	return best
}

// suggestion is what messages add for a value that is nearly one of the known.
func suggestion(value string, known []string) string {
	for _, k := range known {
		if spelling.Distance(value, k) <= 2 {
			return ": is " + k + " meant?"
		}
	}
	return ""
}
