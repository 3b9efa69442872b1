package conformance

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// pollInterval returns the pause that a response asks for, within the bounds of the
// options.
func (r *run) pollInterval(header http.Header) time.Duration {
	interval, found := retryAfterOf(header)
	if !found {
		interval = r.options.PollInterval
	}
	// Without a minimum, a broker that asks for 0 would be polled without a pause.
	return max(min(interval, r.options.MaxPollInterval), min(minPollInterval, r.options.MaxPollInterval))
}

// retryAfterOf returns the pause that Retry-After asks for. It reports false if the
// header is neither a number of seconds nor a date.
func retryAfterOf(header http.Header) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return time.Until(at), true
	}
	return 0, false
}

// minPollInterval is the shortest pause between two polls.
const minPollInterval = 10 * time.Millisecond

// operationTimeout returns the longest wait for an operation of a plan.
func (r *run) operationTimeout(s *subject) time.Duration {
	if limit := s.maximumPolling(); limit > 0 && limit < r.options.OperationTimeout {
		return limit
	}
	return r.options.OperationTimeout
}

// pause waits. It returns early with the error of ctx if ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
