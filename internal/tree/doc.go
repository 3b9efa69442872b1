// Package tree reads a YAML or JSON document into a tree that knows where in
// its file each value is. It owns syntax: what is no valid document, is nested
// too deeply or cannot be said in JSON is an [Error]. It does not know what the
// document means, and leaves names that occur twice to its users.
package tree
