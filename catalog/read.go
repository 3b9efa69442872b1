package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/openbroker/openbroker"
)

// ignored are rules about fields that brokers and platforms take no notice of, though
// their author surely means something.
var ignored = []string{"field-misspelled", "field-misplaced"}

// Read returns the catalog of a file or directory, if a broker can serve it: it is
// [Load], [Source.Catalog], the rules of [Lint] that hold on every platform, as far as
// they are errors, and Catalog.Validate. The error is [Errors] if the files can be
// read.
//
// Fields whose names are misspelt, or that are in the wrong object, are extension
// fields, with which the catalog can be served. Each is a finding of [Lint] for the
// functions warn; without any, slog.Default() gets them as warnings.
func Read(path string, warn ...func(Finding)) (*openbroker.Catalog, error) {
	source, err := Load(path)
	if err != nil {
		return nil, err
	}
	c, err := source.Catalog()
	if err != nil {
		return nil, err
	}
	if len(warn) == 0 {
		warn = []func(Finding){func(f Finding) {
			slog.Default().LogAttrs(context.Background(), slog.LevelWarn, "a field of the catalog has no effect", slog.String("finding", f.String()))
		}}
	}
	var problems, warnings Errors
	for _, finding := range Lint(source) {
		switch {
		case finding.Severity == SeverityError && len(finding.Platforms) == 0:
			problems = append(problems, finding)
		case slices.Contains(ignored, finding.Rule):
			warnings = append(warnings, finding)
		}
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, finding := range warnings {
		for _, each := range warn {
			each(finding)
		}
	}
	return c, nil
}
