// Package source reads the files of a catalog into one tree in which each value knows
// its file, line and column.
//
// It owns what belongs to files: joining the files of a directory, following JSON
// pointers and $file references, the fields that the specification defines ([Shape]),
// and the lines that may hold a secret. It does not judge a catalog: package rules does
// that.
package source
