// Package scaffold has the command init, which writes the files of a new broker. They
// are below files, one directory for each language, and are complete: the one in Go is
// compiled, linted and tested with this module. The package owns the names in them, the
// go.mod and go.sum of the new module, and that a directory gets all files or none.
package scaffold
