// Package exit has the ways in which a command ends: the errors that choose the exit
// code, and the messages for them. It does not end the process.
package exit
