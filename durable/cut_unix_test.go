//go:build unix

package durable_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
)

// A cable forwards connections to a server until it is cut.
type cable struct {
	listener net.Listener
	server   string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
}

// newCable returns a cable and a DSN that connects through it.
func newCable(tb testing.TB, dsn string) (c *cable, through string) {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	c = &cable{server: u.Host, open: map[net.Conn]bool{}}
	if c.listener, err = new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0"); err != nil {
		tb.Fatal(err)
	}
	go func() {
		for {
			client, err := c.listener.Accept()
			if err != nil {
				return
			}
			go c.pass(client)
		}
	}()
	tb.Cleanup(func() {
		c.listener.Close()
		c.setCut(true)
	})
	u.Host = c.listener.Addr().String()
	return c, u.String()
}

func (c *cable) pass(client net.Conn) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	c.mu.Lock()
	if c.cut {
		c.mu.Unlock()
		return
	}
	c.open[client], c.open[server] = true, true
	c.mu.Unlock()
	ended := make(chan struct{}, 2)
	for _, ends := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			io.Copy(ends[0], ends[1])
			ended <- struct{}{}
		}()
	}
	<-ended
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, client)
	delete(c.open, server)
}

func (c *cable) setCut(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for conn := range c.open {
			conn.Close()
		}
	}
}

// An outage of the database ends no operation, whether it saves checkpoints all the
// time or never.
func TestDatabaseCutOff(t *testing.T) {
	t.Parallel()
	c, dsn := newCable(t, postgres.Server(t).NewDatabase(t))
	store, err := pgstore.Open(t.Context(), dsn, pgstore.WithTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	provider := newScripted()
	saved := make(chan struct{}, 1)
	failed := make(chan struct{}, 1000)
	done := make(chan struct{})
	provider.on(durable.KindProvision, "", func(ctx context.Context, task *durable.Task) error {
		for step := 0; ; step++ {
			if err := task.Save(ctx, step); err != nil {
				failed <- struct{}{}
				return err
			}
			select {
			case saved <- struct{}{}:
			default:
			}
			select {
			case <-done:
				return nil
			case <-time.After(time.Millisecond):
			}
		}
	})
	r := start(t, store, newKeys(t), provider, nil)
	ids := strings.Split("abcd", "")
	var operations []answer
	for _, id := range ids {
		operations = append(operations, r.provision(id, "plan-async", ""))
	}
	for range 3 {
		receive(t, "a checkpoint", saved)
		c.setCut(true)
		receive(t, "a checkpoint that is not saved", failed)
		c.setCut(false)
		for len(saved) > 0 {
			<-saved // The operation saved before the cut.
		}
	}
	close(done)
	for i, id := range ids {
		r.done(id, operations[i])
		record, err := store.OperationByID(t.Context(), operations[i].operation())
		if err != nil || record.Failures > 0 {
			t.Errorf("%d attempts count as failed (%v)", record.Failures, err)
		}
	}
}
