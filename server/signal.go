package server

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// SignalContext returns a copy of parent that ends with the first SIGTERM or SIGINT;
// a server that uses it then drains. The second signal makes the server close
// immediately, see [ErrClosed]. A third one ends the process, as without signal
// handling. [context.Cause] returns which signal ended the context.
//
// stop ends the signal handling and the context. Call it when the server has
// returned; it may be called twice.
func SignalContext(parent context.Context) (ctx context.Context, stop func()) {
	force, cancelForce := context.WithCancel(context.WithoutCancel(parent))
	ctx, cancel := context.WithCancelCause(context.WithValue(parent, forceKey{}, force))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	stopped, stopOnce := context.WithCancel(context.Background())
	go func() {
		defer signal.Stop(signals)
		for _, end := range []func(os.Signal){
			func(s os.Signal) { cancel(fmt.Errorf("received signal: %v", s)) },
			func(os.Signal) { cancelForce() },
		} {
			select {
			case s := <-signals:
				end(s)
			case <-stopped.Done():
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		stopOnce()
		cancel(nil)
	}
}

// forceKey is the key of a context whose end makes a server close immediately. A
// context value passes it on, so that only servers with a SignalContext handle
// signals.
type forceKey struct{}

// onForce calls f in a new goroutine when the force context of ctx ends.
func onForce(ctx context.Context, f func()) (stop func() bool) {
	force, ok := ctx.Value(forceKey{}).(context.Context)
	if !ok {
		return func() bool { return false }
	}
	return context.AfterFunc(force, f) //nolint:contextcheck // The force context must outlive ctx.
}
