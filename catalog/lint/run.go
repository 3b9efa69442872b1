package lint

import (
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/rules"
	"github.com/openbroker/openbroker/catalog/internal/source"
)

// Run returns the violations of all rules, in the order of their positions.
//
// With platforms, it omits violations to which only other platforms object. Without
// platforms, it omits those that the specification allows and some platforms only
// misread; see [Rule.On]. It returns at most 1,000 violations of one rule; the last of
// these says how many are omitted.
func Run(s *catalog.Source, platforms ...Platform) []catalog.Finding {
	found := rules.Run((*source.Source)(s), named(platforms)...)
	list := make([]catalog.Finding, len(found))
	for i := range found {
		f := &found[i]
		list[i] = catalog.Finding{
			Rule: f.Rule.ID, Severity: catalog.Severity(f.Severity),
			Position: catalog.Position{File: f.File(), Line: f.At.Line, Column: f.At.Column},
			Pointer:  f.Pointer, Message: f.Message, Fix: f.Rule.Fix, Uses: f.Uses,
			Excerpt: f.Excerpt, ExcerptColumn: f.ExcerptColumn,
		}
		for _, platform := range f.Platforms {
			list[i].Platforms = append(list[i].Platforms, string(platform))
		}
	}
	return list
}
