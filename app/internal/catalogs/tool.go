package catalogs

// A Tool is the program that reports name as their author.
type Tool struct{ Name, Version string }

// gcPercent makes room for the garbage of parsers: the command ends soon.
const gcPercent = 400
