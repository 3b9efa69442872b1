package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/openbroker/openbroker/provider/internal/message"
)

// callbacks receive what the receiver sends to the broker, and pass it to the attempts of
// this process.
type callbacks struct {
	secrets   secrets
	tolerance time.Duration
	now       func() time.Time
	logger    *slog.Logger
	memory    memory

	mu      sync.Mutex
	waiters map[string]*waiter // by the key of the operation
	// ended has the ids of the last messages to which this process got an answer.
	ended []string
}

// maxEnded bounds how many they are.
const maxEnded = 1024

// A waiter is an attempt that callbacks are for.
type waiter struct {
	exchange *exchange
	key      string
	// stop ends what the attempt does when the answer has come.
	stop context.CancelFunc

	// mu is held while a callback changes the attempt, so that the attempt ends later.
	mu     sync.Mutex
	answer *message.Answer
	closed bool
}

// register makes an attempt known. The context ends when its answer has come.
func (c *callbacks) register(ctx context.Context, e *exchange) (*waiter, context.Context) {
	ctx, stop := context.WithCancel(ctx)
	w := &waiter{exchange: e, key: operationKey(e.request), stop: stop}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiters == nil {
		c.waiters = map[string]*waiter{}
	}
	c.waiters[w.key] = w
	return w, ctx
}

// remove ends what register began. over says that no other attempt follows.
func (c *callbacks) remove(w *waiter, over bool) {
	w.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiters[w.key] == w { // A later attempt may have replaced an abandoned one.
		delete(c.waiters, w.key)
	}
	if !over {
		return
	}
	if len(c.ended) >= maxEnded {
		c.ended = slices.Delete(c.ended, 0, maxEnded/2)
	}
	c.ended = append(c.ended, w.exchange.id())
}

// close refuses further callbacks, and returns the answer of an earlier one, or nil.
func (w *waiter) close() *message.Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return w.answer
}

// A refusal is the answer to a callback that has no effect.
type refusal struct {
	status      int
	code        string
	description string
	// after, in seconds, is when to send it again; 0 if that is of no use.
	after string
}

func (r *refusal) Error() string { return r.description }

// ServeHTTP answers a callback.
func (c *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := c.receive(r)
	var no *refusal
	switch {
	case err == nil:
		c.logger.LogAttrs(r.Context(), slog.LevelInfo, "callback received", slog.String("message_id", r.Header.Get(headerID)))
		reply(w, http.StatusOK, map[string]string{})
		return
	case errors.As(err, &no):
	default:
		no = &refusal{http.StatusServiceUnavailable, "TryAgain", "The broker could not store it: send it again.", "5"}
	}
	c.logger.LogAttrs(r.Context(), slog.LevelWarn, "a callback has no effect",
		slog.Int("status", no.status), slog.String("error", err.Error()), slog.String("remote", r.RemoteAddr))
	switch no.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "StandardWebhooks")
	}
	if no.after != "" {
		w.Header().Set("Retry-After", no.after)
	}
	reply(w, no.status, map[string]string{"error": no.code, "description": no.description})
}

func reply(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // The sender is gone.
}

// receive verifies a callback and passes it on. A message that was received before
// succeeds without an effect.
func (c *callbacks) receive(r *http.Request) error {
	if r.Method != http.MethodPost {
		return &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "Callbacks are sent by POST.", ""}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, message.MaxCallback+1))
	if err != nil {
		return err
	}
	if len(body) > message.MaxCallback {
		return &refusal{http.StatusRequestEntityTooLarge, "TooLarge", fmt.Sprintf("The callback has more than %d bytes.", message.MaxCallback), ""}
	}
	m, err := c.secrets.verify(r.Header, body, c.now(), c.tolerance)
	if err != nil {
		return &refusal{http.StatusUnauthorized, "Unauthorized", err.Error(), ""}
	}
	switch c.memory.note(m, c.now()) {
	case isDone:
		return nil
	case isPending:
		return &refusal{http.StatusServiceUnavailable, "TryAgain", "The same message is just being received.", "1"}
	case isFull:
		return &refusal{http.StatusServiceUnavailable, "TryAgain", "The broker has got too many callbacks.", "60"}
	case isNew:
	}
	err = c.deliver(r.Context(), body)
	c.memory.conclude(m, err == nil)
	return err
}

// deliver passes a verified callback to its attempt.
func (c *callbacks) deliver(ctx context.Context, body []byte) error {
	invalid := func(err error) error {
		return &refusal{http.StatusBadRequest, "BadCallback", err.Error(), ""}
	}
	callback, err := message.DecodeCallback(body)
	if err != nil {
		return invalid(err)
	}
	w, err := c.find(callback.Message)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errEnded
	}
	if err := w.current(callback.Message); err != nil {
		return err
	}
	if callback.Answer != nil {
		answer, err := message.DecodeAnswer(w.exchange.request.Operation, callback.Answer)
		if err != nil {
			return invalid(err)
		}
		if w.answer != nil {
			return &refusal{http.StatusConflict, "AlreadyAnswered", "The operation has an answer.", ""}
		}
		w.answer = answer
		w.stop()
		return nil
	}
	line, err := message.DecodeLine(callback.Line)
	if err != nil {
		return invalid(err)
	}
	return w.exchange.note(ctx, &line)
}

var errEnded = &refusal{http.StatusGone, "Ended", "The broker no longer waits for an answer to this message.", ""}

// find returns the attempt that a message belongs to.
func (c *callbacks) find(id string) (*waiter, error) {
	key, _, ok := splitID(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waiters[key]
	switch {
	case w != nil && ok:
		return w, nil
	case slices.Contains(c.ended, id):
		return nil, errEnded
	default:
		// Another replica, or the next attempt, may wait for it.
		return nil, &refusal{
			http.StatusNotFound, "UnknownMessage",
			"This process does not wait for an answer to this message: send it again while the deadline has not passed, or let the broker ask for it.", "5",
		}
	}
}

// current returns an error unless a message is that of the attempt.
func (w *waiter) current(id string) error {
	_, generation, _ := splitID(id)
	_, own, _ := splitID(w.exchange.id())
	switch {
	case generation < own:
		return &refusal{http.StatusConflict, "OlderGeneration", "The broker has sent the request again with a later generation: name the webhook-id of the last one.", ""}
	case generation > own:
		return &refusal{http.StatusConflict, "UnknownGeneration", "The broker has not sent a request with this generation.", ""}
	default:
		return nil
	}
}
