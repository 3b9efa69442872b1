//go:build unix

// Command chaos breaks everything around the operations engine at random, while
// clients use it, and then proves that nothing was lost.
//
// It starts a private PostgreSQL and three replicas of a broker, which are
// processes of their own, or one replica on a SQLite file. Concurrent clients
// behave as platforms do. Meanwhile replicas are killed and paused, and the
// database is restarted, crashed, frozen, cut off, closed to new connections and
// made read-only. Then the faults stop, everything settles, and the store, the
// answers that clients were given, and the ledger of the provider are compared.
//
// The ledger is independent of the store and of the replicas: it lives in the
// process that no fault touches, and it refuses attempts that were overtaken, as
// a service that supports fencing does.
//
// docs/chaos.md tells how to use it and what it checks. The package owns the
// faults, the clients, the ledger and the checks; what it tests is package
// durable on a real store behind a real HTTP server.
package main
