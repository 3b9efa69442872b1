package conformance

import (
	"net/http"
	"time"
)

// These functions export internals to tests.

// Generate generates parameters from a schema in JSON.
func Generate(schema []byte) (valid, other, invalid map[string]any) {
	object, _ := readDocument(schema).value.(map[string]any)
	return generateAll(object)
}

// Read parses a body as JSON.
func Read(body []byte) (value any, fault, duplicate string) {
	doc := readDocument(body)
	return doc.value, doc.fault, doc.duplicate
}

// Discover reads a catalog. It returns the names of the plans that the run
// uses, and of the plans that it leaves out.
func Discover(catalog []byte, options Options) (used, leftOut []string, err error) {
	found, err := discover(readDocument(catalog).value, options, nil)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range found.subjects {
		used = append(used, s.name())
	}
	return used, found.leftOut, nil
}

// JudgeCatalog applies all checks of the catalog's content. It returns the ids
// of the failed checks.
func JudgeCatalog(catalog []byte) []string {
	a := &answer{endpoint: GetCatalog, status: 200, header: http.Header{}, body: catalog, json: readDocument(catalog), subject: &subject{}}
	var failed []string
	for _, check := range Checks() {
		if check.Scenario != "catalog" || check.Steps[0] != "catalog" {
			continue
		}
		if condition := check.If; !condition.IsZero() && !condition.holds(&judgement{answer: a, record: &record{}}) {
			continue
		}
		for _, expectation := range check.Expect {
			if expectation.each != nil && expectation.each(&judgement{answer: a, record: &record{}}) != "" {
				failed = append(failed, check.ID)
			}
		}
	}
	return failed
}

// Mask returns a body as reports show it.
func Mask(target Target, options Options, body string) string {
	return newMasker(target, options).body([]byte(body))
}

// Interval returns the pause that a Retry-After asks for.
func Interval(retryAfter string, options Options) time.Duration {
	r := &run{options: options.withDefaults()}
	return r.pollInterval(http.Header{"Retry-After": {retryAfter}})
}
