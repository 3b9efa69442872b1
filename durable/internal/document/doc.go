// Package document defines the JSON documents that the engine stores: the details of
// instances, bindings and operations, the checkpoints of providers, and the failures
// of operations.
//
// The types and JSON names of a document do not follow changes of the API, so that a
// broker reads what earlier versions stored. A new field may be added without a new
// format: an older binary ignores the field, and drops it when it writes the document
// again. If that would lose something, or if a field changes its meaning, increase
// the format of the document: older binaries then refuse it.
//
// The package owns the stored form and its formats. Package durable converts documents
// from and to its own types, seals them, and decides when to store them.
package document
