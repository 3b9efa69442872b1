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

// A platform sends requests to random replicas and reacts to responses like
// real platforms. It repeats requests after a lost response or a 503, polls
// accepted operations, and deletes resources after a failed creation.
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
	// lost are requests that may still take effect, see settle.
	lost []lostRequest
	// recorder records the history of an instance, or is nil.
	recorder *recorder
}

type lostRequest struct {
	replica  *process
	identity string
}

// The names of the counters of clients.
const (
	figureRequests    = "requests"
	figureUnavailable = "503 responses with Retry-After"
	figureLost        = "lost responses (killed, timed out, hung up)"
	figureRepeated    = "repeated requests"
	figureHungUp      = "clients that hung up"
	figureDuplicates  = "duplicate requests"
)

// internalError is a part of the description that the handler sends for an
// unexpected error.
const internalError = "failed to process the request"

// sendOnce sends a request to a replica. It returns false if the response was lost
// or is a 503.
func (a *actor) sendOnce(ctx context.Context, random *rand.Rand, r request, timeout time.Duration) (answer, bool) {
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
	a.recorder.record(r, sent, got, err)
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

// inspect checks the requirements on every response.
func (a *actor) inspect(r request, got answer) {
	a.findings.countItem(checkProtocol)
	switch {
	case got.body["not_json"] != nil:
		a.findings.add(checkProtocol, "%s %s: the body is not JSON: %v", r.method, r.path, got)
	case got.status == http.StatusServiceUnavailable:
		a.findings.countItem(checkUnavailable)
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

// repeat sends a request until the response is not a 503.
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
		got, ok := a.sendOnce(ctx, a.random, r, timeout)
		duplicates()
		if ok {
			return got, nil
		}
		// Unlike real platforms, this one does not wait for Retry-After, to save
		// time.
		pause(ctx, between(a.random, 50*time.Millisecond, 600*time.Millisecond))
	}
	return answer{}, errors.Join(errUnfinished, ctx.Err())
}

var errUnfinished = errors.New("the run ended before a client finished")

// duplicate sometimes sends copies of the request concurrently. The returned
// function waits for their responses.
func (a *actor) duplicate(ctx context.Context, first bool, r request) func() {
	if !first || r.kind == "" || !chance(a.random, 0.08) {
		return func() {}
	}
	var sent sync.WaitGroup
	for i := range 1 + a.random.IntN(2) {
		random := newRandom(a.random.Uint64(), "duplicate", strconv.Itoa(i))
		a.findings.count(figureDuplicates)
		sent.Go(func() { a.sendOnce(ctx, random, r, clientTimeout) })
	}
	return sent.Wait
}

// settle waits until no request with a lost response can still take effect. It
// reports whether there were such requests.
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

// active asks the replica whether the request is still active. Without a reply,
// it returns true.
func (a *actor) active(ctx context.Context, l lostRequest) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	got, err := a.client.do(ctx, l.replica.url, request{method: http.MethodGet, path: pathRequests + url.PathEscape(l.identity)})
	active, known := got.body["active"].(bool)
	return err != nil || !known || active
}

// A verdict is the final result of a request.
type verdict int

const (
	// unfinished: the client must send the request again, or the run has ended.
	unfinished verdict = iota
	// done: 200, 201, or an operation that succeeded.
	done
	// failed: an error of the provider, or a failed operation.
	failed
	// refused: the provider refused the operation and changed nothing.
	refused
	// conflict: 409.
	conflict
	// gone: 410 or 404.
	gone
)

// mutate sends a request until its result is certain.
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
			// An earlier copy may have taken effect after this one.
		default:
			return v, got
		}
	}
}

// judge returns the verdict of a response and waits for an accepted operation.
// It returns unfinished if the request must be sent again.
func (a *actor) judge(ctx context.Context, r request, got answer) verdict {
	code := got.text("error")
	switch {
	case got.status == http.StatusAccepted:
		return a.poll(ctx, r, got.text("operation"))
	case got.status == http.StatusOK, got.status == http.StatusCreated:
		return done
	case got.status == http.StatusConflict:
		if text := got.text("description"); text == cancelledText || text == deletedText {
			return unfinished // A deletion cancelled the operation of an earlier copy of the request, or came after it.
		}
		return conflict
	case got.status == http.StatusGone, got.status == http.StatusNotFound:
		return gone
	case got.status == http.StatusUnprocessableEntity && (code == "ConcurrencyError" || code == "AsyncRequired"):
		return unfinished
	case got.status == http.StatusGatewayTimeout && strings.HasPrefix(got.text("description"), tooLongText):
		if r.kind == kindUpdate {
			return unfinished // The update continues and cannot be cancelled.
		}
		return failed
	case got.text("description") == refusal:
		return refused
	default:
		return failed
	}
}

// tooLongText is the beginning of the description after a synchronous request
// has waited too long.
const tooLongText = "The operation takes longer"

// cancelledText is the description of an operation that a deletion cancelled.
const cancelledText = "The operation was cancelled because the resource is being deleted."

// deletedText is the description of an operation that succeeded before its resource was
// deleted.
const deletedText = "The operation succeeded, but the resource has been deleted since."

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
			a.findings.add(checkPolled, "the %s of %s, operation %s: the response to a poll is %v", r.kind, resourceName(r.instance, r.binding), operation, got)
			return unfinished
		case state == "in progress":
			pause(ctx, between(a.random, 20*time.Millisecond, 300*time.Millisecond))
			continue
		}
		a.findings.countItem(checkPolled)
		if before := a.journal.final(operation, state); before != "" && before != state {
			a.findings.add(checkPolled, "operation %s: last_operation reported %q and then %q", operation, before, state)
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

// object decodes a JSON object. It returns nil for any other text.
func object(text string) map[string]any {
	var v map[string]any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	return v
}
