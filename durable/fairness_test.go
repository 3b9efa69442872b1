package durable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// fill requests more slow creations than the replica has workers, and returns when
// no more begin.
func fill(t *testing.T, r *replica, prefix string, number int) {
	t.Helper()
	for i := range number {
		r.provision(fmt.Sprint(prefix, i), "plan-async", "").is(t, http.StatusAccepted, "")
	}
	time.Sleep(10 * time.Second) //nolint:forbidigo // In a bubble, whose clock is fake: longer than several claims.
	synctest.Wait()
}

// linger makes calls for names with a prefix wait until open is called, and counts
// the waiting calls.
func linger(p *scripted, kind durable.OperationKind) (waiting *atomic.Int64, open func()) {
	waiting = &atomic.Int64{}
	opened := make(chan struct{})
	p.on(kind, "", func(ctx context.Context, _ *durable.Task) error {
		waiting.Add(1)
		defer waiting.Add(-1)
		select {
		case <-opened:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return waiting, func() { close(opened) }
}

// Slow operations of one platform or service leave workers for others, whose
// operations begin immediately.
func TestWorkersAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startInBubble(t, openSQLite(t), newKeys(t), newScripted(), func(c *durable.Config) { c.Workers = 16 })
		waiting, open := linger(r.provider, durable.KindProvision)
		quick := func(context.Context, *durable.Task) error { return nil }
		for _, id := range []string{"service", "platform"} {
			r.provider.on(durable.KindProvision, id, quick)
		}
		cf, k8s := r.as("cf-old"), r.as("k8s")
		fill(t, cf, "slow", 40)
		if n := waiting.Load(); n != 9 {
			t.Errorf("%d operations of one service have a worker of 16, want 9", n)
		}
		before := time.Now()
		cf.send(http.MethodPut, instancePath("service"), strings.Replace(provisionBody("plan-hidden", ""), serviceID, "service-2", 1)).is(t, http.StatusCreated, "")
		k8s.send(http.MethodPut, instancePath("platform"), provisionBody("plan-sync", "")).is(t, http.StatusCreated, "")
		if took := time.Since(before); took > 0 {
			t.Errorf("operations of others waited %v", took)
		}
		open()
		for i := range 40 {
			cf.done(fmt.Sprint("slow", i), cf.provision(fmt.Sprint("slow", i), "plan-async", ""))
		}
	})
}

// PlatformWorkers sets the limit of a platform.
func TestPlatformWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startInBubble(t, openSQLite(t), newKeys(t), newScripted(), func(c *durable.Config) { c.Workers, c.PlatformWorkers = 16, 4 })
		waiting, open := linger(r.provider, durable.KindProvision)
		fill(t, r.as("cf-old"), "cf", 20)
		if n := waiting.Load(); n != 3 {
			t.Errorf("%d operations of one of two services have one of 4 workers, want 3", n)
		}
		open()
	})
}

// The waiting operations of the platform with the fewest workers come first.
func TestQueueIsFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startInBubble(t, openSQLite(t), newKeys(t), newScripted(), func(c *durable.Config) { c.Workers, c.PlatformWorkers = 4, 4 })
		begun := make(chan string, 1000)
		release := make(chan struct{})
		r.provider.on(durable.KindProvision, "", func(ctx context.Context, task *durable.Task) error {
			begun <- task.ID()
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		fill(t, r.as("cf-old"), "cf", 40)
		last := r.as("k8s").provision("last", "plan-async", "").operation()
		for waits := 0; ; waits++ {
			for len(begun) > 0 {
				if <-begun == last {
					close(release)
					return
				}
			}
			if waits > 8 {
				t.Fatal("40 earlier operations of another platform go first")
			}
			release <- struct{}{}
			time.Sleep(2 * time.Second) //nolint:forbidigo // In a bubble, whose clock is fake.
			synctest.Wait()
		}
	})
}

// Clean-ups leave workers for creations.
func TestCleanUpsDoNotStarveCreations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startInBubble(t, openSQLite(t), newKeys(t), newScripted(), func(c *durable.Config) { c.Workers = 8 })
		cleaning, open := linger(r.provider, durable.KindDeprovision)
		defer open()
		r.provider.fail(durable.KindProvision, "", errors.New("no"))
		r.provider.on(durable.KindProvision, "good", func(context.Context, *durable.Task) error { return nil })
		fill(t, r, "bad", 40)
		if n := cleaning.Load(); n < 1 || n > 4 {
			t.Errorf("%d clean-ups have a worker of 8, want 1 to 4", n)
		}
		before := time.Now()
		r.send(http.MethodPut, instancePath("good"), provisionBody("plan-sync", "")).is(t, http.StatusCreated, "")
		if took := time.Since(before); took > 0 {
			t.Errorf("a creation waited %v", took)
		}
	})
}

// Deletions of expired bindings leave workers for creations, too.
func TestExpiredBindingsDoNotStarveCreations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		provider := newScripted()
		expires := time.Now().Add(5 * time.Minute)
		provider.bound = func(durable.Binding) durable.BindResult { return durable.BindResult{ExpiresAt: expires} }
		r := startInBubble(t, openSQLite(t), newKeys(t), provider, func(c *durable.Config) { c.Workers, c.UnbindExpired = 8, true })
		for i := range 10 {
			id := fmt.Sprint("i", i)
			r.done(id, r.provision(id, planID, ""))
			r.bind(id, "b", planID, "").is(t, http.StatusCreated, "")
		}
		deleting, open := linger(provider, durable.KindUnbind)
		defer open()
		time.Sleep(10 * time.Minute) //nolint:forbidigo // In a bubble, whose clock is fake.
		synctest.Wait()
		if n := deleting.Load(); n < 1 || n > 4 {
			t.Errorf("%d bindings that have expired have a worker of 8, want 1 to 4", n)
		}
	})
}
