// Package source reads the files of a catalog into one tree in which each value knows
// its file, line and column.
//
// It owns what belongs to files: it joins the files of a directory, follows JSON pointers
// and $file references, knows the fields that the specification defines ([Shape]), and
// finds the lines that may hold a secret. It does not judge catalogs: package rules does.
package source
