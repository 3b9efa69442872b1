// Package archive writes everything that a store holds into one file, and reads
// it again: to move a broker from one database to another.
//
// An archive is JSON, one object per line: a header, then each
// [admin.ExportItem] in the order of [admin.Store].Export, then a last line
// with how many there were and the SHA-256 of all lines before. A reader gives
// the items one by one and reports at the end, before an import is committed,
// if anything is missing, damaged, or out of order. Both need no more memory for
// a large archive than for a small one.
//
// What is sealed stays so: an archive is of use only with the keyset of the
// store it is from. What is not sealed (ids, states, descriptions, the audit
// trail) can be read and, by whoever computes the checksum again, changed: keep
// archives where the database is kept.
//
// The package owns the format. What is in a store, and when it may be moved, is
// the business of package durable and its callers.
package archive
