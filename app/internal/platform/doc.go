// Package platform has the client commands, with which a person or a script uses a
// broker in place of a platform: target, catalog, provision, bind and the rest of
// docs/cli.md.
//
// It owns the state that these commands store (targets, the names and ids that they
// created, pending operations), how they wait for operations, and their messages. It
// never stores parameters or credentials of bindings. Package client sends the requests
// and polls, and package output formats the results. The package does not exit: it
// returns an [Error] with an exit code, or an [Interrupted], and package app exits.
package platform
