// Package durable is the operations engine: a [openbroker.Broker] whose state
// survives crashes. An author writes plain, synchronous functions, a
// [Provider]; the engine makes them a broker: it records what was asked for
// before it does anything, answers repeated and concurrent requests as the
// specification demands, runs operations in the background, resumes them on
// another replica when one dies, cancels, retries, cleans up, and keeps
// parameters and credentials encrypted.
//
// Providers must be idempotent. An attempt can be interrupted at any point, and
// the next one starts from the beginning, or from what [Task.Save] kept.
//
// The rules are written down in docs/operation-states.md. The package owns
// them and nothing else: HTTP is the root package's, SQL is that of the stores
// (durable/sqlitestore, durable/pgstore), encryption is that of package seal.
package durable
