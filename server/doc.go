// Package server runs a broker as a process. [Serve] listens, answers platforms and
// health probes, reloads certificates when their files change, and drains when its
// context ends:
//
//	ctx, stop := server.SignalContext(context.Background())
//	defer stop()
//	err := server.Serve(ctx, broker, server.Config{Address: ":8080"})
//
// [ServeMultiple] does the same for several brokers behind one catalog. [New]
// returns a [Server] to embed in a larger process or a test.
//
// The package owns the HTTP side of the process: the listener, TLS, timeouts,
// limits, health, draining and the format of logs. It does not own the protocol
// (package openbroker), configuration files (package server/config), environment
// variables, flags and exit codes (the command). It keeps no global state: it
// handles signals only if the context comes from [SignalContext], and logs only to
// the configured logger.
package server
