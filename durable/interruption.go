package durable

import (
	"context"
	"errors"
	"syscall"

	"github.com/openbroker/openbroker"
)

// An interruption is an error of the environment rather than of the operation: the
// store or the sealer fails, or this machine lacks a resource. The operation is
// released for another attempt, and the interrupted one does not count as failed.
type interruption struct{ err error }

func (i *interruption) Error() string { return i.err.Error() }
func (i *interruption) Unwrap() error { return i.err }

// Unreachable marks err as: the service that the provider works on cannot be reached
// now. The operation waits for another attempt until its deadline, and the attempt does
// not count as failed. The pauses between attempts grow up to [Policy].BackoffMax.
// Unreachable of nil is nil. In a [RequestChecker] or a [ResourceFinder], return
// [openbroker.ErrUnavailable] instead: those errors are answers to requests.
func Unreachable(err error) error {
	if err == nil {
		return nil
	}
	return &interruption{err}
}

// interrupted marks an error of the store or of the sealer. A refused write and the end
// of the caller's context are not such errors.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrCancelling) {
		return err
	}
	return &interruption{err}
}

// isInterruption reports whether a provider returned because of an interruption. A lack
// of file descriptors or disk space is one, and so is ErrProviderMissing, unless the
// provider returned an openbroker.Error.
func isInterruption(err error) bool {
	var mark *interruption
	if errors.As(err, &mark) {
		return true
	}
	var answer *openbroker.Error
	if errors.As(err, &answer) {
		return false
	}
	for _, lack := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC, ErrProviderMissing} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}
