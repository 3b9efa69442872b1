package main

import (
	"io"

	"github.com/openbroker/openbroker/conformance"
)

// listChecks prints the table of checks.
func listChecks(stdout io.Writer, format conformance.Format, checks []conformance.Check) error {
	if format == conformance.FormatJSON {
		return conformance.WriteChecksJSON(stdout, checks)
	}
	list := &listing[conformance.Check]{
		output: stdout, titles: []string{"CHECK", "LEVEL", "PLATFORM", "CLAUSE", "WHAT HOLDS"},
		row: func(c conformance.Check) []string {
			return []string{c.ID, c.Level.String(), string(c.Profile), c.Clause.Document + ", " + c.Clause.Section, c.Title}
		},
	}
	return list.print(checks)
}
