package server

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker"
)

// errBodyBudget answers a request whose body exceeds the budget. Reading the body
// returns it to the handler.
var errBodyBudget = openbroker.ErrUnavailable.
	WithDescription("The service broker is receiving too many large requests at the same time. Try again.").
	WithRetryAfter(time.Second).
	WithCause(errors.New("the bodies of all requests in progress would exceed the body budget"))

// A bodyBudget limits the total size of the bodies of all requests in progress. A
// body counts from its first read, so that requests which are refused before, such
// as those with a wrong password, do not use the budget.
type bodyBudget struct {
	limit int64
	used  atomic.Int64
}

func (b *bodyBudget) reserve(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

// bound returns r with a body that uses the budget. Call release when the request
// has been answered.
func (b *bodyBudget) bound(r *http.Request) (bounded *http.Request, release func()) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, func() {}
	}
	body := &budgetedBody{ReadCloser: r.Body, budget: b, expected: max(r.ContentLength, 0)}
	bounded = new(http.Request)
	*bounded = *r
	bounded.Body = body
	return bounded, func() { b.used.Add(-body.reserved) }
}

// A budgetedBody reserves the announced length of the body before the first read,
// or, without one, the bytes that it reads.
type budgetedBody struct {
	io.ReadCloser
	budget                   *bodyBudget
	expected, read, reserved int64
}

func (b *budgetedBody) Read(p []byte) (int, error) {
	if !b.reserve(b.expected) {
		return 0, errBodyBudget
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if !b.reserve(b.read) {
		return 0, errBodyBudget
	}
	return n, err
}

// reserve raises the reservation to at least n bytes.
func (b *budgetedBody) reserve(n int64) bool {
	if n <= b.reserved {
		return true
	}
	if !b.budget.reserve(n - b.reserved) {
		return false
	}
	b.reserved = n
	return true
}
