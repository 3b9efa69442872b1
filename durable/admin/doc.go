// Package admin is for the operators of brokers that package durable runs: it
// lists what a store holds, retries, cancels and fails operations, forgets
// records, finds orphans, and seals data with a new key. It works on the store,
// whether or not engines use it.
//
// The package owns the audit trail and the [Store] that all of this needs. It
// does not own the rules by which an intervention changes records: those are
// [durable.Lifecycle]. The commands that print what this package returns are in
// package app.
package admin
