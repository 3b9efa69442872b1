package webhook

import (
	"context"
	"math/rand/v2"
	"time"
)

// A backoff returns growing pauses, each with a random part, so that many operations do
// not meet again.
type backoff struct{ pause, longest time.Duration }

func newBackoff(first, longest time.Duration) *backoff {
	return &backoff{pause: min(first, longest), longest: longest}
}

func (b *backoff) next() time.Duration {
	pause := b.pause
	b.pause = min(2*b.pause, b.longest)
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // G404: it is no secret.
}

// sleep waits, and returns the cause if the context ends first.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
