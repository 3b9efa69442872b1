package durable_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The tests of leases run in a bubble of synctest. Its fake clock advances only while
// all goroutines wait, so the tests are exact on slow machines, too.

// leaseLength is the lease of the engines in these tests.
const leaseLength = 30 * time.Second

func leased(c *durable.Config) { c.Lease = leaseLength }

// cutOff makes the store refuse renewals and claims while cut is true.
func cutOff(store *flakyStore) (cut *atomic.Bool) {
	cut = &atomic.Bool{}
	store.renew = func() error {
		if cut.Load() {
			return errDown
		}
		return nil
	}
	store.claim = store.renew
	return cut
}

// If a lease cannot be renewed, the context of the provider ends with the lease,
// before another replica can begin.
func TestLeaseRunsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &flakyStore{Store: openSQLite(t)}
		cut := cutOff(store)
		provider := newScripted()
		began, contextEnded := make(chan time.Time, 2), make(chan time.Time, 2)
		provider.on(durable.KindProvision, "i", func(ctx context.Context, task *durable.Task) error {
			began <- time.Now()
			if task.Attempt() > 1 {
				return nil
			}
			<-ctx.Done()
			if cause := context.Cause(ctx); !strings.Contains(cause.Error(), "lease") {
				t.Errorf("the cause is %v", cause)
			}
			contextEnded <- time.Now()
			return ctx.Err()
		})
		r := startInBubble(t, store, newKeys(t), provider, leased)
		cut.Store(true)
		a := r.provision("i", "plan-async", "")
		first := receive(t, "the first attempt", began)
		if took := receive(t, "the context of the provider ends", contextEnded).Sub(first); took != leaseLength {
			t.Errorf("the context ended after %v, the lease ends after %v", took, leaseLength)
		}
		cut.Store(false)
		receive(t, "the second attempt", began)
		r.done("i", a)
	})
}

// In the same process, the next attempt waits until the attempt that lost its lease
// has stopped. While it waits, its own lease is renewed.
func TestAttemptsDoNotOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &flakyStore{Store: openSQLite(t)}
		cut := cutOff(store)
		store.claim = nil
		provider := newScripted()
		entered, stop, finish := make(chan int, 10), make(chan struct{}), make(chan struct{})
		var running atomic.Int64
		provider.on(durable.KindProvision, "i", func(ctx context.Context, task *durable.Task) error {
			if running.Add(1) > 1 {
				t.Error("two attempts overlap")
			}
			defer running.Add(-1)
			entered <- task.Attempt()
			if task.Attempt() == 1 {
				<-stop
				return errors.New("too late")
			}
			select {
			case <-finish:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		r := startInBubble(t, store, newKeys(t), provider, func(c *durable.Config) { c.Lease, c.StopGrace = leaseLength, time.Hour })
		cut.Store(true)
		a := r.provision("i", "plan-async", "")
		receive(t, "the first attempt", entered)
		generation := func() int64 {
			snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: "i"})
			if err != nil || len(snapshot.Open) != 1 {
				t.Fatal("the operation has ended", err)
			}
			return snapshot.Open[0].Generation
		}
		eventually(t, "the operation is claimed again", func() bool { return generation() > 1 })
		cut.Store(false)
		// The first one ignores its context for longer than a lease lasts.
		time.Sleep(2 * leaseLength) //nolint:forbidigo // In a bubble, whose clock is fake.
		if n := len(entered); n > 0 {
			t.Fatalf("attempt %d began during the first one", <-entered)
		}
		close(stop)
		attempt := receive(t, "the next attempt", entered)
		// Its lease is renewed, although the earlier attempt ended after the claim.
		time.Sleep(3 * leaseLength) //nolint:forbidigo // In a bubble, whose clock is fake.
		if g := generation(); g != int64(attempt) {
			t.Errorf("attempt %d lost its lease to %d", attempt, g)
		}
		close(finish)
		r.done("i", a)
		if len(entered) > 0 {
			t.Error("the operation had a third attempt")
		}
	})
}

// The engine ignores the result of an attempt that lost its lease, and records the
// result of the attempt with the lease.
func TestLateResultIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, inner := newKeys(t), openSQLite(t)
		late, winner := newScripted(), newScripted()
		g := late.stall(durable.KindProvision, "i")
		winner.provisioned = func() durable.ProvisionResult {
			return durable.ProvisionResult{DashboardURL: "https://winner.example.com"}
		}
		isolated := &flakyStore{Store: inner}
		cut := cutOff(isolated)
		first := startInBubble(t, isolated, keys, late, func(c *durable.Config) { c.Lease, c.StopGrace = leaseLength, time.Hour })
		cut.Store(true)
		a := first.provision("i", "plan-async", "")
		receive(t, "the first attempt", g.entered)
		second := startInBubble(t, inner, keys, winner, nil)
		second.done("i", a)
		g.open()
		eventually(t, "the late result is refused", func() bool { return strings.Contains(first.logs.String(), "result refused") })
		got := second.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		if got.body["dashboard_url"] != "https://winner.example.com" {
			t.Errorf("the instance is %s", got.text)
		}
		if s := second.lastOperation("i", a.operation()); s.state() != string(openbroker.OperationSucceeded) {
			t.Errorf("the operation is %s", s.text)
		}
	})
}

// A partialStore renews all leases but one, and returns an error.
type partialStore struct {
	durable.Store
	but atomic.Pointer[string]
}

