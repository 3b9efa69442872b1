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

// A plainListener accepts HTTP/1 connections.
type plainListener struct{ net.Listener }

// Accept waits for a connection.
func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c}, nil
}

// A tlsListener does the TLS handshakes in place of net/http. After the handshake it
// wraps HTTP/1 connections; HTTP/2 connections stay of type *tls.Conn, by which
// net/http recognizes them.
type tlsListener struct {
	net.Listener
	config  *tls.Config
	timeout time.Duration
	logger  *slog.Logger

	start    sync.Once
	accepted chan acceptance
	running  context.Context //nolint:containedctx // The context of the listener's goroutines.
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

// Accept waits for a connection that has completed its handshake.
func (l *tlsListener) Accept() (net.Conn, error) {
	l.start.Do(func() { go l.run() })
	select {
	case a := <-l.accepted:
		return a.Conn, a.err
	case <-l.running.Done():
		return nil, net.ErrClosed
	}
}

// Close stops accepting and closes connections that Accept has not returned.
func (l *tlsListener) Close() error {
	l.stop()
	return l.Listener.Close()
}

// run accepts connections until the listener is closed. Accept returns its errors,
// so that net/http retries temporary ones.
func (l *tlsListener) run() {
	for {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			go l.handshake(c)
		case !l.deliver(acceptance{err: err}) || errors.Is(err, net.ErrClosed):
			return
		}
	}
}

// deliver passes a to the next Accept. It returns false if the listener is closed.
func (l *tlsListener) deliver(a acceptance) bool {
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
			_, _ = header.Conn.Write(errorResponse(http.StatusBadRequest, "This server speaks HTTPS: use https:// in the URL."))
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
	if !l.deliver(acceptance{Conn: result}) {
		_ = c.Close()
	}
}

// looksLikeHTTP reports whether the first five bytes start an HTTP request without
// TLS.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	default:
		return false
	}
}
