// Package check has the command check: it runs package conformance against a broker,
// and writes its reports.
package check
