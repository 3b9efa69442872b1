// Package pgtest starts private PostgreSQL servers from the installed binaries, for
// tests and for programs that make a database fail on purpose.
//
// A [Server] keeps its data in a temporary directory, listens on 127.0.0.1 and on a
// Unix socket, trusts every local client unless it has a password, and ends with the process that started it,
// even if that process is killed. It can be stopped, killed, paused and started
// again at the same address.
//
// The package owns the processes and directories of its servers. It does not install
// PostgreSQL: `make test` does. It never touches a server that it did not start.
package pgtest
