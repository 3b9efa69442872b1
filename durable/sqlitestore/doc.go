// Package sqlitestore is the [durable.Store] on one SQLite file: the default of a
// broker that runs as a single process.
//
// The package owns the file, its migrations, its backups, and how changes become
// durable. One goroutine writes. It commits all waiting changes in one transaction
// (WAL, synchronous=FULL) and then answers their callers: many requests share one
// sync, and each is answered after it. Reads run in parallel, on connections of
// their own.
//
// One process at a time opens the file. A lock on the file's name with the suffix
// ".lock" enforces this. Leases therefore never outlive the process that took them:
// [Open] releases those that it finds. The lock file also records whether the last
// process closed the database; if it did not, Open checks the whole database. Open
// refuses a file that is damaged, that is not a database of openbroker, or whose
// schema is newer than this program, and leaves it unchanged.
//
// Operators can read and change the database while that process runs: see [Attach].
//
// The package does not decide what a change may do: the engine in package durable
// does. It does not encrypt: the engine seals secrets before it stores them. It does
// not serve several replicas: package pgstore does.
package sqlitestore
