package rules

import (
	"iter"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// nullRules are about fields that are null. The specification has no null, and
// [source.Source.DefinedJSON] leaves such fields out.
var nullRules = []Rule{
	{
		ID: "cloudfoundry-list-null", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "The tags and requires that a broker serves are not null.",
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
					report(at, "%s is null", f.Name)
				}
			}
		},
	},
}

// refusesNull reports whether a separate rule is about a null, because a platform refuses
// it. Platforms see a null only if a running broker serves it.
func (c *checked) refusesNull(f *source.Field) bool {
	return c.Served && (f.Texts && f.Name != "bullets" || f.Name == "documentationUrl")
}

// extensionRules are about fields that the specification does not define. Such fields are
// allowed, but some are mistakes.
var extensionRules = []Rule{
	{
		ID: "field-misspelled", Severity: SeverityWarning, Clause: catalogClause,
		Summary: "The name of an extension field does not resemble a field that the specification or its profile defines.",
		Fix:     "Correct the name. If it is intended, disable this rule.",
		check: func(c *checked, report report) {
			for at, s := range c.unknown() {
				if near := nearest(at, s); near != "" {
					report(at.NamePlace(), "unknown field %s: did you mean %s?", excerpt.Brief(at.Token), near)
				}
			}
		},
	},
	{
		ID: "field-misplaced", Severity: SeverityWarning, Clause: catalogClause,
		Summary: "A field that the specification defines is in the right object.",
		Fix:     "Move the field to that object.",
		check: func(c *checked, report report) {
			for at, s := range c.unknown() {
				if home := homeOf(at.Token, s); home != "" && nearest(at, s) == "" {
					report(at.NamePlace(), "%s belongs to %s, not to %s", excerpt.Brief(at.Token), home, s.Title)
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

// unknown yields the extension fields of all objects, with the shape of the object.
func (c *checked) unknown() iter.Seq2[*source.Place, *source.Shape] {
	return func(yield func(*source.Place, *source.Shape) bool) {
		if !c.Member("services").Given() {
			return // It is not a catalog.
		}
		walk(c.Place, source.CatalogShape, func(at *source.Place, s *source.Shape) bool {
			return s.Field(at.Token) != nil || yield(at, s)
		})
	}
}

// walk calls each for the fields of an object and of the objects in it, until each returns
// false.
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

// homeOf returns the name of the object that a field belongs to, unless that object is s.
func homeOf(name string, s *source.Shape) string {
	switch s {
	case source.ServiceShape, source.PlanShape, source.CatalogShape:
		if s == source.PlanShape && name == "tags" {
			return "" // Plans have tags of their own; see docs/plans.md.
		}
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
		// Metadata may have any field, but a platform acts on this one.
		if name == "shareable" {
			return source.ServiceMetadataShape.Title
		}
	}
	return ""
}

// nearest returns the field of the shape that an unknown field is likely to mean.
func nearest(at *source.Place, s *source.Shape) string {
	name := at.Token
	if homeOf(name, s) != "" || strings.HasPrefix(name, "x-") {
		return ""
	}
	best, distance := "", len(name)
	for i := range s.Fields {
		known := s.Fields[i].Name
		if at.Parent.Member(known).Node != nil {
			continue // The object has it already.
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

// suggestion returns the suggestion in a message for a value that resembles a known
// value.
func suggestion(value string, known []string) string {
	for _, k := range known {
		if spelling.Distance(value, k) <= 2 {
			return ": did you mean " + k + "?"
		}
	}
	return ""
}
