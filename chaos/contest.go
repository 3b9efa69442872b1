//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A contest is an instance that several clients use without regard for each other.
type contest struct {
	platform *platform
	id, plan string
	recorder *recorder
}

func newContest(p *platform, id, plan string) *contest {
	return &contest{platform: p, id: id, plan: plan, recorder: &recorder{start: time.Now()}}
}

// contestedBindings are the names of the bindings in a contest.
var contestedBindings = []string{"left", "right"}

// A rival is one client of a contest.
type rival struct {
	*actor
	*contest
	number int
	// open are the operations that the client knows, with the path of their resource.
	open []request
	// uncertain is the number of requests of this phase whose effect is uncertain.
	uncertain int
}

func (c *contest) rival(n int, random *rand.Rand) *rival {
	return &rival{actor: &actor{platform: c.platform, random: random, recorder: c.recorder}, contest: c, number: n}
}

// The number of requests of a client before, during and after the fault.
const (
	requestsBefore = 5
	requestsDuring = 8
	requestsAfter  = 5
	// mostUncertain limits the requests with an uncertain effect during a phase. After
	// them the client only reads. Each doubles the orders to search.
	mostUncertain = 2
)

// contend sends requests before, during and after the fault. It is done with warm
// before the fault.
func (v *rival) contend(ctx context.Context, warm *sync.WaitGroup, broken, over <-chan struct{}) {
	v.phase(ctx, requestsBefore, nil, 100*time.Millisecond)
	warm.Done()
	<-broken
	v.phase(ctx, requestsDuring, over, 900*time.Millisecond)
	<-over
	v.phase(ctx, requestsAfter, nil, 200*time.Millisecond)
	v.settle(ctx)
}

// phase sends requests until the phase is over.
func (v *rival) phase(ctx context.Context, requests int, over <-chan struct{}, most time.Duration) {
	v.uncertain = 0
	for range requests {
		select {
		case <-over:
			return
		default:
		}
		if !pause(ctx, between(v.random, most/10, most)) {
			return
		}
		v.send(ctx, v.next())
	}
}

// send sends a request once, and polls an operation that it began.
func (v *rival) send(ctx context.Context, r request) {
	timeout := clientTimeout
	if r.kind != "" && chance(v.random, 0.03) {
		timeout = between(v.random, 500*time.Microsecond, 30*time.Millisecond)
	}
	r.client = v.number
	got, ok := v.sendOnce(ctx, v.random, r, timeout)
	if !ok && r.method != http.MethodGet {
		v.uncertain++
	}
	if got.status != http.StatusAccepted {
		return
	}
	poll := request{
		method: http.MethodGet, path: r.path + "/last_operation", query: url.Values{"operation": {got.text("operation")}},
		instance: r.instance, binding: r.binding, client: v.number,
	}
	v.open = append(v.open, poll)
	for range v.random.IntN(4) {
		if !pause(ctx, between(v.random, 20*time.Millisecond, 250*time.Millisecond)) {
			return
		}
		if polled, _ := v.sendOnce(ctx, v.random, poll, clientTimeout); polled.text("state") != "in progress" {
			return
		}
	}
}

// next chooses a request.
func (v *rival) next() request {
	l := &life{actor: v.actor, id: v.id, plan: v.plan}
	binding := l.id + "-" + contestedBindings[v.random.IntN(len(contestedBindings))]
	n := v.random.IntN(100)
	if v.uncertain >= mostUncertain {
		n = 75 + n/4
	}
	switch {
	case n < 22:
		l.version = 1 + v.rarely()
		return l.provisionRequest()
	case n < 34:
		return l.updateRequest(v.actor, v.plan, change{plan: v.plan, version: 10 + v.random.IntN(3)})
	case n < 43:
		return l.deprovisionRequest()
	case n < 65:
		r := l.bindRequest(binding)
		r.body["parameters"] = map[string]any{"version": 1 + v.rarely()}
		return r
	case n < 75:
		return l.unbindRequest(v.actor, binding, v.plan)
	case n < 84:
		return request{method: http.MethodGet, path: l.path(), kind: kindGet, instance: l.id}
	case n < 90:
		return request{method: http.MethodGet, path: pathOf(l.id, binding), kind: kindGet, instance: l.id, binding: binding}
	case n < 96 && len(v.open) > 0:
		return v.open[v.random.IntN(len(v.open))]
	default:
		return request{method: http.MethodGet, path: l.path() + "/last_operation", instance: l.id}
	}
}

// rarely returns 1 with a small probability, and 0 otherwise.
func (v *rival) rarely() int {
	if chance(v.random, 0.15) {
		return 1
	}
	return 0
}

// conclude reads what the clients left, and deletes what no client may leave: the
// rest of a creation that failed.
func (c *contest) conclude(ctx context.Context, random *rand.Rand) error {
	l := &life{actor: &actor{platform: c.platform, random: random, recorder: c.recorder}, id: c.id, plan: c.plan, bindings: map[string]bool{}}
	got, err := l.repeat(ctx, request{method: http.MethodGet, path: l.path(), kind: kindGet, instance: l.id})
	if err != nil {
		return err
	}
	exists := got.status == http.StatusOK && chance(random, 0.5)
	l.version = numberIn(got.body)
	for _, name := range contestedBindings {
		binding := l.id + "-" + name
		bound, err := l.repeat(ctx, request{method: http.MethodGet, path: pathOf(l.id, binding), kind: kindGet, instance: l.id, binding: binding})
		if err != nil {
			return err
		}
		l.bindings[binding] = bound.status == http.StatusOK
		if exists && bound.status != http.StatusOK {
			if err := l.delete(ctx, l.unbindRequest(l.actor, binding, l.plan)); err != nil {
				return err
			}
		}
	}
	if !exists {
		if err := l.delete(ctx, l.deprovisionRequest()); err != nil {
			return err
		}
	}
	l.leave(exists)
	return nil
}
