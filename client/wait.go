package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/openbroker/openbroker"
)

type polling struct{ first, longest, limit time.Duration }

var defaultPolling = polling{first: time.Second, longest: 30 * time.Second, limit: 7 * 24 * time.Hour}

// maxNotFound is the number of consecutive 404 responses that ends Wait. A replica of
// the broker may briefly not know the resource yet.
const maxNotFound = 5

// Progress is the state of [Client.Wait] after a poll.
type Progress struct {
	Operation Operation
	// Poll is the number of the poll, from 1.
	Poll int
	// State and Description are those of the last valid response, and empty before
	// the first one. The description is the broker's text.
	State       openbroker.OperationState
	Description string
	// Err is the error of this poll if it got no valid response, or nil. The
	// operation may continue nevertheless.
	Err error
	// Elapsed is the time since the operation was accepted.
	Elapsed time.Duration
	// Next is the time until the next poll, or 0 if the operation has ended.
	Next time.Duration
}

// An OperationError means that an operation has failed: the broker reports it, or
// the maximum polling duration has passed (spec.md, "Polling Interval and Duration").
type OperationError struct {
	Operation Operation
	// Description is the broker's text, or empty.
	Description string
	// InstanceUsable and UpdateRepeatable are those of the response, or nil.
	InstanceUsable   *bool
	UpdateRepeatable *bool
	// TimedOut means that the operation did not end within the maximum polling
	// duration. LastErr is the error of the last poll, or nil.
	TimedOut bool
	LastErr  error

	orphan Orphan
}

// Error returns the kind of the operation and the broker's text.
func (e *OperationError) Error() string {
	what := string(e.Operation.Kind) + " of instance " + e.Operation.InstanceID
	if e.Operation.BindingID != "" {
		what = string(e.Operation.Kind) + " of binding " + e.Operation.BindingID
	}
	switch {
	case e.TimedOut && e.LastErr != nil:
		return fmt.Sprintf("%s: not finished within the maximum polling duration; the last poll: %v", what, e.LastErr)
	case e.TimedOut:
		return what + ": not finished within the maximum polling duration"
	case e.Description == "":
		return what + " failed; the broker gives no reason"
	default:
		return what + " failed: " + e.Description
	}
}

// Unwrap returns LastErr.
func (e *OperationError) Unwrap() error { return e.LastErr }

// Wait polls an operation until it has ended (spec.md, "Polling Last Operation for
// Service Instances" and "for Service Bindings"). It calls progress, if it is not
// nil, after each poll.
//
// A Retry-After of the broker sets the time of the next poll; without one the pause
// grows (see [WithPollInterval]). A 410 means that a deletion has succeeded. A poll
// without a valid response does not end Wait: it continues until the maximum polling
// duration of the plan has passed. Only a 400 and repeated 404s end Wait with that
// error.
//
// Wait returns an [*OperationError] if the operation failed. If ctx ends first, Wait
// returns an error that wraps the error of ctx; the operation continues, and Wait can
// be called again.
func (c *Client) Wait(ctx context.Context, o Operation, progress func(Progress)) (*openbroker.LastOperationResponse, error) {
	w := &wait{client: c, operation: o, progress: progress, pause: c.polling.first, began: o.AcceptedAt}
	if w.began.IsZero() {
		w.began = time.Now()
	}
	limit := c.polling.limit
	if o.MaximumPollingDuration > 0 {
		limit = o.MaximumPollingDuration
	}
	w.deadline = w.began.Add(limit)
	if err := w.sleep(ctx, min(time.Until(w.began.Add(o.RetryAfter)), time.Until(w.deadline))); err != nil {
		return nil, err
	}
	for {
		response, err := w.poll(ctx)
		if response != nil || err != nil {
			return response, err
		}
		if err := w.sleep(ctx, w.last.Next); err != nil {
			return nil, err
		}
	}
}

