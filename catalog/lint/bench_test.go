package lint_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// large returns a catalog of 1,000 services with 10 plans each, in YAML and in JSON. All
// schemas differ, so that each must be analysed.
func large(tb testing.TB) (yaml, document []byte) {
	tb.Helper()
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  - id: 6f0c4c1a-0000-4000-8000-%012d\n    name: service-%d\n    description: A service of many.\n    bindable: true\n"+
			"    tags: [relational, sql]\n    metadata:\n      displayName: Service %d\n      documentationUrl: https://example.com/docs/%d\n    plans:\n", i, i, i, i)
		for j := range 10 {
			fmt.Fprintf(&b, `      - id: 7f0c4c1a-0000-4000-8000-%06d%06d
        name: plan-%d
        description: A plan of many.
        free: false
        bindable: true
        metadata:
          displayName: Plan %d
          bullets: ["1 GB", "2 cores"]
          costs:
            - amount: {usd: 99.0}
              unit: MONTHLY
        maximum_polling_duration: 3600
        maintenance_info: {version: 1.2.3}
        schemas:
          service_instance:
            create:
              parameters:
                $schema: http://json-schema.org/draft-04/schema#
                type: object
                properties:
                  size:
                    type: integer
                    maximum: %d
`, i, j, j, j, i*10+j)
		}
	}
	yaml = []byte(b.String())
	s, err := catalog.ParseSource("large.yaml", yaml)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := s.Catalog()
	if err != nil {
		tb.Fatal(err)
	}
	document, err = c.MarshalJSON()
	if err != nil {
		tb.Fatal(err)
	}
	return yaml, document
}

// Parsing and linting a catalog of 1,000 services with 10 plans each should take less than
// a second.
func BenchmarkLint(b *testing.B) {
	yaml, document := large(b)
	for _, c := range []struct {
		name string
		data []byte
	}{{"catalog.yaml", yaml}, {"catalog.json", document}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			for b.Loop() {
				s, err := catalog.ParseSource(c.name, c.data)
				if err != nil {
					b.Fatal(err)
				}
				if findings := lint.Run(s); len(findings) > 0 {
					b.Fatalf("%d findings, the first: %s", len(findings), findings[0].Text())
				}
			}
		})
	}
}

// A fault in each plan of a large catalog in one line should cost little more than no
// fault: compare with BenchmarkLint.
func BenchmarkLintOneLine(b *testing.B) {
	_, document := large(b)
	document = bytes.ReplaceAll(document, []byte(`"free":false`), []byte(`"free":"no"`))
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		s, err := catalog.ParseSource("catalog.json", document)
		if err != nil {
			b.Fatal(err)
		}
		if findings := lint.Run(s); len(findings) < 1000 {
			b.Fatalf("%d findings", len(findings))
		}
	}
}
