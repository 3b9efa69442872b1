package main

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
	// gcPercent replaces Go's default of 100, unless GOGC is set, where the memory
	// is limited, so that the collector works harder when little is left. What a
	// broker keeps is usually less than the least heap that the collector works
	// with, so that it would run all the time; this costs some MB.
	gcPercent = 400
	// gcPercentUnlimited is for machines without a limit, where a heap that has
	// grown large for once would otherwise grow to five times that.
	gcPercentUnlimited = 200
	// bodyShare is the part of the memory that bodies may have. While it is worked
	// on, a body takes about ten times its size.
	bodyShare = 32
	// maxBodySize is the default of api.max_body_size, which has to fit.
	maxBodySize = 1 << 20
)

// tuneMemory makes the Go runtime stay below the memory limit of the cgroup (version
// 1 or 2), unless GOMEMLIMIT is set, and the bodies of requests fit into it, unless the
// configuration says how many do.
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

// bodyBudget is how many bytes the bodies of all requests may have in a memory limit.
func bodyBudget(limit int64, most int) int {
	if most == 0 {
		most = maxBodySize
	}
	return max(most, int(min(server.DefaultBodyBudget, limit/bodyShare)))
}
