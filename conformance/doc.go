// Package conformance checks, over HTTP and from outside, whether a service
// broker follows the Open Service Broker API 2.17. It works against any broker
// in any language.
//
// [Checks] is the table of all checks: each has an id that stays, a clause of
// the specification, a level (MUST, SHOULD, MAY) and what it expects, in words.
// [Scenarios] is the table of what is sent: the lifecycles of instances and
// bindings whose answers the checks judge. [Run] runs them against a broker and
// returns a [Report].
//
// A run reads the catalog to find out what applies, generates parameters from
// the schemas of the plans (or takes them from [Options].Parameters), runs
// independent scenarios in parallel and deletes all that it created, also if
// its context ends. It changes nothing that it did not create.
//
// The package is an independent oracle. It uses the standard library only and
// shares no type, encoder or decoder with the rest of this module: what it
// knows of the specification, it knows from the specification. [Report.Write]
// writes what was found, for people and for programs. Most users meet the
// package in the command `openbroker check` and in package brokertest.
package conformance
