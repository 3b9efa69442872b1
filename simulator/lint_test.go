package simulator_test

import (
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// The linter has no findings about the catalog.
func TestLint(t *testing.T) {
	t.Parallel()
	b := start(t)
	source, err := catalog.ParseSource("catalog.json", []byte(b.expect(200, "GET", "/v2/catalog", "").text))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, finding := range lint.Run(source) {
		found = append(found, finding.String())
	}
	if len(found) > 0 {
		t.Error(strings.Join(found, "\n"))
	}
}
