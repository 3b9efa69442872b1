// Package paramcheck checks the parameters of requests against JSON Schemas that
// come from catalogs. JSON Schema itself is that of santhosh-tekuri/jsonschema; the
// package adds what a server that is open to users needs: a bound on the work,
// whatever schema and parameters are (work.go, extent.go, pattern.go), texts that
// do not repeat values (violation.go), and a short way for what is valid
// (quick.go).
package paramcheck
