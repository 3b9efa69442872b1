package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/openbroker/openbroker"
)

// A connection is an HTTP/1 connection between net/http and the network or TLS. It
// handles what net/http does before it calls a handler: it detects requests whose
// end is ambiguous, and turns error responses of net/http into JSON objects
// (spec.md, "Service Broker Errors").
type connection struct {
	net.Conn
	framing framing // used only by Read, which is not called concurrently
	// ambiguous is the number of the ambiguous request, from 1, or 0. served counts
	// the requests that reached the handler.
	ambiguous, served atomic.Int64
}

// Read reads from the connection and tracks the requests in the data.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if number := c.framing.read(p[:n]); number > 0 {
		c.ambiguous.Store(number)
	}
	return n, err
}

// Write writes p, or a JSON response if p is an error response of net/http. It
// returns the length of p if it wrote everything.
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

// CloseWrite lets net/http close the connection for writing and still read what the
// client sends. Otherwise the client might not receive the response.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// A tlsConnection is a connection over TLS after its handshake.
type tlsConnection struct {
	connection
	state tls.ConnectionState
}

// ConnectionState makes net/http set [http.Request.TLS].
func (c *tlsConnection) ConnectionState() tls.ConnectionState { return c.state }

type connectionKey struct{}

// withConnection puts a connection into the context of its requests.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case *connection:
		return context.WithValue(ctx, connectionKey{}, c)
	case *tlsConnection:
		return context.WithValue(ctx, connectionKey{}, &c.connection)
	default: // HTTP/2 has frames: its requests are never ambiguous.
		return ctx
	}
}

// refuseAmbiguous answers a request whose end is ambiguous and closes its
// connection, because the bytes that follow may be part of the request.
func (s *Server) refuseAmbiguous(w http.ResponseWriter, r *http.Request) (refused bool) {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if c == nil || c.served.Add(1) != c.ambiguous.Load() {
		return false
	}
	logTrouble(r.Context(), s.config.Logger, "a request from "+r.RemoteAddr+" has both Content-Length and Transfer-Encoding, or a Transfer-Encoding in HTTP/1.0")
	w.Header().Set("Connection", "close")
	openbroker.WriteError(w, openbroker.ErrBadRequest.WithDescription(
		"The end of the request is ambiguous: it must have either Content-Length or Transfer-Encoding, in one line, and Transfer-Encoding only in HTTP/1.1."))
	return true
}
