package upstream

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/openbroker/openbroker"
)

// maxLimiters bounds the number of platforms in memory, because clients choose the
// names of platforms if the path selects the platform.
const maxLimiters = 1000

// A limiter bounds the rate of calls of each platform.
type limiter struct {
	perSecond float64
	burst     int

	mu        sync.Mutex
	platforms map[string]*rate.Limiter
}

// errTooMany is the response to calls above the rate.
var errTooMany = openbroker.NewError(http.StatusTooManyRequests, "", "Too many requests: try again later.").WithRetryAfter(time.Second)

// allow returns nil if the platform may call now, and errTooMany otherwise.
func (l *limiter) allow(platform string) error {
	if l.perSecond <= 0 {
		return nil
	}
	l.mu.Lock()
	found := l.platforms[platform]
	if found == nil {
		if l.platforms == nil || len(l.platforms) >= maxLimiters {
			l.platforms = map[string]*rate.Limiter{}
		}
		found = rate.NewLimiter(rate.Limit(l.perSecond), l.burst)
		l.platforms[platform] = found
	}
	l.mu.Unlock()
	if !found.Allow() {
		return errTooMany
	}
	return nil
}
