package serve

import (
	"context"
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/server/config"
)

const (
	// gcPercent replaces Go's default of 100 if the memory is limited and GOGC is not
	// set. The heap of a broker is usually below the minimum of the collector, which
	// would then run all the time; this costs some MB. The limit makes the collector
	// work harder when little memory is left.
	gcPercent = 400
	// gcPercentUnlimited is for machines without a limit. With gcPercent, a heap that
	// was large once would grow to five times its size.
	gcPercentUnlimited = 200
	// bodyShare is the part of the memory for request bodies. During a request, a body
	// takes about ten times its size.
	bodyShare = 32
	// maxBodySize is the default of api.max_body_size, and the least budget.
	maxBodySize = 1 << 20
)

// tuneMemory keeps the Go runtime below the memory limit of the cgroup (version 1 or
// 2), unless GOMEMLIMIT is set. It also limits the request bodies in memory, unless the
// configuration does.
func tuneMemory(ctx context.Context, settings *config.Config, logger *slog.Logger) {
	limit, err := memlimit.Set()
	if err != nil {
		logger.LogAttrs(ctx, slog.LevelDebug, "the memory limit of the process is unknown", slog.String("error", err.Error()))
	}
	if err != nil || limit <= 0 {
		limit = math.MaxInt64
	}
	percent := gcPercent
	if limit == math.MaxInt64 {
		percent = gcPercentUnlimited
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if settings.API.BodyBudget == 0 {
		settings.API.BodyBudget = bodyBudget(limit, settings.API.MaxBodySize)
	}
	logger.LogAttrs(ctx, slog.LevelDebug, "memory", slog.Int64("limit", limit), slog.Int("body_budget", settings.API.BodyBudget))
}

// bodyBudget returns the limit for the bytes of all request bodies, for a memory limit
// and the size of the largest body.
func bodyBudget(limit int64, maxBody int) int {
	if maxBody == 0 {
		maxBody = maxBodySize
	}
	return max(maxBody, int(min(server.DefaultBodyBudget, limit/bodyShare)))
}
