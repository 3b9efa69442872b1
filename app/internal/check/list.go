package check

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/conformance"
)

// listChecks lists checks.
func listChecks(stdout io.Writer, format output.Format, checks []conformance.Check) error {
	if format == output.JSON {
		return conformance.WriteChecksJSON(stdout, checks)
	}
	if format == output.YAML {
		var document bytes.Buffer
		if err := conformance.WriteChecksJSON(&document, checks); err != nil {
			return err
		}
		return output.WriteYAML(stdout, json.RawMessage(document.Bytes()))
	}
	list := &output.List[conformance.Check]{
		Out: stdout, Titles: []string{"CHECK", "LEVEL", "PLATFORM", "CLAUSE", "WHAT HOLDS"},
		Row: func(c conformance.Check) []string {
			return []string{c.ID, c.Level.String(), string(c.Profile), c.Clause.Document + ", " + c.Clause.Section, c.Title}
		},
	}
	return list.Print(checks)
}
