// Package testserver runs servers of other projects, such as PostgreSQL or Redis, for
// tests: each in a temporary directory, at a port of 127.0.0.1, and with an account of
// its own if the test runs as root.
//
// A server ends with the process that started it, even if that process is killed; its
// directory is then deleted by the next test that starts a server. The package owns
// processes and directories. It knows no server: how one is configured, and when it is
// ready, is for packages such as pgtest.
package testserver
