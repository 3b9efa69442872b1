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

// A connectionLimit bounds the connections of a listener. When there are too
// many, the one that has been waiting longest for a request is closed in favour of
// the new one; while all are busy, the new one waits.
type connectionLimit struct {
	net.Listener
	most   int
	logger *slog.Logger

	mu   sync.Mutex
	open map[*limitedConnection]struct{}
	// clock counts changes of states, which tells what came first.
	clock int64
	// room is closed, and replaced, when a connection ends or becomes idle.
	room chan struct{}
	// crowded says that the limit was reached and logged.
	crowded bool
	closed  signalOnce
}

func newConnectionLimit(listener net.Listener, most int, logger *slog.Logger) *connectionLimit {
	return &connectionLimit{
		Listener: listener, most: most, logger: logger,
		open: map[*limitedConnection]struct{}{}, room: make(chan struct{}), closed: signalOnce{c: make(chan struct{})},
	}
}

// A limitedConnection is one that counts.
type limitedConnection struct {
	net.Conn
	limit *connectionLimit
	// idleSince is zero while a request is read or answered.
	idleSince int64
	// spoken says that something was received.
	spoken atomic.Bool
}

// Accept returns the next connection once there is room for it.
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
			_ = accepted.Close() // Nobody has sent anything on it yet.
			return nil, net.ErrClosed
		}
	}
}

// Close ends the listener, also while it waits for room.
func (l *connectionLimit) Close() error {
	l.closed.close()
	return l.Listener.Close()
}

// admit counts a connection, or returns what tells when to try again.
func (l *connectionLimit) admit(accepted net.Conn) (*limitedConnection, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.most {
		l.report()
		longest := l.longestIdle()
		if longest == nil {
			return nil, l.room
		}
		delete(l.open, longest)
		_ = longest.Conn.Close() // Its goroutine finds out.
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

// report logs that the limit is reached, once until it is no longer near.
func (l *connectionLimit) report() {
	if !l.crowded {
		l.crowded = true
		l.logger.LogAttrs(context.Background(), slog.LevelWarn,
			"the limit of connections is reached: idle ones are closed for new ones, which wait if there are none", slog.Int("connections", l.most))
	}
}

// Read reads. A connection that has said something, such as the beginning of a TLS
// handshake, is no longer idle: otherwise a crowd would close each other's
// handshakes. The time limits of handshakes and headers end those that stop there.
func (c *limitedConnection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.spoken.Swap(true) {
		c.limit.mu.Lock()
		c.idleSince = 0
		c.limit.mu.Unlock()
	}
	return n, err
}

// Close ends the connection.
func (c *limitedConnection) Close() error {
	err := c.Conn.Close()
	l := c.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, counted := l.open[c]; counted {
		delete(l.open, c)
		if len(l.open) <= l.most*9/10 {
			l.crowded = false
		}
		l.makeRoom()
	}
	return err
}

func (l *connectionLimit) makeRoom() {
	close(l.room)
	l.room = make(chan struct{})
}

// limitedOf returns the connection that counts below others, or nil.
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

// connectionState is for [http.Server.ConnState].
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
	case http.StateNew: // As it is counted.
	}
}
