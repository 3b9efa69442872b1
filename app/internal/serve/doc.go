// Package serve has the commands that run a broker: serve and simulate. It connects the
// engine, the providers and the catalog, and configures package server.
package serve
