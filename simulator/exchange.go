package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/openbroker/openbroker"
)

// An exchange is a request with its response. The broker finds it in the
// context of the request.
type exchange struct {
	http.ResponseWriter
	clock Clock
	route route
	// fault is the fault of the response, or nil. With a fault, the response is
	// buffered until it is complete.
	fault  *Fault
	status int
	body   bytes.Buffer
}

type exchangeKey struct{}

func (x *exchange) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// exchangeFrom returns the exchange of the context, which must have one.
func exchangeFrom(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// spoil sets the fault of the response. It is called before the response is
// written.
func (x *exchange) spoil(f *Fault) { x.fault = f }

// WriteHeader implements [http.ResponseWriter].
func (x *exchange) WriteHeader(status int) {
	x.status = status
	if x.fault == nil {
		x.ResponseWriter.WriteHeader(status)
	}
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(data []byte) (int, error) {
	if x.fault != nil {
		return x.body.Write(data)
	}
	return x.ResponseWriter.Write(data)
}

// Unwrap is for [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// finish applies the fault and sends the buffered response.
func (x *exchange) finish(ctx context.Context) {
	f := x.fault
	switch {
	case f == nil:
		return
	case f.Status != 0 && f.Status < http.StatusBadRequest:
		x.replace(f.Status, []byte("{}"))
	case f.Status != 0 && x.status != f.Status:
		// The handler answers every error of the catalog with 500.
		x.status = f.Status
		openbroker.WriteError(x.ResponseWriter, f.err(f.Status))
		return
	case f.Malformed != "":
		x.malform(f.Malformed)
	case f.WrongState != "":
		x.changeState(f.WrongState)
	case f.Slow != 0:
		x.trickle(ctx, time.Duration(f.Slow), f.Part)
		return
	}
	x.send(x.body.Bytes())
}

func (x *exchange) replace(status int, body []byte) {
	x.status = status
	x.body.Reset()
	if bodyAllowed(status) {
		x.body.Write(body)
	}
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// send writes the headers and the body.
func (x *exchange) send(body []byte) {
	x.ResponseWriter.WriteHeader(x.status)
	if len(body) > 0 {
		_, _ = x.ResponseWriter.Write(body) // A write error means that the client has disconnected.
	}
}

// malform replaces the body with a malformed one.
func (x *exchange) malform(how Malformed) {
	status, body := x.status, bytes.Clone(x.body.Bytes())
	if !bodyAllowed(status) {
		status = http.StatusOK
	}
	switch how {
	case Truncated:
		if body = body[:len(body)/2]; len(body) == 0 {
			body = []byte("{")
		}
		if string(body) == "{" {
			body = []byte(`{"operation":"`)
		}
	case Trailing:
		body = append(body, "}{"...)
	case Empty:
		body = nil
	case HTML:
		x.Header().Set("Content-Type", "text/html; charset=utf-8")
		body = []byte("<html><body><h1>Bad Gateway</h1></body></html>\n")
	case Array:
		body = []byte("[]")
	case Null:
		body = []byte("null")
	case WrongTypes:
		body = []byte(`{"services":"none","operation":4711,"dashboard_url":{},"credentials":"secret","state":true,"description":[],"metadata":"none",` +
			`"parameters":[],"endpoints":{},"volume_mounts":"none","error":{}}`)
	}
	x.replace(status, body)
}

// changeState replaces the state of an operation. It does not change other
// responses.
func (x *exchange) changeState(state string) {
	members, err := object(x.body.Bytes())
	if err != nil || members["state"] == nil {
		return
	}
	encoded, err := json.Marshal(state)
	if err != nil {
		return
	}
	members["state"] = encoded
	if body, err := json.Marshal(members); err == nil {
		x.replace(x.status, body)
	}
}

// pieces is the number of pieces in which the body is sent, if it is long
// enough.
const pieces = 20

// trickle sends the response slowly, within d.
func (x *exchange) trickle(ctx context.Context, d time.Duration, part Part) {
	// The server has a write timeout, which the slow response must exceed.
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now().Add(d + time.Minute))
	body := x.body.Bytes()
	if part == PartHeaders || len(body) == 0 {
		if x.clock.Sleep(ctx, d) == nil {
			x.send(body)
		}
		return
	}
	x.send(nil)
	flush := http.NewResponseController(x.ResponseWriter).Flush
	n := min(pieces, len(body))
	for i := range n {
		_ = flush() // Without a flush, the whole body arrives at the end.
		if x.clock.Sleep(ctx, d/time.Duration(n)) != nil {
			return
		}
		if _, err := x.ResponseWriter.Write(body[i*len(body)/n : (i+1)*len(body)/n]); err != nil {
			return
		}
	}
}
