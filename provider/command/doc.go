// Package command is a provider in any language: each operation runs a program. The
// program reads a request as JSON from its standard input, and writes the answer as JSON
// to its standard output. While it works, it can write lines with its progress and with
// checkpoints to descriptor 3. docs/command-provider.md is the contract.
//
// The package decides what a program gets, what its exit codes mean, and what of its
// output reaches the log. It does not own the messages (package message) and how a
// program is contained (package program).
package command
