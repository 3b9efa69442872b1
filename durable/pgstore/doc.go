// Package pgstore is the [durable.Store] on PostgreSQL 13 or newer, for any number
// of replicas on one database.
//
// The store acknowledges a change when PostgreSQL has acknowledged its commit, with
// synchronous_commit=on whatever the default of the role is. Changes of many callers
// share a transaction: each is one statement that begins with its guard, so that a
// refused change writes nothing while the others commit. All times come from the
// clock of the database.
//
// The package owns its schema, its migrations, its connections and how changes
// become durable. The connections need a session of their own: connect directly, or
// through a pooler in session mode.
//
// The package does not decide what a change may do: the engine in package durable
// does, and package storetest is the contract. It does not encrypt: the engine seals
// secrets before it stores them.
package pgstore
