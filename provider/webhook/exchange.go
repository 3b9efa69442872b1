package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/message"
)

// cancelTimeout limits a cancellation. The engine abandons a provider that does not
// return in time.
const cancelTimeout = 5 * time.Second

// maxRetryAfter is the longest time that an attempt waits because the receiver asks for
// it. For a longer one, it lets the engine make another attempt.
const maxRetryAfter = time.Minute

// An exchange is one attempt at an operation.
type exchange struct {
	provider *Provider
	logger   *slog.Logger
	task     progress
	request  *message.Request
	// unknown adds a member to the request that the receiver does not know.
	unknown bool
	// retries is how often a call is repeated.
	retries int
	masker  message.Masker
	// sent says that the receiver may have got the request.
	sent bool

	// mu guards the checkpoint, which callbacks can change.
	mu         sync.Mutex
	checkpoint checkpoint
}

// progress is where an attempt keeps what the receiver says: a [*durable.Task].
type progress interface {
	Save(ctx context.Context, v any) error
	Report(ctx context.Context, description string) error
}

// A checkpoint is what the next attempt needs.
type checkpoint struct {
	// Poll is where the answer is, if the receiver said so, and Generation that of the
	// request that it accepted.
	Poll       string `json:"poll,omitempty"`
	Generation int64  `json:"generation,omitempty"`
	// Receiver is the checkpoint of the receiver.
	Receiver json.RawMessage `json:"receiver,omitempty"`
}

// A resumable is a task whose checkpoint is that of the receiver.
type resumable struct {
	*durable.Task
	exchange *exchange
}

// Load reads the checkpoint of the receiver.
func (r resumable) Load(v any) (bool, error) {
	found, err := r.Task.Load(&r.exchange.checkpoint)
	if err != nil || !found || r.exchange.checkpoint.Receiver == nil {
		return false, err
	}
	return true, json.Unmarshal(r.exchange.checkpoint.Receiver, v)
}

// operate makes an attempt at an operation. build makes its request.
func (p *Provider) operate(ctx context.Context, task *durable.Task, build func(message.Task) (*message.Request, error)) (*message.Answer, error) {
	e := &exchange{provider: p, logger: task.Logger(), task: task, retries: p.retries}
	var err error
	if e.request, err = build(resumable{task, e}); err != nil {
		return nil, err
	}
	p.complete(e.request)
	e.masker.Request(e.request)
	answer, err := e.attempt(ctx)
	if durable.GivenUp(ctx) {
		// An answer that comes now is late.
		if e.sent {
			e.cancel(ctx)
		}
		if cause := context.Cause(ctx); !errors.Is(err, cause) {
			err = errors.Join(cause, err)
		}
		return nil, err
	}
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		return nil, e.forgetPollAfter(ctx, err)
	}
	return answer, nil
}

// forgetPollAfter lets the next attempt send the request again: where the broker polled,
// there is only the answer to this attempt. A receiver that is away keeps its work.
func (e *exchange) forgetPollAfter(ctx context.Context, err error) error {
	e.mu.Lock()
	polled := e.checkpoint.Poll != ""
	e.mu.Unlock()
	var away *awayError
	if !polled || ctx.Err() != nil || errors.As(err, &away) {
		return err
	}
	return errors.Join(err, e.save(ctx, forgetPoll))
}

func forgetPoll(c *checkpoint) { c.Poll, c.Generation = "", 0 }

// attempt returns the answer, from the receiver or from a callback.
func (e *exchange) attempt(ctx context.Context) (*message.Answer, error) {
	if e.provider.callbacks == nil {
		return e.run(ctx)
	}
	w, work := e.provider.callbacks.register(ctx, e)
	over := false
	defer func() { e.provider.callbacks.remove(w, over) }()
	answer, err := e.run(work)
	if called := w.close(); called != nil {
		answer, err = called, nil
	}
	over = err == nil && answer.RetryAfter == nil || durable.GivenUp(ctx)
	return answer, err
}

// id returns the id of the message: of this attempt, or of the earlier one whose request
// the receiver accepted. It is the same for each retry and poll. A deprovision deletes
// the remaining bindings first, and they have ids of their own.
func (e *exchange) id() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return messageID(operationKey(e.request), e.generation())
}

// generation needs the mutex.
func (e *exchange) generation() int64 {
	if e.checkpoint.Poll != "" {
		return e.checkpoint.Generation
	}
	return e.request.Generation
}

func operationKey(r *message.Request) string {
	if r.Operation == message.Unbind {
		return r.ID + "_" + r.Binding.ResourceName
	}
	return r.ID
}

// A message id has the key of the operation behind the generation, which has no "_".
func messageID(key string, generation int64) string {
	return strconv.FormatInt(generation, 10) + "_" + key
}

