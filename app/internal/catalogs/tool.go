// Package catalogs has the commands about catalogs in files and of running brokers:
// lint, diff and docs. It prints what packages catalog and catalog/lint find.
package catalogs

// A Tool is the program that reports name as their author.
type Tool struct{ Name, Version string }

// gcPercent makes room for the garbage of parsers: the command ends soon.
const gcPercent = 400
