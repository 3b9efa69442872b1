package catalog

import (
	"fmt"

	"github.com/openbroker/openbroker"
)

// Read returns the catalog of a file or directory, if a broker can serve it: it is
// [Load], [Source.Catalog], the rules of [Lint] that hold on every platform, as far as
// they are errors, and Catalog.Validate. The error is [Errors] if the files can be
// read.
func Read(path string) (*openbroker.Catalog, error) {
	source, err := Load(path)
	if err != nil {
		return nil, err
	}
	c, err := source.Catalog()
	if err != nil {
		return nil, err
	}
	var problems Errors
	for _, finding := range Lint(source) {
		if finding.Severity == SeverityError && len(finding.Platforms) == 0 {
			problems = append(problems, finding)
		}
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
