// Package durable is the operations engine: a [openbroker.Broker] whose state
// survives crashes. An author writes plain, synchronous functions, a [Provider]. The
// engine makes a broker of them: it records a request before it acts on it, answers
// repeated and concurrent requests as the specification requires, runs operations in
// the background, resumes them on another replica when one dies, cancels, retries,
// cleans up, and stores parameters and credentials encrypted.
//
// Providers must be idempotent. An attempt can be interrupted at any point, and the
// next one starts at the beginning, or at what [Task.Save] kept.
//
// The package owns the rules of docs/operation-states.md: when a request begins an
// operation, what the operation does to the records, and how it is repeated,
// cancelled and cleaned up. It owns the contract of a [Store], too. It does not own
// HTTP (package openbroker), SQL (durable/sqlitestore and durable/pgstore),
// encryption (package seal), what operators do (durable/admin), or the file format in
// which records move between stores (durable/archive).
package durable
