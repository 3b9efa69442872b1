// Package document defines the JSON documents that the engine stores: what it keeps
// of instances, bindings and operations, the checkpoints of providers, and why
// operations failed.
//
// A document has the types and names of the stored form. They stay as they are when
// those of the API change, so that a broker reads what earlier versions stored. A
// field may be added; a reader of an earlier version ignores it, and loses it when it
// writes the document again. If that must not happen, or if a field changes its
// meaning, the format of the document grows: older readers refuse it then.
//
// The package owns the stored form and its formats. Package durable converts documents
// from and to its own types, seals them, and decides when to store them.
package document
