package memstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/memstore"
	"github.com/openbroker/openbroker/durable/storetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	for name, replicas := range map[string]bool{"one store": false, "replicas": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) *storetest.Database {
				t.Helper()
				c := &clock{time: time.Date(2101, 2, 3, 4, 5, 6, 789123, time.UTC)}
				store := memstore.New(memstore.WithClock(c.now))
				again := func(*testing.T) durable.Store { return store.Replica() }
				back := func(_ *testing.T, d time.Duration) { c.advance(-d) }
				d := &storetest.Database{Store: store, Reopen: again, Advance: c.advance, SetBack: back}
				if replicas {
					d.Replica = again
				}
				return d
			})
		})
	}
}

// A clock stands still until a test moves it.
type clock struct {
	mutex sync.Mutex
	time  time.Time
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.time
}

func (c *clock) advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.time = c.time.Add(d)
}

// A call that waits for another one does not stop the clock of a bubble, and ends with its
// context.
func TestBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		store := memstore.New(memstore.WithClock(func() time.Time {
			select {
			case <-slow:
			default:
				close(slow)
				time.Sleep(time.Minute) //nolint:forbidigo // In a bubble, whose clock is fake.
			}
			return time.Now()
		}))
		go func() { _ = store.Ping(t.Context()) }()
		<-slow
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := store.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
		if err := store.Ping(t.Context()); err != nil || time.Since(began) != time.Minute {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
	})
}

// The store keeps its own copies: neither what a caller passed nor what it got changes a
// record.
func TestCallersKeepTheirBytes(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	key := durable.Key{Platform: "p", InstanceID: "i"}
	data := []byte("data")
	if err := store.Accept(t.Context(), &durable.Acceptance{Instance: durable.InstanceRecord{Key: key, Status: durable.StatusReady, Data: data}}); err != nil {
		t.Fatal(err)
	}
	data[0] = 'X'
	for range 2 {
		snapshot, err := store.Load(t.Context(), key)
		if err != nil || string(snapshot.Instance.Data) != "data" {
			t.Fatalf("%+v, %v", snapshot, err)
		}
		snapshot.Instance.Data[0] = 'Y'
	}
}

// Each replica gets a hint of its own.
func TestHints(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	replica, closed := store.Replica(), store.Replica()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	key := durable.Key{Platform: "p", InstanceID: "i"}
	accept := &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key, Status: durable.StatusCreating},
		Operation: &durable.OperationSpec{ID: "o", Key: key, Kind: durable.KindProvision},
	}
	if err := store.Accept(t.Context(), accept); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]<-chan struct{}{"store": store.Hints(), "replica": replica.Hints()} {
		if len(c) != 1 {
			t.Errorf("the %s has %d hints", name, len(c))
		}
	}
	if len(closed.Hints()) > 0 {
		t.Error("a closed store gets hints")
	}
}
