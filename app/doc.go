// Package app has every command of the binary, for any set of providers: serve,
// simulate, admin, keyset, config, init, lint, diff, docs, check, man, version, the
// client commands, help and completion. A broker with a provider of its own is a list of
// providers:
//
//	func main() {
//		app.Main(app.Program{Name: "acme-broker", Providers: []provider.Definition{acme.Definition}})
//	}
//
// The program has its own name and version. The environment variables (such as
// OPENBROKER_PASSWORD), the data directory openbroker-data and the directory of the
// client commands keep their names, so that what is written about openbroker applies.
//
// The package owns the flags, the environment variables, the exit codes, the messages,
// and the choice of stores that are linked in. It does not own what a command does:
// serve and simulate configure package server, check runs package conformance, lint and
// diff print what package catalog finds, and the admin commands call package
// durable/admin. Below internal there is a package for each group of commands: serve,
// operate (admin and keyset), catalogs (lint, diff and docs), check, scaffold (init), and
// platform (the client commands).
package app
