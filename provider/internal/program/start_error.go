package program

import (
	"errors"
	"fmt"
	"syscall"
)

// A StartError says why a program could not be started.
type StartError struct{ Err error }

// Error returns the reason.
func (e *StartError) Error() string { return "the program cannot be started: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// Temporary reports whether another attempt can succeed: the machine lacks processes or
// memory, or the file is being written.
func (e *StartError) Temporary() bool {
	for _, lack := range []error{syscall.EAGAIN, syscall.ENOMEM, syscall.ETXTBSY} {
		if errors.Is(e.Err, lack) {
			return true
		}
	}
	return false
}

// explain says why the system refused to start a program. The errors of the system do not
// tell a missing program from a missing interpreter.
func (p Program) explain(err error) error {
	var failed *StartError
	if !errors.As(err, &failed) || failed.Temporary() {
		return err
	}
	if problem := p.Check(); problem != nil {
		return &StartError{fmt.Errorf("%w (%w)", problem, failed.Err)}
	}
	return err
}
