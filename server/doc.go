// Package server turns a broker into one running process. [Serve] listens,
// answers platforms and health probes, reloads certificates when their files
// change, and drains when its context ends:
//
//	ctx, stop := server.SignalContext(context.Background())
//	defer stop()
//	err := server.Serve(ctx, broker, server.Config{Address: ":8080"})
//
// [ServeMultiple] does so for several brokers behind one catalog, and [New]
// gives a [Server] to embed into a larger process or a test.
//
// The package owns the life of the process's HTTP side: the listener, TLS,
// timeouts, limits, health, draining and the shape of logs. It does not own the
// protocol, which is the root package's, nor flags and exit codes, which are
// the command's. It keeps no global state: it handles signals only if the
// context comes from [SignalContext], and logs only to the logger it was given.
package server
