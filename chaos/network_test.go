//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
)

// echo returns a link to a server that returns what it gets.
func echo(t *testing.T) *link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(connection, connection)
				_ = connection.Close()
			}()
		}
	}()
	l, err := newLink(t.Context(), listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func dial(ctx context.Context, t *testing.T, l *link) net.Conn {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// exchange sends a byte and reads it back.
func exchange(t *testing.T, c net.Conn, b byte) {
	t.Helper()
	if _, err := c.Write([]byte{b}); err != nil {
		t.Fatal(err)
	}
	expect(t, c, b)
}

func expect(t *testing.T, c net.Conn, b byte) {
	t.Helper()
	got := make([]byte, 1)
	if _, err := io.ReadFull(c, got); err != nil || got[0] != b {
		t.Errorf("read %v %v, want %v", got, err, b)
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	l := echo(t)
	c := dial(t.Context(), t, l)
	exchange(t, c, 1)
	l.set(linkSlow)
	exchange(t, c, 2)
	l.set(linkCut)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open after the cut")
	}
	if _, err := dial(t.Context(), t, l).Read(make([]byte, 1)); err == nil {
		t.Error("a new connection is open after the cut")
	}
	l.set(linkPasses)
	exchange(t, dial(t.Context(), t, l), 3)
}

// Data that a link held arrives later, also that of a sender that has given up.
func TestLinkHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		replica, near := net.Pipe()
		far, database := net.Pipe()
		l := &link{open: map[net.Conn]bool{}}
		l.changed = sync.NewCond(&l.mu)
		l.set(linkHeld)
		go l.carry(near, far)
		if _, err := replica.Write([]byte{7}); err != nil {
			t.Fatal(err)
		}
		if err := replica.Close(); err != nil {
			t.Fatal(err)
		}
		arrived := make(chan []byte, 1)
		go func() {
			data, err := io.ReadAll(database)
			if err != nil {
				t.Error(err)
			}
			arrived <- data
		}()
		synctest.Wait()
		select {
		case data := <-arrived:
			t.Errorf("%v arrived through a link that holds it", data)
		default:
		}
		l.set(linkPasses)
		if data := <-arrived; len(data) != 1 || data[0] != 7 {
			t.Errorf("%v arrived", data)
		}
	})
}

func TestThrough(t *testing.T) {
	t.Parallel()
	l := echo(t)
	if got, err := l.through("postgres://broker@127.0.0.1:1/test?sslmode=disable"); err != nil || got != "postgres://broker@"+l.listener.Addr().String()+"/test?sslmode=disable" {
		t.Errorf("%q %v", got, err)
	}
}
