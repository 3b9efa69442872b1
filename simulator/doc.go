// Package simulator is a reference broker to test platforms against. It offers
// one service, simulated, with a plan for each way in which the Open Service
// Broker API can be used, follows the specification to the letter, and
// misbehaves exactly when it is told to: by the parameters of an instance or a
// binding, or by its control endpoint. It records what platforms send.
//
// A [Simulator] is an [net/http.Handler]; the engine of package durable carries
// its operations out, so that they survive a crash if the store does.
//
// Two kinds of misbehaviour are told apart. What goes wrong in an operation (it
// takes long, or fails after it was accepted) is the provider's, and happens
// where it would in a real broker. What goes wrong in an answer (an error, a
// dropped connection, broken JSON) is decided in the broker, when a request has
// passed all checks, and carried out around the handler.
//
// docs/simulate.md is the manual. The package does not own a store, a listener
// or flags: openbroker simulate puts these together.
package simulator
