package upstream

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// reportInterval is the minimum time between two log lines for the same violation
	// of the same call.
	reportInterval = time.Minute
	// maxReported bounds the number of violations in memory. Their texts contain
	// states and names of fields, which a broker could vary endlessly.
	maxReported = 1000
)

// A reporter logs violations, each at most once per reportInterval.
type reporter struct {
	logger *slog.Logger

	mu   sync.Mutex
	last map[string]*reported
}

type reported struct {
	at time.Time
	// repeated counts the repetitions since then, which were not logged.
	repeated int
}

func newReporter(logger *slog.Logger) *reporter {
	return &reporter{logger: logger, last: map[string]*reported{}}
}

func (r *reporter) log(ctx context.Context, call, requestIdentity string, found []violation) {
	for _, v := range found {
		repeated, due := r.due(call + "\x00" + v.clause + "\x00" + v.text)
		if !due {
			continue
		}
		demand := "MUST"
		if v.should {
			demand = "SHOULD"
		}
		attributes := []slog.Attr{slog.String("call", call), slog.String("demand", demand), slog.String("clause", v.clause), slog.String("violation", v.text)}
		if requestIdentity != "" {
			attributes = append(attributes, slog.String("request_identity", requestIdentity))
		}
		if repeated > 0 {
			attributes = append(attributes, slog.Int("repeated", repeated))
		}
		r.logger.LogAttrs(ctx, slog.LevelWarn, "the broker violates the specification", attributes...)
	}
}

// due reports whether to log a violation now, and how often it was repeated since it
// was last logged.
func (r *reporter) due(key string) (repeated int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	before := r.last[key]
	switch {
	case before == nil && len(r.last) >= maxReported:
		clear(r.last)
	case before != nil && now.Sub(before.at) < reportInterval:
		before.repeated++
		return 0, false
	case before != nil:
		repeated = before.repeated
	}
	r.last[key] = &reported{at: now}
	return repeated, true
}
