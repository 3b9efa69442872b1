package durable_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A request that waits for an operation of another replica sees its result late.
// The engine does not report an instance as created if it was deleted in between, nor
// does it return what a later creation with other attributes made.
func TestWaiterSeesTombstone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		kind  durable.OperationKind
		again bool
	}{
		{"provision", durable.KindProvision, false},
		{"bind", durable.KindBind, false},
		{"provision, created again", durable.KindProvision, true},
		{"bind, created again", durable.KindBind, true},
	} {
		kind := test.kind
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				keys, provider, store := newKeys(t), newScripted(), openSQLite(t)
				worker := startInBubble(t, store, keys, provider, nil)
				waiter := startInBubble(t, store, keys, provider, func(c *durable.Config) { c.PollInterval = 20 * time.Second })
				name, path, body, other := "i", instancePath("i"), provisionBody("plan-sync", ""), provisionBody("plan-sync", `,"parameters":{"other":true}`)
				if kind == durable.KindBind {
					worker.done("i", worker.send(http.MethodPut, path, body))
					name, path, body, other = "i/b", bindingPath("i", "b"), bindBody("plan-sync", ""), bindBody("plan-sync", `,"parameters":{"other":true}`)
				}
				g := provider.hold(kind, name)
				first := worker.later(http.MethodPut, path, body)
				receive(t, "the creation", g.entered)
				late := waiter.later(http.MethodPut, path, body)
				synctest.Wait()
				g.open()
				receive(t, "the first answer", first).is(t, http.StatusCreated, "")
				worker.send(http.MethodDelete, path+"?"+hints("plan-sync"), "").is(t, http.StatusOK, "")
				if test.again {
					worker.done(path, worker.send(http.MethodPut, path, other))
				}
				a := receive(t, "the late answer", late).is(t, http.StatusConflict, "")
				if description, _ := a.body["description"].(string); description != "The operation succeeded, but the resource has been deleted since." {
					t.Errorf("the description is %q", description)
				}
			})
		})
	}
}

// A successful deletion is reported even if the instance was created again since.
func TestWaiterOfDeletion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, provider, store := newKeys(t), newScripted(), openSQLite(t)
		worker := startInBubble(t, store, keys, provider, nil)
		waiter := startInBubble(t, store, keys, provider, func(c *durable.Config) { c.PollInterval = 20 * time.Second })
		worker.done("i", worker.send(http.MethodPut, instancePath("i"), provisionBody("plan-sync", "")))
		g := provider.hold(durable.KindDeprovision, "i")
		path := instancePath("i") + "?" + hints("plan-sync")
		first := worker.later(http.MethodDelete, path, "")
		receive(t, "the deletion", g.entered)
		late := waiter.later(http.MethodDelete, path, "")
		synctest.Wait()
		g.open()
		receive(t, "the first answer", first).is(t, http.StatusOK, "")
		worker.done("i", worker.send(http.MethodPut, instancePath("i"), provisionBody("plan-sync", "")))
		receive(t, "the late answer", late).is(t, http.StatusOK, "")
	})
}
