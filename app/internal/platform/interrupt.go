package platform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Interrupted means that a signal ended a command. Main prints it and calls Die.
type Interrupted struct { //nolint:errname // It names the event.
	// Hint says how the user can continue. It may be empty.
	Hint string

	signal os.Signal
}

// Error names the signal.
func (i *Interrupted) Error() string { return "ended by a signal: " + i.signal.String() }

// Die ends the process with the same signal and the default handler. A shell then ends
// the loop around the command, too. Die returns the exit code that a shell would use
// only if the signal is ignored.
func (i *Interrupted) Die() int {
	signal.Reset(i.signal)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(i.signal) == nil {
		timer := time.NewTimer(time.Second)
		<-timer.C
	}
	number, _ := i.signal.(syscall.Signal)
	return 128 + int(number)
}

// interruptible returns a context that ends with the first signal. Its cause is then an
// *Interrupted. A second signal ends the process.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case got := <-signals:
			signal.Stop(signals)
			cancel(&Interrupted{signal: got})
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// interruption returns the *Interrupted that ended ctx, or nil.
func interruption(ctx context.Context) *Interrupted {
	i, _ := context.Cause(ctx).(*Interrupted) //nolint:errorlint // The cause is never wrapped.
	return i
}

// ended replaces the error of a command by that of the signal that caused it.
func ended(ctx context.Context, err error) error {
	i := interruption(ctx)
	if err == nil || i == nil {
		return err
	}
	var hint string
	var failed *Error
	if errors.As(err, &failed) {
		hint = failed.Hint
	}
	return &Interrupted{Hint: hint, signal: i.signal}
}

// age formats a duration for messages.
func age(d time.Duration) string { return fmt.Sprint(d.Truncate(time.Second)) }
