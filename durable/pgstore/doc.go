// Package pgstore is the [durable.Store] on PostgreSQL 13 or newer, for any number
// of replicas on one database.
//
// The store acknowledges a change when PostgreSQL has acknowledged its commit, with
// synchronous_commit=on even if the role has another default. Changes of many
// callers share a transaction. Each change is one statement that begins with its
// guard: a refused change writes nothing, and the others commit. All times come from
// the clock of the database.
//
// The package owns its schema, its migrations, its connections and how changes
// become durable. Each connection needs its own session: connect directly, or
// through a pooler in session mode. [Open] refuses other poolers.
//
// The package does not decide what a change may do: the engine in package durable
// does, and package storetest is the contract. It does not encrypt: the engine seals
// secrets before it stores them.
package pgstore
