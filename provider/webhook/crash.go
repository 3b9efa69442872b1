package webhook

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// lease is how long the successor of a broker that was killed waits before it makes the
// next attempt: the default of the engine.
const lease = 15 * time.Second

// A crash is the end of a process with connections: they are closed, and their requests
// remain with the receiver, which may not even have read them.
type crash struct {
	mu          sync.Mutex
	over        bool
	connections []*lost
}

// dialled returns a connection that ends with the process.
func (c *crash) dialled(connection net.Conn) net.Conn {
	l := &lost{Conn: connection, ended: make(chan struct{})}
	c.mu.Lock()
	over := c.over
	c.connections = append(c.connections, l)
	c.mu.Unlock()
	if over {
		_ = l.Close() // It never fails.
	}
	return l
}

// happen closes the connections, and waits as the successor does: until the receiver is
// done with each one, which it shows by closing it as well, or for the lease. Otherwise
// the next request could overtake one that the receiver has not begun.
func (c *crash) happen(ctx context.Context) {
	c.mu.Lock()
	c.over = true
	connections := c.connections
	c.mu.Unlock()
	for _, l := range connections {
		_ = l.Close() // It never fails.
	}
	for _, l := range connections {
		select {
		case <-l.ended:
		case <-ctx.Done():
			return
		}
	}
}

// A lost connection is closed for the receiver, and kept to see when it closes it, too.
type lost struct {
	net.Conn
	once   sync.Once
	closed atomic.Bool
	ended  chan struct{}
}

// Read reads until the connection is closed.
func (l *lost) Read(p []byte) (int, error) {
	if l.closed.Load() {
		return 0, net.ErrClosed
	}
	return l.Conn.Read(p)
}

// Close closes the connection as the end of a process does. It does not wait.
func (l *lost) Close() error {
	l.once.Do(func() {
		l.closed.Store(true)
		go func() {
			defer close(l.ended)
			defer l.Conn.Close() //nolint:errcheck // Nothing depends on it.
			if half, ok := l.Conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
				return // The receiver has closed it.
			}
			if l.SetReadDeadline(time.Now().Add(lease)) == nil {
				_, _ = io.Copy(io.Discard, l.Conn) // The end is what counts.
			}
		}()
	})
	return nil
}
