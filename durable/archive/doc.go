// Package archive writes everything that a store holds into one file, and reads it
// again, to move a broker from one database to another.
//
// An archive is JSON, one object per line: a header, then each [admin.ExportItem] in
// the order of [admin.Store].Export, then a last line with their numbers and the
// SHA-256 of all lines before. A reader yields the items one by one. At the end, before
// an import is committed, it reports whether items are missing, damaged or out of
// order. The memory of both does not grow with the archive.
//
// Sealed values stay sealed: an archive is useless without the keyset of its store.
// Everything else (ids, states, descriptions, the audit trail) is readable, and an
// attacker who also computes the checksum can change it: protect archives like the
// database.
//
// The package owns the format of the file. Package durable/admin and the stores own
// what an export contains, and the commands of package app when it is allowed.
package archive
