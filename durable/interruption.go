package durable

import (
	"context"
	"errors"
	"syscall"

	"github.com/openbroker/openbroker"
)

// An interruption is an error that says nothing about the operation: the store or
// the sealer is away, or this machine is short of something. The operation is
// given back for another attempt, and the one that was interrupted does not count.
type interruption struct{ err error }

func (i *interruption) Error() string { return i.err.Error() }
func (i *interruption) Unwrap() error { return i.err }

// interrupted marks an error of the store or of the sealer. That an attempt may
// not write, or that the caller's own context has ended, is none of theirs.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrCancelling) {
		return err
	}
	return &interruption{err}
}

// isInterruption tells whether a provider returned because of an interruption. A
// shortage of this process or machine is one unless the provider answers it.
func isInterruption(err error) bool {
	var mark *interruption
	if errors.As(err, &mark) {
		return true
	}
	var answer *openbroker.Error
	if errors.As(err, &answer) {
		return false
	}
	for _, shortage := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}
