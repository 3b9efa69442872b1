// Package specimen is a small Open Service Broker API 2.17 broker for tests of
// the checks of package conformance.
//
// The package owns the broker, its mutations and its variations. It does not
// own the checks: package conformance tests them against the broker. The broker
// is written from the specification and shares no code with the rest of the
// module, so it is a second reading. It keeps everything in memory. An
// asynchronous operation ends after a number of polls, so no test waits.
//
// Without a mutation, the broker follows the specification. A [Mutation] breaks
// exactly one clause, at the one place that implements it: search for its id. A
// [Variation] uses one freedom that the specification gives, which exposes
// checks that are too strict.
package specimen
