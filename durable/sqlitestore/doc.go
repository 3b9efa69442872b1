// Package sqlitestore is the [durable.Store] on one SQLite file: the default of
// a broker that runs as a single process.
//
// It owns the file, its migrations and the order in which changes become
// durable. One goroutine writes. It takes all the changes that wait, makes
// them in one transaction, and answers their callers when that is on disk
// (WAL, synchronous=FULL): many requests share one sync, and none is answered
// before its own. Reads run beside it on connections of their own.
//
// One process has the file at a time, held by a lock on the file's name with
// the suffix ".lock". Leases therefore never outlive the process that took
// them: [Open] releases those that it finds. The lock file also tells whether
// the last process closed the database; if not, Open checks all of it first. A
// file that is damaged, that is no database of openbroker, or whose schema is
// newer than this program is refused and left as it is.
//
// Operators look into the database, and intervene, beside that process: see
// [Attach].
//
// It does not decide what a change may do: that is the engine's, in package
// durable. It does not encrypt: the engine seals what is secret before it
// arrives here. For several replicas use package pgstore.
package sqlitestore
