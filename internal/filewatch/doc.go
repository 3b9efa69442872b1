// Package filewatch follows files that a process uses and that change while it runs:
// credentials, keysets, certificates, catalogs.
//
// It decides when to read a file again: after a notification of the file system, and at
// intervals, for file systems and links without notifications. A file may be written in
// place, replaced by a rename, or swapped by Kubernetes. The callers read the files, and
// decide whether their content is usable.
package filewatch
