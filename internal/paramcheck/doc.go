// Package paramcheck validates the parameters of requests against the JSON Schemas of
// catalogs.
//
// It adds to the library santhosh-tekuri/jsonschema what a public server needs: a bound on
// the work for any schema and parameters (work.go, extent.go, pattern.go), messages without
// values (violation.go), and a fast path for valid parameters (fast_path.go). It does not
// know catalogs or requests: package catalog calls it for each schema.
package paramcheck
