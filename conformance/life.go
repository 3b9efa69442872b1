package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A life records whether the broker still runs. The report then names the death
// of a broker once, not with each request that follows.
type life struct {
	mu   sync.Mutex
	dead bool
	// broken are the requests whose connection broke and after which no request
	// was answered.
	broken []brokenRequest
}

type brokenRequest struct {
	what string
	at   time.Time
}

const (
	// deathAttempts is how often a connection is tried before the broker counts as
	// dead. deathPause is the time between two attempts: the broker may restart.
	deathAttempts = 5
	deathPause    = time.Second
	// maxBroken is how many requests the report names at most.
	maxBroken = 3
)

// note records an answer. If no connection was made, it finds out whether the
// broker has died.
func (l *life) note(ctx context.Context, c *client, a *answer) {
	if l.died() == "" && a.unconnected && !c.connects(ctx) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dead = true
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.dead || a.unconnected:
	case a.failure == "":
		l.broken = slices.DeleteFunc(l.broken, func(b brokenRequest) bool { return b.at.Before(a.exchange.Started) })
	default:
		l.broken = append(l.broken, brokenRequest{fmt.Sprintf("%s %s (scenario %q, step %q)",
			a.exchange.Method, strings.TrimPrefix(a.exchange.URL, c.base), a.scenario, a.step), time.Now()})
	}
}

// connects reports whether one of several attempts makes a connection.
func (c *client) connects(ctx context.Context) bool {
	for range deathAttempts {
		if pause(ctx, deathPause) != nil {
			return true // Unknown: the context ended.
		}
		var a answer
		c.sendOnce(ctx, message{method: http.MethodGet, path: GetCatalog.Path(), header: http.Header{}}, &a)
		if !a.unconnected {
			return true
		}
	}
	return false
}

// died says after which requests the broker stopped accepting connections, or
// returns "".
func (l *life) died() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dead {
		return ""
	}
	var requests []string
	for _, b := range l.broken[:min(len(l.broken), maxBroken)] {
		requests = append(requests, b.what)
	}
	switch len(requests) {
	case 0:
		return "no connection can be made"
	case 1:
		return "no connection can be made after " + requests[0]
	default:
		return "no connection can be made after one of " + strings.Join(requests, ", ")
	}
}
