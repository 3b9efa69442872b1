package durable_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/memstore"
)

// A readStore counts the reads of requests and of their workers.
type readStore struct {
	durable.Store
	reads atomic.Int64
	// lost makes Advance fail once after its effect.
	lost atomic.Bool
}

func (s *readStore) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	s.reads.Add(1)
	return s.Store.Load(ctx, key)
}

func (s *readStore) Operation(ctx context.Context, key durable.Key, id string) (*durable.OperationRecord, error) {
	s.reads.Add(1)
	return s.Store.Operation(ctx, key, id)
}

func (s *readStore) Bindings(ctx context.Context, f durable.Filter) ([]durable.BindingRecord, error) {
	s.reads.Add(1)
	return s.Store.Bindings(ctx, f)
}

func (s *readStore) Advance(ctx context.Context, a *durable.Advance) error {
	err := s.Store.Advance(ctx, a)
	if s.lost.Swap(false) {
		return errDown
	}
	return err
}

// during returns how many reads f makes.
func (s *readStore) during(f func()) int64 {
	before := s.reads.Load()
	f()
	return s.reads.Load() - before
}

// A replica does not read what it has just written itself.
func TestKnownInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		counted := &readStore{Store: memstore.New()}
		r := startInBubble(t, counted, newKeys(t), newScripted(), nil)
		if reads := counted.during(func() {
			r.provision("i", planID, params).is(t, http.StatusCreated, "")
			r.bind("i", "b", planID, "").is(t, http.StatusCreated, "")
			r.bind("i", "c", planID, "").is(t, http.StatusCreated, "")
			r.unbind("i", "b", planID).is(t, http.StatusOK, "")
			r.unbind("i", "c", planID).is(t, http.StatusOK, "")
			r.deprovision("i", planID).is(t, http.StatusOK, "")
		}); reads != 0 {
			t.Errorf("a life made %d reads, want none", reads)
		}
		r.status("i", "", durable.StatusDeleted)
		r.bind("i", "b", planID, "").is(t, http.StatusNotFound, "")
		r.unbind("i", "b", planID).is(t, http.StatusGone, "")
		r.deprovision("i", planID).is(t, http.StatusGone, "")
	})
}

// The bindings that a deprovision has to delete first are known, too.
func TestKnownBindingsAreDeleted(t *testing.T) {
	t.Parallel()
	r := start(t, memstore.New(), newKeys(t), newScripted(), nil)
	r.provision("i", planID, "").is(t, http.StatusCreated, "")
	r.bind("i", "b", planID, "").is(t, http.StatusCreated, "")
	r.deprovision("i", planID).is(t, http.StatusOK, "")
	r.status("i", "b", durable.StatusDeleted)
	if calls := len(r.provider.called(durable.KindUnbind, "i")); calls != 1 {
		t.Errorf("the binding was deleted %d times, want once", calls)
	}
}

// What another replica has written since is found out, whether the guess would write or
// refuse.
func TestKnownInstanceIsOutOfDate(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		r, other := start(t, store, keys, provider, nil), start(t, store, keys, provider, nil)

		r.provision("i", planID, "").is(t, http.StatusCreated, "")
		other.bind("i", "b", planID, "").is(t, http.StatusCreated, "")
		r.unbind("i", "b", planID).is(t, http.StatusOK, "")

		r.bind("i", "c", planID, "").is(t, http.StatusCreated, "")
		other.unbind("i", "c", planID).is(t, http.StatusOK, "")
		r.unbind("i", "c", planID).is(t, http.StatusGone, "")

		r.bind("i", "d", planID, "").is(t, http.StatusCreated, "")
		other.bind("i", "e", planID, `,"parameters":{"other":true}`).is(t, http.StatusCreated, "")
		r.bind("i", "e", planID, "").is(t, http.StatusConflict, "")
		r.bind("i", "e", planID, `,"parameters":{"other":true}`).is(t, http.StatusOK, "")

		r.provision("j", planID, "").is(t, http.StatusCreated, "")
		other.update("j", updateExtra).is(t, http.StatusOK, "")
		r.bind("j", "b", planID, "").is(t, http.StatusCreated, "")
		other.unbind("j", "b", planID).is(t, http.StatusOK, "")
		r.done("j", r.deprovision("j", planID))
		other.provision("j", planID, "").is(t, http.StatusCreated, "")
		r.bind("j", "b", planID, "").is(t, http.StatusCreated, "")
		if calls := len(provider.called(durable.KindBind, "j")); calls != 2 {
			t.Errorf("%d bindings were made, want 2", calls)
		}

		// The other replica writes while an operation of this one is open.
		r.provision("k", planID, "").is(t, http.StatusCreated, "")
		g := provider.hold(durable.KindBind, "k/b")
		held := r.later(http.MethodPut, bindingPath("k", "b")+"?"+incomplete, bindBody(planID, ""))
		receive(t, "the bind", g.entered)
		other.bind("k", "c", planID, `,"parameters":{"other":true}`).is(t, http.StatusCreated, "")
		g.open()
		receive(t, "its answer", held).is(t, http.StatusCreated, "")
		r.bind("k", "c", planID, "").is(t, http.StatusConflict, "")
	})
}

// After a write without an answer nothing is known.
func TestLostAnswerMakesUnknown(t *testing.T) {
	t.Parallel()
	counted := &readStore{Store: memstore.New()}
	r := start(t, counted, newKeys(t), newScripted(), nil)
	r.provision("other", planID, "").is(t, http.StatusCreated, "")
	counted.lost.Store(true)
	r.done("i", r.provision("i", "plan-async", ""))
	for _, id := range []string{"i", "other"} {
		if reads := counted.during(func() { r.bind(id, "b", planID, "") }); reads == 0 {
			t.Errorf("%s was not read", id)
		}
	}
}

// Knowledge ends before an instance can be deleted, pruned and made again with the same
// revisions.
func TestKnowledgeEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		retention, age time.Duration
		reads          int64
	}{
		"young":                    {0, 9 * time.Second, 0},
		"old":                      {0, 31 * time.Second, 1},
		"older than the retention": {5 * time.Second, 6 * time.Second, 1},
		// The offset of the clock is read again.
		"with an old clock": {0, 11 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				counted := &readStore{Store: memstore.New()}
				r := startInBubble(t, counted, newKeys(t), newScripted(), func(c *durable.Config) { c.Retention = test.retention })
				r.provision("i", planID, "").is(t, http.StatusCreated, "")
				time.Sleep(test.age) //nolint:forbidigo // In a bubble, whose clock is fake.
				if reads := counted.during(func() { r.bind("i", "b", planID, "").is(t, http.StatusCreated, "") }); reads != test.reads {
					t.Errorf("the bind made %d reads, want %d", reads, test.reads)
				}
			})
		})
	}
}
