package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// A plainListener accepts connections of HTTP/1.
type plainListener struct{ net.Listener }

// Accept waits for a connection.
func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c}, nil
}

// A tlsListener does the TLS handshakes, which net/http otherwise does: only
// behind one it is known whether the client speaks HTTP/1, whose connections are
// ours, or HTTP/2, which net/http finds by the type *tls.Conn.
type tlsListener struct {
	net.Listener
	config  *tls.Config
	timeout time.Duration
	logger  *slog.Logger

	start    sync.Once
	accepted chan acceptance
	running  context.Context //nolint:containedctx // It is that of the goroutines of the listener.
	stop     context.CancelFunc
}

type acceptance struct {
	net.Conn
	err error
}

func newTLSListener(inner net.Listener, config *tls.Config, timeout time.Duration, logger *slog.Logger) *tlsListener {
	running, stop := context.WithCancel(context.Background())
	return &tlsListener{
		Listener: inner, config: config, timeout: timeout, logger: logger,
		accepted: make(chan acceptance), running: running, stop: stop,
	}
}

// Accept waits for a connection whose handshake is done.
func (l *tlsListener) Accept() (net.Conn, error) {
	l.start.Do(func() { go l.run() })
	select {
	case a := <-l.accepted:
		return a.Conn, a.err
	case <-l.running.Done():
		return nil, net.ErrClosed
	}
}

// Close stops accepting, and closes connections that Accept has not returned.
func (l *tlsListener) Close() error {
	l.stop()
	return l.Listener.Close()
}

// run accepts connections until the listener is closed. An error is handed on:
// net/http knows which it can wait out, and it is not gone for as long.
func (l *tlsListener) run() {
	for {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			go l.handshake(c)
		case !l.hand(acceptance{err: err}) || errors.Is(err, net.ErrClosed):
			return
		}
	}
}

// hand gives the next Accept its result, unless the listener is closed.
func (l *tlsListener) hand(a acceptance) bool {
	select {
	case l.accepted <- a:
		return true
	case <-l.running.Done():
		return false
	}
}

func (l *tlsListener) handshake(raw net.Conn) {
	_ = raw.SetDeadline(time.Now().Add(l.timeout))
	c := tls.Server(raw, l.config)
	if err := c.HandshakeContext(l.running); err != nil {
		var header tls.RecordHeaderError
		if errors.As(err, &header) && header.Conn != nil && looksLikeHTTP(header.RecordHeader) {
			_, _ = header.Conn.Write(errorResponse(http.StatusBadRequest, "This server speaks HTTPS: use https:// in its URL."))
			err = errors.New("client sent an HTTP request to an HTTPS server")
		}
		_ = raw.Close()
		if l.running.Err() == nil {
			logTrouble(l.running, l.logger, fmt.Sprintf("%s from %s: %v", handshakeError, raw.RemoteAddr(), err))
		}
		return
	}
	_ = raw.SetDeadline(time.Time{})
	result := net.Conn(c)
	if state := c.ConnectionState(); state.NegotiatedProtocol != "h2" {
		result = &tlsConnection{connection: connection{Conn: c}, state: state}
	}
	if !l.hand(acceptance{Conn: result}) {
		_ = c.Close()
	}
}

// looksLikeHTTP tells whether the first five bytes are of a request without TLS.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	default:
		return false
	}
}
