// Package memstore keeps the records of an engine in memory, for tests.
//
// A [Store] keeps the whole contract of [durable.Store] and [admin.Store] except one
// promise: nothing survives the process. Do not run a broker on it that has to keep what it
// accepted.
//
// Tests use it in place of a database. It needs no file and no server. It has a clock that a
// test can set, see [WithClock], and any number of replicas, see [Store.Replica]. It also
// works in a bubble of testing/synctest, if it is made in the bubble: it locks with a
// channel, for which a bubble waits, and not with a mutex, which would stop the clock of the
// bubble while its holder sleeps.
package memstore
