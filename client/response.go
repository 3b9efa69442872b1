package client

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/openbroker/openbroker"
)

// A Response is the unchanged response of a broker. Its body may contain credentials:
// printed and logged, a Response shows only the status.
type Response struct {
	StatusCode int
	Header     http.Header
	// Body is empty if the broker sent none.
	Body []byte
	// RequestIdentity is the identity of the request.
	RequestIdentity string
	// Extensions holds the fields of the body that the specification does not define
	// for the call.
	Extensions openbroker.Extensions
}

// Format writes the status for every verb.
func (r Response) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%d %s", r.StatusCode, http.StatusText(r.StatusCode))
}

// LogValue returns the status.
func (r Response) LogValue() slog.Value { return slog.IntValue(r.StatusCode) }

type responseKey struct{}

// WithResponse returns a context that makes a call copy the broker's response to
// response, including errors. Use it for one call; after several calls, response holds
// the last one.
func WithResponse(ctx context.Context, response *Response) context.Context {
	return context.WithValue(ctx, responseKey{}, response)
}

func captureResponse(ctx context.Context, a *brokerResponse) {
	if response, ok := ctx.Value(responseKey{}).(*Response); ok {
		*response = Response{StatusCode: a.status, Header: a.header, Body: a.body, RequestIdentity: a.requestIdentity}
	}
}

func captureExtensions(ctx context.Context, r *reader) {
	response, ok := ctx.Value(responseKey{}).(*Response)
	if !ok {
		return
	}
	for name, value := range r.fields {
		if !slices.Contains(r.known, name) {
			if response.Extensions == nil {
				response.Extensions = openbroker.Extensions{}
			}
			response.Extensions[name] = value
		}
	}
}
