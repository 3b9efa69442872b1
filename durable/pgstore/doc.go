// Package pgstore keeps the engine's records in PostgreSQL 13 or newer, for any
// number of replicas on one database.
//
// A change is answered when PostgreSQL has acknowledged its commit, with
// synchronous_commit=on whatever the role's default is. What many callers want
// written at the same time becomes one transaction: each change is one
// statement that begins with its guard, so that a refused one writes nothing
// while the others commit. All times are those of the database's clock.
//
// The package owns its schema, its migrations and its connections. They need a
// session of their own: connect directly, or through a pooler in session mode.
// It knows nothing of what the records mean; package durable decides, and
// package storetest is the contract.
package pgstore
