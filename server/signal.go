package server

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// SignalContext returns a copy of parent that ends with the first SIGTERM or
// SIGINT; a server that was given it then drains. The second signal makes the
// server close at once, see [ErrClosed]; a third one ends the process as if
// nobody handled signals. [context.Cause] tells which signal it was.
//
// The function stop gives the signals back and ends the context; call it when
// the server has returned. Calling it twice is fine.
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

// forceKey is the key of a context whose end makes a server close at once. It
// travels in the context so that signals stay the affair of who asked for them.
type forceKey struct{}

// onForce calls f, in its own goroutine, when the force context within ctx ends.
func onForce(ctx context.Context, f func()) (stop func() bool) {
	force, ok := ctx.Value(forceKey{}).(context.Context)
	if !ok {
		return func() bool { return false }
	}
	return context.AfterFunc(force, f) //nolint:contextcheck // The force context outlives ctx on purpose.
}