// run sends the request until it has an answer.
func (e *exchange) run(ctx context.Context) (*message.Answer, error) {
	poll := e.savedPoll()
	pause := newBackoff(e.provider.pollMin, e.provider.pollMax)
	for {
		what, err := e.next(poll)
		if err != nil {
			return nil, err
		}
		r, err := e.deliver(ctx, what)
		if err != nil {
			return nil, err
		}
		wait := pause.next()
		switch {
		case r.accepted():
			if poll, err = e.progress(ctx, r, what.url); err != nil {
				return nil, err
			}
			if after := r.retryAfter(r.at); after > 0 {
				wait = after
			}
		case poll != nil && (r.status == http.StatusNotFound || r.status == http.StatusGone):
			e.logger.LogAttrs(ctx, slog.LevelWarn, "the receiver has lost the operation: the request is sent again", slog.Int("status", r.status))
			if err := e.save(ctx, forgetPoll); err != nil {
				return nil, err
			}
			poll = nil
		default:
			answer, err := r.answer(e.request.Operation)
			if err != nil {
				return nil, e.explain(r, err)
			}
			return answer, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// savedPoll returns the URL at which an earlier attempt polled, or nil. The configuration
// may have another receiver now.
func (e *exchange) savedPoll() *url.URL {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.checkpoint.Poll == "" {
		return nil
	}
	saved, err := url.Parse(e.checkpoint.Poll)
	if err != nil || !sameOrigin(saved, e.provider.client.endpoint) {
		forgetPoll(&e.checkpoint)
		return nil
	}
	return saved
}

// next returns the next call: a poll, or the request itself.
func (e *exchange) next(poll *url.URL) (*call, error) {
	if poll != nil {
		e.sent = true
		return &call{method: http.MethodGet, url: poll, id: e.id()}, nil
	}
	e.mu.Lock()
	e.request.Checkpoint = e.checkpoint.Receiver
	e.mu.Unlock()
	body, err := e.request.Encode()
	if err == nil && e.unknown {
		body = append([]byte(`{"unknown_member":{"of":["a later version"]},`), body[1:]...)
	}
	return &call{method: http.MethodPost, url: e.provider.client.endpoint, id: e.id(), body: body}, err
}

// progress keeps what the receiver says with a 202, and returns where to poll.
func (e *exchange) progress(ctx context.Context, r *response, from *url.URL) (*url.URL, error) {
	line, err := r.line()
	if err != nil {
		return nil, e.explain(r, err)
	}
	location, err := r.location(from)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	before, generation := e.checkpoint.Poll, e.generation()
	e.mu.Unlock()
	if location == nil && before != "" {
		location = from // A poll need not say it again.
	}
	if location != nil && location.String() != before {
		if err := e.save(ctx, func(c *checkpoint) { c.Poll, c.Generation = location.String(), generation }); err != nil {
			return nil, err
		}
	}
	if line != nil {
		return location, e.note(ctx, line)
	}
	return location, nil
}

// note keeps what the receiver says while it works.
func (e *exchange) note(ctx context.Context, line *message.Line) error {
	if line.Checkpoint != nil {
		if err := e.save(ctx, func(c *checkpoint) { c.Receiver = line.Checkpoint }); err != nil {
			return err
		}
	}
	if line.Description != "" {
		// A description is not worth the end of an attempt.
		_ = e.task.Report(ctx, line.Description)
	}
	return nil
}

// save changes the checkpoint, and stores it.
func (e *exchange) save(ctx context.Context, change func(*checkpoint)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.checkpoint)
	return e.task.Save(ctx, &e.checkpoint)
}

// explain adds what the receiver says to an error, without secrets of the request.
func (e *exchange) explain(r *response, err error) error {
	if text, cut := r.says(); text != "" {
		return fmt.Errorf("%w; it says %q", err, e.masker.Mask(text, cut))
	}
	return err
}

// cancel tells the receiver that the broker no longer waits for its answer. It tries once: a
// receiver that does not get it gets the clean-up.
func (e *exchange) cancel(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
	defer stop()
	id := e.id()
	body, err := message.NewCancel(e.request, id).Encode()
	if err == nil {
		_, err = e.provider.client.send(ctx, &call{method: http.MethodPost, url: e.provider.client.endpoint, id: id + "_cancel", body: body})
	}
	if err != nil {
		e.logger.LogAttrs(ctx, slog.LevelWarn, "the message that the operation is over did not reach the receiver", slog.String("error", err.Error()))
	}
}

// deliver makes a call, and retries it while that can help. Each try is signed anew.
func (e *exchange) deliver(ctx context.Context, what *call) (*response, error) {
	pause := newBackoff(e.provider.retryMin, e.provider.retryMax)
	for try := 0; ; try++ {
		e.sent = true
		r, err := e.provider.client.send(ctx, what)
		if err == nil {
			err = r.fault(r.at)
		}
		if err == nil {
			err = e.provider.client.verify(r, what.id)
		}
		if err == nil {
			return r, nil
		}
		if r != nil {
			err = e.explain(r, err)
		}
		if ctx.Err() != nil {
			return nil, err
		}
		wait := pause.next()
		var permanent *permanentError
		var notAllowed *addressError
		var asked *repeatError
		switch {
		case errors.As(err, &permanent), errors.As(err, &notAllowed):
			return nil, err
		case errors.As(err, &asked) && asked.after > 0:
			wait = asked.after
		}
		if try >= e.retries || wait > maxRetryAfter {
			return nil, &againError{again(err, wait)}
		}
		e.logger.LogAttrs(ctx, slog.LevelInfo, "the receiver is tried again", slog.String("error", err.Error()), slog.Duration("after", wait))
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// An againError is that of a call that can succeed later.
type againError struct{ err error }

func (e *againError) Error() string { return e.err.Error() }
func (e *againError) Unwrap() error { return e.err }

// again lets the engine make another attempt. It waits without counting attempts for a
// receiver that cannot be reached.
func again(err error, after time.Duration) error {
	var away *awayError
	if errors.As(err, &away) {
		return durable.Unreachable(err)
	}
	return durable.Retryable(err, after)
}

// splitID returns the parts of a message id.
func splitID(id string) (key string, generation int64, ok bool) {
	number, key, found := strings.Cut(id, "_")
	generation, err := strconv.ParseInt(number, 10, 64)
	return key, generation, found && err == nil && generation > 0 && key != ""
}
