// Package brokertest runs the conformance checks of the Open Service Broker API
// 2.17 as subtests of `go test`:
//
//	func TestConformance(t *testing.T) {
//		brokertest.Run(t, brokertest.Broker(newBroker(t)))
//	}
//
// [Run] sends the requests of a platform over HTTP to an [openbroker.Broker], to
// any [net/http.Handler], or to the broker at a URL. Each check is a subtest with
// the id of the check. A failed one shows the clause of the specification, the
// expectation and the answer. A skipped one names the optional feature that the
// broker does not offer or use, or its waiver. A check that could not be evaluated
// fails.
//
// The package owns the server for the subject, the mapping of results to subtests,
// and time limits that suit a test. It does not own the checks, their options and
// the report: those are in package conformance, and docs/conformance.md lists the
// checks. The command openbroker check runs the same checks from a shell.
package brokertest
