package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// NewHandlerTransport returns a transport that calls handler in this process, without
// a socket. Use it with [WithTransport]. The address of the client is passed to the
// handler and has no other effect.
//
// RoundTrip returns after the handler has written the complete response. If the
// handler panics, also with [http.ErrAbortHandler], RoundTrip returns an error.
func NewHandlerTransport(handler http.Handler) http.RoundTripper {
	return handlerTransport{handler}
}

type handlerTransport struct{ handler http.Handler }

// RoundTrip calls the handler.
func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	server := r.Clone(ctx)
	server.RequestURI = r.URL.RequestURI()
	server.RemoteAddr = "127.0.0.1:0"
	server.URL.Scheme, server.URL.Host, server.URL.User = "", "", nil
	if server.Host == "" {
		server.Host = r.URL.Host
	}
	if server.Body == nil {
		server.Body = http.NoBody
	}
	ended := make(chan error, 1)
	buffered := &buffer{header: http.Header{}}
	go func() {
		defer cancel()
		defer func() {
			var err error
			if panicked := recover(); panicked != nil {
				err = fmt.Errorf("the handler panicked: %v", panicked)
			}
			if r.Body != nil {
				_ = r.Body.Close()
			}
			ended <- err
		}()
		t.handler.ServeHTTP(buffered, server)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case err := <-ended:
		if err != nil {
			return nil, err
		}
		return buffered.response(r), nil
	}
}

// buffer collects the response of a handler.
type buffer struct {
	header http.Header
	sent   http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (b *buffer) Header() http.Header { return b.header }

// WriteHeader implements [http.ResponseWriter]. It takes a copy of the header.
func (b *buffer) WriteHeader(status int) {
	// Informational responses precede the final one.
	if b.status != 0 || status < 200 {
		return
	}
	b.status, b.sent = status, maps.Clone(b.header)
}

// Write implements [http.ResponseWriter].
func (b *buffer) Write(data []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(data)
}

func (b *buffer) response(r *http.Request) *http.Response {
	b.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: strconv.Itoa(b.status) + " " + http.StatusText(b.status), StatusCode: b.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: b.sent, Body: io.NopCloser(&b.body), ContentLength: int64(b.body.Len()), Request: r,
	}
}
