package lint_test

import (
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/catalogtest"
	"github.com/openbroker/openbroker/catalog/lint"
)

// Any file that can be read can be linted for every platform. A single platform never
// has more findings than all platforms together.
func FuzzLint(f *testing.F) {
	catalogtest.AddSeeds(f, "../..")
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		s := catalogtest.ParseFuzzed(t, data, isJSON)
		if s == nil {
			return
		}
		all := lint.Run(s, lint.Platforms()...)
		catalogtest.CheckFindings(t, data, all)
		_, err := s.Catalog()
		if decodes := err == nil; !decodes && !hasError(all) {
			t.Errorf("the catalog cannot be decoded, but lint finds no error: %v", err)
		}
		for _, platform := range lint.Platforms() {
			if some := lint.Run(s, platform); len(some) > len(all) {
				t.Errorf("%s has %d findings, all platforms %d", platform, len(some), len(all))
			}
		}
	})
}

func hasError(findings []catalog.Finding) bool {
	for _, f := range findings {
		if f.Severity == catalog.SeverityError {
			return true
		}
	}
	return false
}