type wait struct {
	client    *Client
	operation Operation
	progress  func(Progress)
	began     time.Time
	deadline  time.Time
	pause     time.Duration
	last      Progress
	notFound  int
}

func (w *wait) sleep(ctx context.Context, d time.Duration) error {
	if err := sleep(ctx, d); err != nil {
		return fmt.Errorf("stopped waiting for the %s, which continues: %w", w.operation.Kind, err)
	}
	return nil
}

// poll polls once. It returns neither a response nor an error if the operation
// continues.
func (w *wait) poll(ctx context.Context) (*openbroker.LastOperationResponse, error) {
	response, err := w.ask(ctx)
	if ctx.Err() != nil && err != nil {
		return nil, fmt.Errorf("stopped waiting for the %s, which continues: %w", w.operation.Kind, ctx.Err())
	}
	now := time.Now()
	w.last.Operation, w.last.Poll = w.operation, w.last.Poll+1
	w.last.Elapsed, w.last.Err, w.last.Next = now.Sub(w.began), err, 0
	var ended bool
	var retryAfter time.Duration
	if err == nil {
		w.notFound = 0
		w.last.State, w.last.Description, retryAfter = response.State, response.Description, response.RetryAfter
		ended = response.State != openbroker.OperationInProgress
	} else {
		ended, retryAfter = w.judge(err)
	}
	if !ended && !now.Before(w.deadline) {
		w.report()
		return nil, w.failed(ctx, &OperationError{Operation: w.operation, Description: w.last.Description, TimedOut: true, LastErr: err})
	}
	if !ended {
		w.last.Next = w.next(retryAfter, now)
	}
	w.report()
	switch {
	case !ended:
		return nil, nil //nolint:nilnil // The comment of the method documents it.
	case err != nil:
		return nil, err
	case response.State == openbroker.OperationFailed:
		return response, w.failed(ctx, &OperationError{
			Operation: w.operation, Description: response.Description,
			InstanceUsable: response.InstanceUsable, UpdateRepeatable: response.UpdateRepeatable,
		})
	default:
		return response, nil
	}
}

func (w *wait) report() {
	if w.progress != nil {
		w.progress(w.last)
	}
}

// ask sends one poll. A deletion whose resource is gone has succeeded.
func (w *wait) ask(ctx context.Context) (*openbroker.LastOperationResponse, error) {
	o := w.operation
	call := &call{
		name: "last operation", method: http.MethodGet, instance: o.InstanceID, binding: o.BindingID,
		onBinding: o.Kind.onBinding(), lastOperation: true,
		query: []parameter{{"service_id", o.ServiceID}, {"plan_id", o.PlanID}, {"operation", o.Operation}},
	}
	response, err := w.client.poll(ctx, call)
	if o.Kind.deletes() && errors.Is(err, openbroker.ErrGone) {
		return &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded}, nil
	}
	return response, err
}

// judge decides whether a poll without a valid response ends Wait.
func (w *wait) judge(err error) (ended bool, retryAfter time.Duration) {
	var response *ResponseError
	if !errors.As(err, &response) {
		w.notFound = 0
		return false, 0
	}
	switch response.StatusCode {
	case http.StatusBadRequest:
		return true, 0
	case http.StatusNotFound:
		w.notFound++
	default:
		w.notFound = 0
	}
	return w.notFound >= maxNotFound, response.RetryAfter
}

// next returns the pause before the next poll. The last poll is at the deadline.
func (w *wait) next(retryAfter time.Duration, now time.Time) time.Duration {
	pause := retryAfter
	if pause <= 0 {
		pause = w.pause
		w.pause = min(w.pause*2, w.client.polling.longest)
	}
	return min(pause, w.deadline.Sub(now))
}

func (w *wait) failed(ctx context.Context, e *OperationError) error {
	if w.client.policy.afterOperation(e) {
		e.orphan = w.operation.orphan()
		w.client.mitigate(ctx, e.orphan)
	}
	return e
}
