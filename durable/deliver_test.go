package durable_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A platform that repeats its request before each poll, as Korifi does, gets each
// failure once, on any replica. It begins no new operation before that.
func TestRequestBeforeEachPoll(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		replicas := []*replica{start(t, store, keys, provider, nil), start(t, store, keys, provider, nil)}
		r := replicas[0]
		turn := 0
		// until repeats the request before each poll, until a poll says failed.
		until := func(path string, request func(r *replica) answer) (operation string) {
			t.Helper()
			eventually(t, "the failure of "+path, func() bool {
				turn++
				a := request(replicas[turn%2]).is(t, http.StatusAccepted, "")
				if operation == "" {
					operation = a.operation()
				}
				if a.operation() != operation {
					t.Fatalf("the operation %s follows %s, whose failure no poll has reported", a.operation(), operation)
				}
				s := replicas[turn/2%2].lastOperation(path, operation)
				return s.state() == string(openbroker.OperationFailed)
			})
			return operation
		}
		calls := func(kind durable.OperationKind, want int) {
			t.Helper()
			if made := provider.called(kind, "i"); len(made) != want {
				t.Errorf("%s was called %d times, want %d", kind, len(made), want)
			}
		}

		provider.fail(durable.KindProvision, "i", errProvider)
		provision := func(r *replica) answer { return r.provision("i", "plan-async", params) }
		first := until("i", provision)
		r.status("i", "", durable.StatusDeleted)
		if second := until("i", provision); second == first {
			t.Error("the failure was delivered, but the request begins no operation")
		}
		calls(durable.KindProvision, 2)
		r.status("i", "", durable.StatusDeleted)
		provider.on(durable.KindProvision, "i", nil)
		r.done("i", provision(r))

		provider.fail(durable.KindBind, "i/b", errProvider)
		bind := func(r *replica) answer { return r.bind("i", "b", "plan-async", params) }
		until("i/service_bindings/b", bind)
		r.status("i", "b", durable.StatusDeleted)
		calls(durable.KindBind, 1)
		provider.on(durable.KindBind, "i/b", nil)
		r.done("i/service_bindings/b", bind(r))

		provider.on(durable.KindUnbind, "i/b", nil)
		provider.fail(durable.KindUnbind, "i/b", errProvider)
		before := len(provider.called(durable.KindUnbind, "i"))
		unbind := func(r *replica) answer { return r.unbind("i", "b", "plan-async") }
		until("i/service_bindings/b", unbind)
		until("i/service_bindings/b", unbind)
		calls(durable.KindUnbind, before+2)
		provider.on(durable.KindUnbind, "i/b", nil)
		r.done("i/service_bindings/b", unbind(r))

		provider.fail(durable.KindDeprovision, "i", errProvider)
		before = len(provider.called(durable.KindDeprovision, "i"))
		deprovision := func(r *replica) answer { return r.deprovision("i", "plan-async") }
		until("i", deprovision)
		until("i", deprovision)
		calls(durable.KindDeprovision, before+2)
		provider.on(durable.KindDeprovision, "i", nil)
		r.done("i", deprovision(r))
	})
}

// A failure counts as delivered to a request that waited for it.
func TestAnswerDeliversFailure(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.provider.fail(durable.KindProvision, "i", errProvider)
		for range 2 {
			r.provision("i", planID, "").is(t, http.StatusBadRequest, "Broken")
			r.status("i", "", durable.StatusDeleted)
		}
		if calls := r.provider.called(durable.KindProvision, "i"); len(calls) != 2 {
			t.Errorf("provision was called %d times", len(calls))
		}
	})
}

// An unpolled failure counts as delivered after FailureGrace.
func TestFailureGrace(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.FailureGrace = time.Nanosecond })
		first, _ := r.bring("i", "plan-async", cleaned)
		if a := r.provision("i", "plan-async", params).is(t, http.StatusAccepted, ""); a.operation() == first {
			t.Error("the failed creation stays the answer")
		}
		first, _ = r.bring("j", "plan-async", undeleted)
		if a := r.deprovision("j", "plan-async").is(t, http.StatusAccepted, ""); a.operation() == first {
			t.Error("the failed deletion stays the answer")
		}
	})
}

// A plainSealer does not encrypt.
type plainSealer struct{}

func (plainSealer) Seal(plaintext, _ []byte) ([]byte, error) { return plaintext, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error)    { return sealed, nil }

// The tombstone of a failed creation has no data of the user.
func TestTombstoneKeepsNoParameters(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, plainSealer{}, newScripted(), nil)
		r.provider.fail(durable.KindProvision, "i", errProvider)
		r.provision("i", "plan-async", `,"parameters":{"password":"geheim"}`)
		r.status("i", "", durable.StatusDeleted)
		snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: "i"})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(snapshot.Instance.Data); n == 0 || strings.Contains(string(snapshot.Instance.Data), "geheim") {
			t.Errorf("the tombstone is %q", snapshot.Instance.Data)
		}
	})
}
