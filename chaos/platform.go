//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A platform sends requests to whatever replica, and does what real platforms
// do about the answers: it repeats what was lost or refused with 503, polls what
// was accepted, and deletes what it could not create.
type platform struct {
	fleet    *fleet
	client   *client
	journal  *journal
	findings *findings
	requests atomic.Int64
}

// An actor is one goroutine of a client.
type actor struct {
	*platform
	random *rand.Rand
	mu     sync.Mutex
	// lost are requests that may still be on their way, see settle.
	lost []lostRequest
}

type lostRequest struct {
	replica  *process
	identity string
}

// The figures that clients count.
const (
	figureRequests    = "requests"
	figureUnavailable = "answers 503 with Retry-After"
	figureLost        = "answers lost (killed, timed out, hung up)"
	figureRepeated    = "requests repeated"
	figureHungUp      = "clients that hung up"
	figureDuplicates  = "duplicates sent"
)

// internalError is how the handler describes what it did not expect.
const internalError = "failed to process the request"

// once sends a request to some replica. It returns false if the answer was lost
// or says to try again.
func (a *actor) once(ctx context.Context, random *rand.Rand, r request, timeout time.Duration) (answer, bool) {
	replica, err := a.fleet.pick(ctx, random)
	if err != nil {
		return answer{}, false
	}
	r.identity = "chaos-" + strconv.FormatInt(a.requests.Add(1), 10)
	a.findings.count(figureRequests)
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	sent := time.Now()
	got, err := a.client.do(limited, replica.url, r)
	if err != nil {
		a.findings.count(figureLost)
		if r.method != http.MethodGet {
			a.mu.Lock()
			a.lost = append(a.lost, lostRequest{replica: replica, identity: r.identity})
			a.mu.Unlock()
		}
		return answer{}, false
	}
	a.inspect(r, got)
	if r.kind != "" && (got.status == http.StatusOK || got.status == http.StatusCreated || got.status == http.StatusAccepted) {
		a.journal.acknowledge(acknowledgement{
			method: r.method, kind: r.kind, instance: r.instance, binding: r.binding, status: got.status,
			operation: got.text("operation"), fingerprint: got.fingerprint(), sent: sent, answered: got.at,
		})
	}
	return got, got.status != http.StatusServiceUnavailable
}

// inspect looks at what no answer may be.
func (a *actor) inspect(r request, got answer) {
	a.findings.look(checkProtocol)
	switch {
	case got.body["not_json"] != nil:
		a.findings.add(checkProtocol, "%s %s: the body is no JSON: %v", r.method, r.path, got)
	case got.status == http.StatusServiceUnavailable:
		a.findings.look(checkUnavailable)
		if _, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil {
			a.findings.add(checkUnavailable, "%s %s: 503 without Retry-After", r.method, r.path)
			return
		}
		a.findings.count(figureUnavailable)
	case got.status == http.StatusInternalServerError && strings.Contains(got.text("description"), internalError),
		got.status == http.StatusBadRequest, got.status == http.StatusUnauthorized, got.status == http.StatusPreconditionFailed:
		a.findings.add(checkProtocol, "%s %s: %v", r.method, r.path, got)
	case r.accepts && got.status == http.StatusAccepted && got.text("operation") == "":
		a.findings.add(checkProtocol, "%s %s: 202 without an operation", r.method, r.path)
	case !r.accepts && got.status == http.StatusAccepted:
		a.findings.add(checkProtocol, "%s %s: 202, but the client does not accept it", r.method, r.path)
	}
}

// repeat sends a request until it is answered, not with 503.
func (a *actor) repeat(ctx context.Context, r request) (answer, error) {
	for first := true; ctx.Err() == nil; first = false {
		if !first {
			a.findings.count(figureRepeated)
		}
		timeout := clientTimeout
		if first && r.kind != "" && chance(a.random, 0.05) {
			a.findings.count(figureHungUp)
			timeout = between(a.random, 500*time.Microsecond, 30*time.Millisecond)
		}
		duplicates := a.duplicate(ctx, first, r)
		got, ok := a.once(ctx, a.random, r, timeout)
		duplicates()
		if ok {
			return got, nil
		}
		// Platforms heed Retry-After; this one has no time to.
		pause(ctx, between(a.random, 50*time.Millisecond, 600*time.Millisecond))
	}
	return answer{}, errors.Join(errUnfinished, ctx.Err())
}

var errUnfinished = errors.New("the time of the run was over before a client could finish")

// duplicate sends the same request beside, sometimes. Call what it returns to
// wait for the end of that.
func (a *actor) duplicate(ctx context.Context, first bool, r request) func() {
	if !first || r.kind == "" || !chance(a.random, 0.08) {
		return func() {}
	}
	var sent sync.WaitGroup
	for i := range 1 + a.random.IntN(2) {
		random := newRandom(a.random.Uint64(), "duplicate", strconv.Itoa(i))
		a.findings.count(figureDuplicates)
		sent.Go(func() { a.once(ctx, random, r, clientTimeout) })
	}
	return sent.Wait
}

