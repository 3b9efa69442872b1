package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/openbroker/openbroker"
)

// A connection is one of HTTP/1, between net/http and the network or TLS. It
// sees to what net/http does before a handler is called: it notices requests
// whose end is ambiguous, and turns the errors that net/http answers by itself
// into JSON objects (spec.md, "Service Broker Errors").
type connection struct {
	net.Conn
	framing framing // used by Read, of which there is one at a time
	// ambiguous is the number of the request that is, from 1; served counts
	// those that came to the handler.
	ambiguous, served atomic.Int64
}

// Read reads and looks at what has arrived.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if number := c.framing.read(p[:n]); number > 0 {
		c.ambiguous.Store(number)
	}
	return n, err
}

// Write writes p, or the JSON in place of it. It returns the length of p if all
// was written.
func (c *connection) Write(p []byte) (int, error) {
	replaced := plainErrorAsJSON(p)
	if replaced == nil {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(replaced); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CloseWrite lets net/http say that nothing follows, and still read what a client
// is sending: an answer could be lost otherwise.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// A tlsConnection is a connection over TLS, whose handshake is done.
type tlsConnection struct {
	connection
	state tls.ConnectionState
}

// ConnectionState makes net/http set [http.Request.TLS].
func (c *tlsConnection) ConnectionState() tls.ConnectionState { return c.state }

type connectionKey struct{}

// withConnection puts a connection of ours into the context of its requests.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case *connection:
		return context.WithValue(ctx, connectionKey{}, c)
	case *tlsConnection:
		return context.WithValue(ctx, connectionKey{}, &c.connection)
	default: // HTTP/2, which has frames.
		return ctx
	}
}

// refuseAmbiguous answers a request whose end is ambiguous, and closes its
// connection: what follows on it may have been meant as a part of the request.
func (s *Server) refuseAmbiguous(w http.ResponseWriter, r *http.Request) (refused bool) {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if c == nil || c.served.Add(1) != c.ambiguous.Load() {
		return false
	}
	logTrouble(r.Context(), s.config.Logger, "a request from "+r.RemoteAddr+" has both Content-Length and Transfer-Encoding, or a Transfer-Encoding in HTTP/1.0")
	w.Header().Set("Connection", "close")
	openbroker.WriteError(w, openbroker.ErrBadRequest.WithDescription(
		"The end of the request is ambiguous: it must have one of Content-Length and Transfer-Encoding, in one line, and the latter only in HTTP/1.1."))
	return true
}
