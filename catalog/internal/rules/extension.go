package rules

import (
	"iter"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// nullRules are about fields that are null. The specification knows no null;
// [Source.Catalog] leaves such fields out.
var nullRules = []Rule{
	{
		ID: "cloudfoundry-list-null", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "tags and requires are not null in what a broker serves.",
		Fix:     "Serve an empty list, or leave the field out.",
		check: func(c *checked, report report) {
			for at, f := range c.known() {
				if at.Is(tree.Null) && f.Texts && c.refusesNull(f) {
					report(at, "%s is null", f.Name)
				}
			}
		},
	},
	{
		ID: "field-null", Severity: SeverityWarning, Clause: bodyClause,
		Summary: "A field that the specification defines is not null.",
		Fix:     "Give it a value, or remove it.",
		check: func(c *checked, report report) {
			for at, f := range c.known() {
				if at.Is(tree.Null) && !c.refusesNull(f) {
					report(at, "%s has no value", f.Name)
				}
			}
		},
	},
}

// refusesNull reports whether a rule of its own is about a null: a platform refuses
// it, and gets to see it. From files, [Source.Catalog] leaves it out.
func (c *checked) refusesNull(f *source.Field) bool {
	return c.Served && (f.Texts && f.Name != "bullets" || f.Name == "documentationUrl")
}

// extensionRules are about fields that the specification does not define.
// Nothing is wrong with them, unless they are meant to be others.
var extensionRules = []Rule{
	{
		ID: "field-misspelled", Severity: SeverityWarning, Clause: catalogClause,
		Summary: "The name of an extension field is not nearly that of a field that the specification or its profile defines.",
		Fix:     "Correct the name; if it is meant to be what it is, disable this rule.",
		check: func(c *checked, report report) {
			for at, s := range c.unknown() {
				if near := nearest(at, s); near != "" {
					report(at.NamePlace(), "%s is unknown: is %s meant?", excerpt.Brief(at.Token), near)
				}
			}
		},
	},
	{
		ID: "field-misplaced", Severity: SeverityWarning, Clause: catalogClause,
		Summary: "A field that the specification defines is in the object that it defines it for.",
		Fix:     "Move it there.",
		check: func(c *checked, report report) {
			for at, s := range c.unknown() {
				if home := homeOf(at.Token, s); home != "" && nearest(at, s) == "" {
					report(at.NamePlace(), "%s is a field of %s, not of %s", excerpt.Brief(at.Token), home, s.Title)
				}
			}
		},
	},
}

// known yields the fields that the specification defines, in all objects.
func (c *checked) known() iter.Seq2[*source.Place, *source.Field] {
	return func(yield func(*source.Place, *source.Field) bool) {
		walk(c.Place, source.CatalogShape, func(at *source.Place, s *source.Shape) bool {
			f := s.Field(at.Token)
			return f == nil || yield(at, f)
		})
	}
}

// unknown yields the extension fields of all objects, and what these are.
func (c *checked) unknown() iter.Seq2[*source.Place, *source.Shape] {
	return func(yield func(*source.Place, *source.Shape) bool) {
		if !c.Member("services").Given() {
			return // It is something else.
		}
		walk(c.Place, source.CatalogShape, func(at *source.Place, s *source.Shape) bool {
			return s.Field(at.Token) != nil || yield(at, s)
		})
	}
}

// walk calls each for the fields of an object of the shape, and of the objects
// in it, until it returns false.
func walk(at *source.Place, s *source.Shape, each func(at *source.Place, s *source.Shape) bool) bool {
	for member := range at.Members() {
		if !each(member, s) {
			return false
		}
		f := s.Field(member.Token)
		if f == nil || f.Shape == nil {
			continue
		}
		if member.Is(tree.Object) && f.Kind == tree.Object && !walk(member, f.Shape, each) {
			return false
		}
		if f.Kind != tree.Array {
			continue
		}
		for element := range member.Elements() {
			if !walk(element, f.Shape, each) {
				return false
			}
		}
	}
	return true
}

// homeOf names the object that has the field, if it is not one of s.
func homeOf(name string, s *source.Shape) string {
	switch s {
	case source.ServiceShape, source.PlanShape, source.CatalogShape:
		for _, other := range []*source.Shape{source.CatalogShape, source.ServiceShape, source.PlanShape} {
			if other != s && other.Field(name) != nil {
				return other.Title
			}
		}
		metadata := source.ServiceMetadataShape
		if s == source.PlanShape {
			metadata = source.PlanMetadataShape
		}
		if s != source.CatalogShape && name != "shareable" && metadata.Field(name) != nil || name == "shareable" {
			return metadata.Title
		}
	case source.PlanMetadataShape:
		// Metadata is free, and has what users like; but this one a platform obeys.
		if name == "shareable" {
			return source.ServiceMetadataShape.Title
		}
	}
	return ""
}

// nearest returns the field of the shape that an unknown one is likely to be.
func nearest(at *source.Place, s *source.Shape) string {
	name := at.Token
	if homeOf(name, s) != "" || strings.HasPrefix(name, "x-") {
		return ""
	}
	best, distance := "", len(name)
	for i := range s.Fields {
		known := s.Fields[i].Name
		if at.Parent.Member(known).Node != nil {
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