// settle waits until no request whose answer was lost can take effect any more.
// It reports whether there were any.
func (a *actor) settle(ctx context.Context) bool {
	a.mu.Lock()
	lost := a.lost
	a.lost = nil
	a.mu.Unlock()
	for _, l := range lost {
		for l.replica.alive() && a.active(ctx, l) && pause(ctx, 20*time.Millisecond) {
			continue
		}
	}
	return len(lost) > 0
}

// active asks the replica whether it still answers the request. Nobody knows
// while it does not tell.
func (a *actor) active(ctx context.Context, l lostRequest) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	got, err := a.client.do(ctx, l.replica.url, request{method: http.MethodGet, path: pathRequests + url.PathEscape(l.identity)})
	active, known := got.body["active"].(bool)
	return err != nil || !known || active
}

// A verdict is what came of a request in the end.
type verdict int

const (
	// unfinished: the run is over.
	unfinished verdict = iota
	// done: 200, 201, or an operation that succeeded.
	done
	// failed: an error of the provider, or an operation that failed.
	failed
	// refused: the same, and nothing has changed.
	refused
	// conflict: 409.
	conflict
	// gone: 410 or 404.
	gone
)

// mutate sends a request until what came of it is certain.
func (a *actor) mutate(ctx context.Context, r request) (verdict, answer) {
	for {
		got, err := a.repeat(ctx, r)
		if err != nil {
			return unfinished, got
		}
		v := a.judge(ctx, r, got)
		switch {
		case v == unfinished && ctx.Err() != nil:
			return unfinished, got
		case v == unfinished && (got.text("error") == "AsyncRequired" || got.status == http.StatusGatewayTimeout):
			r.accepts = true
		case v == unfinished:
			pause(ctx, between(a.random, 30*time.Millisecond, 250*time.Millisecond)) // ConcurrencyError
		case a.settle(ctx):
			// An earlier copy may have been carried out after this one.
		default:
			return v, got
		}
	}
}

// judge says what an answer means, and waits for what was accepted. It returns
// unfinished if the request has to be sent again.
func (a *actor) judge(ctx context.Context, r request, got answer) verdict {
	code := got.text("error")
	switch {
	case got.status == http.StatusAccepted:
		return a.poll(ctx, r, got.text("operation"))
	case got.status == http.StatusOK, got.status == http.StatusCreated:
		return done
	case got.status == http.StatusConflict:
		if got.text("description") == cancelledText {
			return unfinished // It was this request's operation that another copy's client deleted.
		}
		return conflict
	case got.status == http.StatusGone, got.status == http.StatusNotFound:
		return gone
	case got.status == http.StatusUnprocessableEntity && (code == "ConcurrencyError" || code == "AsyncRequired"):
		return unfinished
	case got.status == http.StatusGatewayTimeout && strings.HasPrefix(got.text("description"), tooLongText):
		if r.kind == kindUpdate {
			return unfinished // It goes on, and cannot be deleted.
		}
		return failed
	case got.text("description") == refusal:
		return refused
	default:
		return failed
	}
}

// tooLongText begins the answer to a synchronous request that cannot wait any
// more.
const tooLongText = "The operation takes longer"

// cancelledText describes an operation that a deletion has cancelled.
const cancelledText = "The operation was cancelled because the resource is being deleted."

// poll waits for the end of an operation.
func (a *actor) poll(ctx context.Context, r request, operation string) verdict {
	ask := request{method: http.MethodGet, path: r.path + "/last_operation", query: url.Values{"operation": {operation}}, instance: r.instance, binding: r.binding}
	for {
		got, err := a.repeat(ctx, ask)
		if err != nil {
			return unfinished
		}
		state := got.text("state")
		switch {
		case got.status == http.StatusGone && (r.kind == kindDeprovision || r.kind == kindUnbind):
			return done
		case got.status != http.StatusOK:
			a.findings.add(checkPolled, "%s of %s, operation %s: polling is answered with %v", r.kind, resourceName(r.instance, r.binding), operation, got)
			return unfinished
		case state == "in progress":
			pause(ctx, between(a.random, 20*time.Millisecond, 300*time.Millisecond))
			continue
		}
		a.findings.look(checkPolled)
		if before := a.journal.final(operation, state); before != "" && before != state {
			a.findings.add(checkPolled, "operation %s: last_operation said %q and then %q", operation, before, state)
		}
		switch {
		case state == "succeeded":
			return done
		case got.text("description") == refusal:
			return refused
		default:
			return failed
		}
	}
}

// object is a JSON object as Go sees it.
func object(text string) map[string]any {
	var v map[string]any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	return v
}
