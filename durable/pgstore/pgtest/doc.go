// Package pgtest starts private PostgreSQL servers from the installed binaries,
// for tests and for programs that make a database fail on purpose.
//
// A [Server] lives in a temporary directory, listens on 127.0.0.1 and on a unix
// socket, trusts everybody who can reach it, and ends with the process that
// started it, even if that is killed. It can be stopped, killed, paused and
// started again at the same address.
//
// It does not install PostgreSQL: `make test` does that. It never touches a
// server that somebody else runs.
package pgtest
