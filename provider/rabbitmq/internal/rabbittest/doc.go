// Package rabbittest starts private RabbitMQ nodes from the installed programs, for the
// tests of the provider.
//
// A [Node] keeps its data in a temporary directory, listens on 127.0.0.1 with and without
// TLS, and ends with the process that started it. Nodes can be one cluster. They have an
// epmd of their own, and share nothing with the RabbitMQ of the machine.
//
// The package owns the processes and directories of its nodes. It does not install
// RabbitMQ: `make test` does.
package rabbittest
