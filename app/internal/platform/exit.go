package platform

import (
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/client"
)

// Exit codes of the commands of this package.
const (
	exitRefused     = 1 // the broker refused, or an operation failed
	exitUsage       = 2
	exitUnfinished  = 3 // the operation continues, but the time is up
	exitUnreachable = 4
)

// An Error is a failed command.
type Error struct {
	// Code is the exit code.
	Code int
	// Hint says what the user can do next. It may be empty.
	Hint string

	err error
}

// Error returns the message without the hint, in printable characters.
func (e *Error) Error() string { return output.Printable(e.err.Error()) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// ExitCode returns Code.
func (e *Error) ExitCode() int { return e.Code }

// Complain writes an error of this package and its hint.
func Complain(stderr output.Messages, err error) {
	var failed *Error
	var interrupted *Interrupted
	hint := ""
	switch {
	case errors.As(err, &interrupted):
		hint = interrupted.Hint
	case errors.As(err, &failed):
		hint = failed.Hint
	}
	stderr.Complain("%s", output.Printable(err.Error()))
	if hint != "" {
		stderr.Complain("%s", output.Printable(hint))
	}
}

func usage(format string, args ...any) error {
	return &Error{Code: exitUsage, err: fmt.Errorf(format, args...)}
}

// refused returns the error for a failed call.
func refused(err error, hint string) error {
	var usageError *Error
	var silent *client.TransportError
	switch {
	case errors.As(err, &usageError):
		return err
	case errors.As(err, &silent):
		return &Error{Code: exitUnreachable, Hint: hint, err: err}
	default:
		return &Error{Code: exitRefused, Hint: hint, err: err}
	}
}
