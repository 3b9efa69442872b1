package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog/internal/rules"
	"github.com/openbroker/openbroker/catalog/internal/source"
)

// Load returns the catalog of a file or directory. The catalog must satisfy all rules of
// package lint that are errors on every platform, so that a broker can serve it.
// [LoadSource] describes the files. The error is [Errors] if the files can be read.
//
// A field with a misspelt name, or in the wrong object, is an extension field: a broker can
// serve it. Load reports such a field to each function of warn; without one, it logs a
// warning to slog.Default().
func Load(path string, warn ...func(Finding)) (*openbroker.Catalog, error) {
	source, err := LoadSource(path)
	if err != nil {
		return nil, err
	}
	return source.Valid(warn...)
}

// Parse is [Load] for the content of one file that is not on disk, such as an embedded
// file. It is JSON if the name ends in .json, else YAML.
func Parse(name string, data []byte, warn ...func(Finding)) (*openbroker.Catalog, error) {
	source, err := ParseSource(name, data)
	if err != nil {
		return nil, err
	}
	return source.Valid(warn...)
}

// withoutEffect are the rules about fields that brokers and platforms ignore, although
// their author intends an effect.
var withoutEffect = []string{"field-misspelled", "field-misplaced"}

// Valid returns the catalog if a broker can serve it, as [Load] does.
func (s *Source) Valid(warn ...func(Finding)) (*openbroker.Catalog, error) {
	c, err := s.Catalog()
	if err != nil {
		return nil, err
	}
	var wrong, ineffective []rules.Finding
	for _, f := range rules.Run((*source.Source)(s)) {
		switch {
		case f.Everywhere():
			wrong = append(wrong, f)
		case slices.Contains(withoutEffect, f.Rule.ID):
			ineffective = append(ineffective, f)
		}
	}
	if err := errorsOf(wrong); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", (*source.Source)(s).Name(), err)
	}
	if len(warn) == 0 {
		warn = []func(Finding){logWarning}
	}
	for _, f := range findingsOf(ineffective) {
		for _, each := range warn {
			each(f)
		}
	}
	return c, nil
}

func logWarning(f Finding) {
	slog.Default().LogAttrs(context.Background(), slog.LevelWarn, "a field of the catalog has no effect", slog.String("finding", f.String()))
}

// Validate checks a catalog that is written in Go against the rules that [Load] applies.
// They go beyond the method Validate of the catalog, which checks ids, names and
// descriptions. The error is [Errors], with pointers instead of positions.
func Validate(c *openbroker.Catalog) error {
	s, err := SourceOf(c)
	if err != nil {
		return err
	}
	return errorsOf(slices.DeleteFunc(rules.Run((*source.Source)(s)), func(f rules.Finding) bool { return !f.Everywhere() }))
}

// errorsOf returns findings as an error, or nil if there are none.
func errorsOf(found []rules.Finding) error {
	if len(found) == 0 {
		return nil
	}
	return Errors(findingsOf(found))
}

func findingsOf(found []rules.Finding) []Finding {
	list := make([]Finding, len(found))
	for i := range found {
		f := &found[i]
		list[i] = Finding{
			Rule: f.Rule.ID, Severity: Severity(f.Severity), Position: Position{f.File(), f.At.Line, f.At.Column},
			Pointer: f.Pointer, Message: f.Message, Fix: f.Rule.Fix, Uses: f.Uses,
			Excerpt: f.Excerpt, ExcerptColumn: f.ExcerptColumn,
		}
	}
	return list
}

// Report returns a finding about the value at a JSON pointer (RFC 6901), with its
// position and the fix of the rule; name means the name of the value. It is for checks
// of fields that this package does not know. The rule is one of package lint.
func (s *Source) Report(rule, pointer string, name bool, message string) Finding {
	return findingsOf([]rules.Finding{rules.At((*source.Source)(s), rule, pointer, name, message)})[0]
}

// ReportInside is [Source.Report] for a place inside a text: after a number of its
// characters, as far as the file has the text as it is.
func (s *Source) ReportInside(rule, pointer string, offset int, message string) Finding {
	return findingsOf([]rules.Finding{rules.Inside((*source.Source)(s), rule, pointer, offset, message)})[0]
}

// Served reports whether the source is the answer of a running broker.
func (s *Source) Served() bool { return (*source.Source)(s).Catalog().Served }
