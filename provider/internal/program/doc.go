// Package program runs a program and contains it: nothing that it starts outlives it.
//
// On Linux, each program has a supervisor: a process of the broker's own binary, see
// [Supervise]. The supervisor is the subreaper of everything that the program starts, so
// that processes which leave the group of the program become its children and are ended
// too. It notices when the broker dies, and then ends the program. Elsewhere, and in a
// binary that cannot run as the supervisor, only the process group is ended.
//
// The package does not know what the program says: its streams are bytes.
package program
