package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// Unreachable reports whether an error means that the server, or the way to it, is
// away: the connection was refused or lost, or the name did not resolve, or time ran
// out. It does not know the errors of protocols, such as "the server is shutting down".
// If the caller's own context has ended, ask that first.
func Unreachable(err error) bool {
	var (
		operation *net.OpError
		name      *net.DNSError
		timed     interface{ Timeout() bool }
	)
	switch {
	case err == nil:
		return false
	case errors.As(err, &operation), errors.As(err, &name), errors.As(err, &timed) && timed.Timeout(),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, context.DeadlineExceeded):
		return true
	}
	for _, lost := range []error{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}
