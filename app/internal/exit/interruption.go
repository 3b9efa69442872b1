package exit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// exitSignal plus the number of a signal is the exit code of a process that it ended.
const exitSignal = 128

// An interruption is the signal that ended a run.
type interruption struct{ signal syscall.Signal }

func (i *interruption) Error() string { return fmt.Sprintf("interrupted: %v", i.signal) }

// Interruptible returns a context that ends with the first SIGINT or SIGTERM, after a call
// of noticed, unless nil. A second signal ends the process. Call stop after the run.
func Interruptible(parent context.Context, noticed func()) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	received := make(chan os.Signal, 1)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-received:
			signal.Stop(received)
			number, _ := s.(syscall.Signal)
			if noticed != nil {
				noticed()
			}
			cancel(&interruption{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(received)
		cancel(nil)
	}
}

// SignalCode returns the exit code of a run that a signal ended, or 0. ctx is that of
// [Interruptible].
func SignalCode(ctx context.Context) int {
	var by *interruption
	if errors.As(context.Cause(ctx), &by) {
		return exitSignal + int(by.signal)
	}
	return 0
}
