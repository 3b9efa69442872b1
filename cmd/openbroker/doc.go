// The command openbroker runs, tests and administers service brokers of the Open
// Service Broker API.
//
// It owns the flags, the environment variables, the exit codes, the messages, and
// the choice of stores and providers that are linked in. It does not own what a
// command does: serve and simulate configure package server, check runs package
// conformance, lint and diff print what package catalog finds, and the admin
// commands call package durable/admin. The client commands are in the package
// platform, and the formats of results in the package output, both below this one.
package main
