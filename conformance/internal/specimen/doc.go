// Package specimen is a small Open Service Broker API 2.17 broker with which
// the checks of package conformance are tested.
//
// It is written from the specification alone and shares nothing with the rest
// of the module: it is a second opinion. Everything is kept in memory, and an
// asynchronous operation ends once it has been polled often enough, so that no
// test waits.
//
// Without a mutation the broker follows the specification. A [Mutation] breaks
// exactly one clause, at the one place where that clause is implemented: look
// for its id. A [Variation] uses one liberty that the specification gives, so
// that a check that is too strict shows itself.
package specimen
