package rabbitmq

import (
	"context"
	"errors"
	"time"

	"github.com/openbroker/openbroker/durable"
)

const (
	// patience bounds how long an attempt waits for the server. Then the engine makes
	// another one.
	patience     = 20 * time.Second
	pollInterval = 100 * time.Millisecond
)

// errPending means that the server has not done yet what it was asked for.
var errPending = errors.New("not done yet")

// poll asks until the answer is no longer errPending, or patience ends.
func poll(ctx context.Context, ask func(ctx context.Context) error) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := ask(ctx)
		if !errors.Is(err, errPending) {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return durable.Unreachable(err)
		}
	}
}
