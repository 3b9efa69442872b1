package conformance

import (
	"context"
	"errors"
)

// ErrUnreachable is what Run's error wraps if the broker does not answer at
// all.
var ErrUnreachable = errors.New("the broker cannot be reached")

// Run runs the checks against the target and returns the report. It blocks
// until everything that it created is deleted, or the time for that is over.
//
// An error means that there is nothing to report: the options are wrong (an
// unknown plan, say), or the broker cannot be reached (ErrUnreachable). If ctx
// ends, Run still cleans up, and returns both a report of what it has found so
// far and an error that wraps that of ctx.
func Run(_ context.Context, _ Target, _ Options) (*Report, error) {
	return nil, errors.ErrUnsupported
}
