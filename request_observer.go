package openbroker

import (
	"context"
	"net/http"
	"time"
)

// A RequestObserver watches the requests of a handler, for metrics and traces. The
// handler calls it when a request arrives, before authentication, and continues the
// request with the context that it returns. It calls done when the response was
// written. The observer and done must not block, and must not change the request.
type RequestObserver func(r *http.Request) (ctx context.Context, done func(RequestOutcome))

// A RequestOutcome describes a request that was answered.
type RequestOutcome struct {
	// Route is the path with placeholders for ids, such as
	// "/v2/service_instances/{instance_id}". It is empty if the request was refused
	// before its path was read, has an unknown path, or a method that the path does not
	// support.
	Route string
	// Status is the status of the response; 0 if the broker aborted the request with
	// [http.ErrAbortHandler].
	Status int
	// Caller is the sender of the request, as far as the handler has found out.
	Caller Caller
	// InstanceID and BindingID are those of the path, or empty.
	InstanceID, BindingID string
	// Code is the error code of a refusal (spec.md, "Error Codes"), or empty.
	Code string
	// Duration is the time from the arrival of the request to the last byte of the
	// response that the handler wrote.
	Duration time.Duration
}

// WithRequestObserver makes the handler report its requests to an observer. Package
// telemetry has one. [Middleware] ignores this option.
func WithRequestObserver(observer RequestObserver) Option {
	return func(c *config) { c.requestObserver = observer }
}

// observe reports the request to the observer. It returns the request with the context
// of the observer, and a function that reports the outcome.
func (c *config) observe(r *http.Request) (*http.Request, func(RequestOutcome)) {
	if c.requestObserver == nil {
		return r, nil
	}
	ctx, done := c.requestObserver(r)
	return r.WithContext(ctx), done
}
