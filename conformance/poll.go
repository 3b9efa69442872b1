package conformance

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// pollInterval is the pause that an answer asks for, within the options' bounds.
func (r *run) pollInterval(header http.Header) time.Duration {
	interval, told := retryAfterOf(header)
	if !told {
		interval = r.options.PollInterval
	}
	// A broker that says 0 and never ends would be polled without any pause.
	return max(min(interval, r.options.MaxPollInterval), min(minPollInterval, r.options.MaxPollInterval))
}

// retryAfterOf is the pause that Retry-After asks for, if it says a number of
// seconds or a date.
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

// minPollInterval is the least pause between two polls.
const minPollInterval = 10 * time.Millisecond

// operationTimeout is how long an operation of a plan may take.
func (r *run) operationTimeout(s *subject) time.Duration {
	if limit := s.maximumPolling(); limit > 0 && limit < r.options.OperationTimeout {
		return limit
	}
	return r.options.OperationTimeout
}

// pause waits, or returns the error of ctx if it ends before.
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
