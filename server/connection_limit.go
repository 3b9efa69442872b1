package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// A connectionLimit limits the connections of a listener. At the limit, a new
// connection replaces the one that has been idle longest. While all are busy, the
// new one waits.
type connectionLimit struct {
	net.Listener
	maximum int
	logger  *slog.Logger

	mu   sync.Mutex
	open map[*limitedConnection]struct{}
	// clock counts changes of state, to order them.
	clock int64
	// room is closed and replaced when a connection ends or becomes idle.
	room chan struct{}
	// reported is true after the limit was reached and logged.
	reported bool
	closed   signalOnce
}

func newConnectionLimit(listener net.Listener, most int, logger *slog.Logger) *connectionLimit {
	return &connectionLimit{
		Listener: listener, maximum: most, logger: logger,
		open: map[*limitedConnection]struct{}{}, room: make(chan struct{}), closed: signalOnce{c: make(chan struct{})},
	}
}

// A limitedConnection is a connection that counts toward the limit.
type limitedConnection struct {
	net.Conn
	limit *connectionLimit
	// idleSince is zero while a request is read or answered.
	idleSince int64
	// received is true after the client has sent data.
	received atomic.Bool
}

// Accept returns the next connection when the limit allows it.
func (l *connectionLimit) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	for {
		connection, room := l.admit(accepted)
		if connection != nil {
			return connection, nil
		}
		select {
		case <-room:
		case <-l.closed.c:
			_ = accepted.Close() // It has no request yet.
			return nil, net.ErrClosed
		}
	}
}

// Close closes the listener, also while Accept waits.
func (l *connectionLimit) Close() error {
	l.closed.close()
	return l.Listener.Close()
}

// admit returns a counted connection, or a channel that is closed when admit may
// succeed.
func (l *connectionLimit) admit(accepted net.Conn) (*limitedConnection, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.maximum {
		l.report()
		longest := l.longestIdle()
		if longest == nil {
			return nil, l.room
		}
		delete(l.open, longest)
		_ = longest.Conn.Close() // Its goroutine gets a read error.
	}
	l.clock++
	connection := &limitedConnection{Conn: accepted, limit: l, idleSince: l.clock}
	l.open[connection] = struct{}{}
	return connection, nil
}

func (l *connectionLimit) longestIdle() *limitedConnection {
	var longest *limitedConnection
	for connection := range l.open {
		if since := connection.idleSince; since != 0 && (longest == nil || since < longest.idleSince) {
			longest = connection
		}
	}
	return longest
}

// report logs that the limit is reached. It logs again only after the number of
// connections has fallen to nine tenths of the limit.
func (l *connectionLimit) report() {
	if !l.reported {
		l.reported = true
		l.logger.LogAttrs(context.Background(), slog.LevelWarn,
			"the limit of connections is reached: new ones replace idle ones, or wait while all are busy", slog.Int("connections", l.maximum))
	}
}

// Read reads from the connection, which is no longer idle after the first data, such
// as the start of a TLS handshake: otherwise many clients would end each other's
// handshakes. The time limits of handshakes and headers end stalled ones.
func (c *limitedConnection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.received.Swap(true) {
		c.limit.mu.Lock()
		c.idleSince = 0
		c.limit.mu.Unlock()
	}
	return n, err
}

// Close closes the connection.
func (c *limitedConnection) Close() error {
	err := c.Conn.Close()
	l := c.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, counted := l.open[c]; counted {
		delete(l.open, c)
		if len(l.open) <= l.maximum*9/10 {
			l.reported = false
		}
		l.makeRoom()
	}
	return err
}

func (l *connectionLimit) makeRoom() {
	close(l.room)
	l.room = make(chan struct{})
}

// limitedOf returns the limitedConnection that outer wraps, or nil.
func limitedOf(outer net.Conn) *limitedConnection {
	for {
		switch c := outer.(type) {
		case *limitedConnection:
			return c
		case *connection:
			outer = c.Conn
		case *tlsConnection:
			outer = c.Conn
		case *tls.Conn:
			outer = c.NetConn()
		default:
			return nil
		}
	}
}

// connectionState implements [http.Server.ConnState].
func connectionState(connection net.Conn, state http.ConnState) {
	c := limitedOf(connection)
	if c == nil {
		return
	}
	c.limit.mu.Lock()
	defer c.limit.mu.Unlock()
	switch state {
	case http.StateActive, http.StateHijacked, http.StateClosed:
		c.idleSince = 0
	case http.StateIdle:
		c.limit.clock++
		c.idleSince = c.limit.clock
		c.limit.makeRoom()
	case http.StateNew: // admit has set the state.
	}
}
