// Package simulator is a reference broker for tests of platforms. It offers one
// service, simulated, with a plan for each use of the Open Service Broker API,
// and follows the specification exactly. The parameters of an instance or
// binding, or the control endpoint, configure faults. The simulator records the
// requests of platforms.
//
// A [Simulator] is an [net/http.Handler]. The engine of package durable runs
// its operations, so they survive a crash if the store does.
//
// The simulator has two kinds of faults. The provider applies faults of operations: an
// operation is slow, or fails after the broker accepted it. The broker chooses faults of
// responses after a request has passed all checks: an error, a dropped connection or
// broken JSON. A wrapper around the handler applies them.
//
// The package owns the catalog, the faults, the control endpoint and the record
// of requests. It does not own a store, a listener or flags: openbroker
// simulate combines these. docs/simulate.md is the manual.
package simulator
