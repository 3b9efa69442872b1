package server

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker"
)

// errBodyBudget answers a request whose body does not fit beside the others. It
// reaches the handler as the error of reading the body.
var errBodyBudget = openbroker.ErrUnavailable.
	WithDescription("The service broker is receiving too many large requests at the same time. Try again.").
	WithRetryAfter(time.Second).
	WithCause(errors.New("the bodies of the requests that are being answered would exceed the body budget"))

// A bodyBudget bounds the bytes of the bodies of all requests that are being
// answered. A body counts from the first read on, so that requests which are
// refused before, such as those without the right password, cost nothing.
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

// bound returns r with a body that counts. The function release ends that.
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

// A budgetedBody reserves what it reads: the length that the client announced,
// before the first byte, or otherwise as it comes.
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

// reserve makes the reservation at least n bytes.
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
