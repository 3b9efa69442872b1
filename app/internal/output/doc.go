// Package output prints what a command found out, in the format that the user
// chooses.
//
// It owns the flags --output and --report, the formats, and how text becomes safe
// for a terminal. It does not decide what a command prints, and it writes no
// message about a failure: those belong to the command.
package output