func (s *partialStore) Renew(ctx context.Context, owner string, d time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	but := s.but.Load()
	var asked []durable.Fence
	for _, f := range fences {
		if but == nil || f.OperationID != *but {
			asked = append(asked, f)
		}
	}
	states, err := s.Store.Renew(ctx, owner, d, asked)
	if len(asked) < len(fences) {
		err = errors.Join(err, errors.New("a row is locked"))
	}
	return states, err
}

// A failed renewal does not end other leases. Its own lease ends after its length.
func TestPartialRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &partialStore{Store: openSQLite(t)}
		r := startInBubble(t, store, newKeys(t), newScripted(), leased)
		kept, locked := r.provider.hold(durable.KindProvision, "kept"), r.provider.hold(durable.KindProvision, "locked")
		a := r.provision("kept", "plan-async", "")
		b := r.provision("locked", "plan-async", "")
		receive(t, "one", kept.entered)
		receive(t, "the other", locked.entered)
		id := b.operation()
		store.but.Store(&id)
		time.Sleep(leaseLength / 2) //nolint:forbidigo // In a bubble: renewals fail, but not for too long.
		store.but.Store(nil)
		time.Sleep(leaseLength) //nolint:forbidigo // In a bubble, whose clock is fake.
		store.but.Store(&id)
		time.Sleep(2 * leaseLength) //nolint:forbidigo // In a bubble, whose clock is fake.
		kept.open()
		r.done("kept", a)
		if calls := r.provider.called(durable.KindProvision, "kept"); len(calls) != 1 {
			t.Errorf("the operation whose lease was renewed took %d attempts", len(calls))
		}
		if calls := r.provider.called(durable.KindProvision, "locked"); len(calls) < 2 {
			t.Errorf("the operation whose lease was not renewed took %d attempts", len(calls))
		}
		store.but.Store(nil)
		locked.open()
		r.done("locked", b)
	})
}

// A hintingStore sends the hints of the test, and counts calls.
type hintingStore struct {
	durable.Store
	hints          chan struct{}
	renewals, held atomic.Int64
}

func (s *hintingStore) Hints() <-chan struct{} { return s.hints }

func (s *hintingStore) Renew(ctx context.Context, owner string, d time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	s.renewals.Add(1)
	return s.Store.Renew(ctx, owner, d, fences)
}

func (s *hintingStore) Held(ctx context.Context, owner string, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	s.held.Add(1)
	return s.Store.Held(ctx, owner, fences)
}

// After a hint the engine reads, and finds operations that another replica has
// cancelled. Only the timer renews leases.
func TestHintsOnlyRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, provider, inner := newKeys(t), newScripted(), openSQLite(t)
		store := &hintingStore{Store: inner, hints: make(chan struct{})}
		r := startInBubble(t, store, keys, provider, leased)
		g := provider.hold(durable.KindProvision, "i")
		r.provision("i", "plan-async", "")
		receive(t, "the provision", g.entered)
		for range 100 {
			store.hints <- struct{}{}
		}
		synctest.Wait()
		if took := store.renewals.Load(); took > 2 { // 100 hints take 10 s, a third of the lease.
			t.Errorf("100 hints renewed the leases %d times", took)
		}
		if store.held.Load() < 99 {
			t.Errorf("100 hints made the engine read %d times", store.held.Load())
		}
		before := time.Now()
		other := startInBubble(t, &hintingStore{Store: inner}, keys, provider, leased)
		d := other.deprovision("i", "plan-async")
		store.hints <- struct{}{}
		other.done("i", d)
		if took := time.Since(before); took > leaseLength/6 {
			t.Errorf("the cancellation took %v despite the hint", took)
		}
	})
}

// A cancellation by the process that works on the creation needs neither a hint nor
// a renewal.
func TestLocalCancelNeedsNoHint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &hintingStore{Store: openSQLite(t)}
		r := startInBubble(t, store, newKeys(t), newScripted(), leased)
		g := r.provider.hold(durable.KindProvision, "i")
		r.provision("i", "plan-async", "")
		receive(t, "the provision", g.entered)
		before := time.Now()
		r.done("i", r.deprovision("i", "plan-async"))
		if took := time.Since(before); took > 2*time.Second {
			t.Errorf("the cancellation took %v", took)
		}
		if n := store.renewals.Load() + store.held.Load(); n > 0 {
			t.Errorf("the store was called %d times", n)
		}
	})
}

// The claims of a slowStore last until their context ends.
type slowStore struct {
	durable.Store
	claiming chan struct{}
}

func (s *slowStore) Claim(ctx context.Context, _ string, _ time.Duration, _ int, _ durable.ClaimExclusion) ([]durable.OperationRecord, error) {
	select {
	case s.claiming <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// Stop does not wait long for a claim that does not return.
func TestStopDoesNotWaitForClaims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{Store: openSQLite(t), claiming: make(chan struct{}, 1)}
		r := startInBubble(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.Lease = time.Hour })
		receive(t, "a claim", store.claiming)
		before := time.Now()
		r.Stop(t.Context())
		if took := time.Since(before); took > 5*time.Second {
			t.Errorf("Stop took %v", took)
		}
		if strings.Contains(r.logs.String(), "store failed") {
			t.Errorf("the log has an error:\n%s", r.logs)
		}
	})
}
