// Package brokertest runs the conformance checks of the Open Service Broker API
// 2.17 as subtests of `go test`:
//
//	func TestConformance(t *testing.T) {
//		brokertest.Run(t, brokertest.Broker(newBroker(t)))
//	}
//
// [Run] sends the requests of a platform over HTTP to an [openbroker.Broker], to
// any [net/http.Handler], or to the broker at a URL. Each check is a subtest
// named after it: one that fails shows the clause of the specification, what
// was expected and what was answered; one that is skipped says what the broker
// does not offer, or makes no use of; one that could not be evaluated fails, because nobody knows.
//
// Package conformance has the checks, and docs/conformance.md lists them. The
// command openbroker check runs them from a shell.
package brokertest
