//go:build unix

// Command chaos injects random faults around the operations engine while
// clients use it, and then verifies that nothing was lost.
//
// It starts a private PostgreSQL and three replica processes of a broker, or
// one replica on a SQLite file. Concurrent clients behave like platforms.
// Meanwhile the command kills and pauses replicas. It restarts, crashes and
// freezes the database, terminates its connections, refuses new ones and makes
// it read-only. Then it ends the faults, waits until all operations have ended,
// and compares the store, the responses to clients and the ledger of the
// provider.
//
// After that, several clients use the same instances without regard for each other,
// with one fault at a time, and package history checks that the responses are
// linearizable.
//
// The ledger is independent of the store and the replicas: it runs in the main
// process, which gets no faults. Like a service that supports fencing, it refuses
// attempts that were overtaken.
//
// The package owns the faults, the clients, the ledger and the checks. It does
// not own what it tests: package durable on a real store behind a real HTTP
// server. docs/chaos.md is the manual.
package main
