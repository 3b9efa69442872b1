package management

// ReasonOf is for the fuzz test.
var ReasonOf = reason
