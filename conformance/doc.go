// Package conformance checks over HTTP whether a service broker follows the
// Open Service Broker API 2.17. The broker may be written in any language.
//
// [Checks] is the table of all checks. Each check has a permanent id, a clause
// of the specification, a level (MUST, SHOULD or MAY) and expectations in
// words. [Scenarios] is the table of the requests: the lifecycles of instances
// and bindings whose responses the checks judge. [Run] sends the requests to a
// broker and returns a [Report].
//
// A run reads the catalog to select the checks that apply, generates parameters
// from the schemas of the plans (or takes them from [Options].Parameters) and
// runs independent scenarios in parallel. It deletes everything that it
// created, even if its context ends, and changes nothing else.
//
// The package owns the checks, the scenarios, the run and the reports.
// [Report.Write] writes a report as text, JSON, JUnit, Markdown or HTML. The
// command `openbroker check` owns the flags and exit codes; package brokertest
// owns the subtests of `go test`.
//
// The package is an independent oracle: it uses the standard library only and
// shares no type, encoder or decoder with the rest of this module.
package conformance
