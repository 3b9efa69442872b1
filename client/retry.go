package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A repetition determines when a call is repeated.
type repetition struct {
	// safe is how often a call that only reads is repeated.
	safe int
	// ifBroken repeats a call that changes a resource once, if it got no response.
	ifBroken bool
}

const (
	firstRetry = 250 * time.Millisecond
	// longestRetry is the longest Retry-After that delays a call. A longer one is
	// returned in the error, for callers that can wait.
	longestRetry = 10 * time.Second
)

// next returns the pause before the next attempt, and whether to make it.
func (r repetition) next(ctx context.Context, attempt int, response *brokerResponse, err error) (time.Duration, bool) {
	if ctx.Err() != nil {
		return 0, false
	}
	pause := jitter(firstRetry << min(attempt, 5))
	switch {
	case r.ifBroken:
		return pause, err != nil && attempt == 0 && connectionBroke(err)
	case attempt >= r.safe:
		return 0, false
	case err != nil:
		return pause, connectionBroke(err)
	}
	switch response.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if after := response.retryAfter(); after > 0 {
			pause = after
		}
		return pause, pause <= longestRetry
	default:
		return 0, false
	}
}

// connectionBroke reports whether the connection broke, so that a repeated request may
// succeed.
func connectionBroke(err error) bool {
	switch err.(type) { //nolint:errorlint // Only errors of send itself matter.
	case *tooLargeError:
		return false
	default:
		return true
	}
}

// jitter returns a duration of 75 to 125 percent of d, so that clients that failed
// at the same time do not retry at the same time.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1) //nolint:gosec // It spreads load, and keeps no secret.
}

// sleep waits for d, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// retryAfter returns the value of the header Retry-After, or 0. The header has
// seconds, or a date in one of the three formats of HTTP (RFC 9110, "Retry-After").
// retryAfter subtracts the Date of the response, because the clocks may differ.
func (a *brokerResponse) retryAfter() time.Duration {
	value := strings.TrimSpace(a.header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return clampRetryAfter(seconds)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now := a.received
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		now = date
	}
	// Sub saturates instead of overflowing.
	return clampRetryAfter(int64(at.Sub(now) / time.Second))
}

// clampRetryAfter keeps a Retry-After between 0 and one day, as the Cloud
// Controller does.
func clampRetryAfter(seconds int64) time.Duration {
	return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second
}
