package command

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/rehearsal"
)

// TestInterrupting is [Provider.Test] with another way to find the middle of the work of a
// program.
func (p *Provider) TestInterrupting(ctx context.Context, run provider.TestRun, after func(time.Duration, func()) (stop func())) error {
	return rehearsal.Run(ctx, rehearsed{p, after}, run)
}
