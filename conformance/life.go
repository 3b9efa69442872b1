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

// A life is whether the broker still runs: a broker that died is told once, not
// with each of the requests that it cannot answer any more.
type life struct {
	mu   sync.Mutex
	dead bool
	// broken are the requests whose connection broke and after which none was
	// answered.
	broken []brokenRequest
}

type brokenRequest struct {
	what string
	at   time.Time
}

const (
	// deathAttempts is how often a connection is tried before a broker is
	// taken for dead, and deathPause the time between: it may restart.
	deathAttempts = 5
	deathPause    = time.Second
	// maxBroken bounds how many requests are named.
	maxBroken = 3
)

// note takes notice of an answer, and finds out whether the broker died if there is
// none because no connection can be made.
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

// connects tries to connect several times.
func (c *client) connects(ctx context.Context) bool {
	for range deathAttempts {
		if pause(ctx, deathPause) != nil {
			return true // Nobody knows.
		}
		var a answer
		c.sendOnce(ctx, message{method: http.MethodGet, path: GetCatalog.Path(), header: http.Header{}}, &a)
		if !a.unconnected {
			return true
		}
	}
	return false
}

// died says after which requests the broker was gone, or "".
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
