// Package tree reads a YAML or JSON document into a tree in which each value has its
// position in the file.
//
// It owns the syntax. An [Error] reports an invalid document, a document that is too
// large or nested too deeply, or a value that JSON cannot represent. The package does not
// interpret documents; its callers handle repeated names.
package tree
