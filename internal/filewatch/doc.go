// Package filewatch follows files that a process uses and that change while it runs:
// credentials, keysets, certificates, catalogs.
//
// It owns when to read a file again: after notifications of the file system, whether the
// file was written in place, replaced by a rename, or swapped by Kubernetes, and at
// intervals, for file systems and links without notifications. It does not read files,
// and does not decide whether their content is usable: its callers do.
package filewatch
