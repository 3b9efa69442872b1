// Package tree reads a YAML or JSON document into a tree in which each value has its
// position in the file.
//
// It owns syntax: an invalid document, a document that is too large or nested too deeply,
// and a value that JSON does not have are an [Error]. It does not know the meaning of a
// document, and leaves repeated names to its users.
package tree
