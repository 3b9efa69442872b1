//go:build unix

package main

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"
)

// A link is the network between one replica and the database: a TCP proxy with faults.
type link struct {
	listener net.Listener
	target   string
	working  sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	state   linkState
	open    map[net.Conn]bool
}

// A linkState is what a link does with connections and data.
type linkState int

const (
	linkPasses linkState = iota
	// linkCut: all connections are closed, and new ones refused.
	linkCut
	// linkSlow: each part of the data comes later by slowness.
	linkSlow
	// linkHeld: no data arrives. It arrives when the link passes again, even if the
	// sender has given up: like a packet that TCP sends again.
	linkHeld
)

const slowness = 100 * time.Millisecond

func newLink(ctx context.Context, target string) (*link, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &link{listener: listener, target: target, open: map[net.Conn]bool{}}
	l.changed = sync.NewCond(&l.mu)
	l.working.Go(l.serve)
	return l, nil
}

func (l *link) serve() {
	for {
		replica, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.working.Go(func() { l.connect(replica) })
	}
}

// connect carries the data of a connection in both directions.
func (l *link) connect(replica net.Conn) {
	database, err := (&net.Dialer{}).Dial("tcp", l.target)
	if err != nil {
		_ = replica.Close()
		return
	}
	l.mu.Lock()
	refused := l.state == linkCut
	l.open[replica], l.open[database] = true, true
	l.mu.Unlock()
	if refused {
		_ = replica.Close()
	}
	var directions sync.WaitGroup
	directions.Go(func() { l.carry(replica, database) })
	directions.Go(func() { l.carry(database, replica) })
	directions.Wait()
	l.mu.Lock()
	delete(l.open, replica)
	delete(l.open, database)
	l.mu.Unlock()
}

// carry carries data until the sender closes the connection, and then closes both ends.
func (l *link) carry(from, to net.Conn) {
	defer func() { _ = errors.Join(from.Close(), to.Close()) }()
	buffer := make([]byte, 1<<15)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.await()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// await waits as long as the link holds or delays data.
func (l *link) await() {
	l.mu.Lock()
	for l.state == linkHeld {
		l.changed.Wait()
	}
	slow := l.state == linkSlow
	l.mu.Unlock()
	if slow {
		time.Sleep(slowness)
	}
}

// set changes the state. A cut closes all connections.
func (l *link) set(state linkState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	if state == linkCut {
		for connection := range l.open {
			_ = connection.Close()
		}
	}
	l.changed.Broadcast()
}

func (l *link) close() error {
	err := l.listener.Close()
	l.set(linkCut)
	l.working.Wait()
	return err
}

// through returns the DSN with the address of the link.
func (l *link) through(dsn string) (string, error) {
	location, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	location.Host = l.listener.Addr().String()
	return location.String(), nil
}
