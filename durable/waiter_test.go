package durable_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A request that waits for an operation of another replica sees its result late.
// The engine does not report an instance as created if it was deleted in between.
func TestWaiterSeesTombstone(t *testing.T) {
	t.Parallel()
	for _, kind := range []durable.OperationKind{durable.KindProvision, durable.KindBind} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				keys, provider, store := newKeys(t), newScripted(), openSQLite(t)
				worker := startInBubble(t, store, keys, provider, nil)
				waiter := startInBubble(t, store, keys, provider, func(c *durable.Config) { c.PollInterval = 20 * time.Second })
				name, path, body := "i", instancePath("i"), provisionBody("plan-sync", "")
				if kind == durable.KindBind {
					worker.done("i", worker.send(http.MethodPut, path, body))
					name, path, body = "i/b", bindingPath("i", "b"), bindBody("plan-sync", "")
				}
				g := provider.hold(kind, name)
				first := worker.later(http.MethodPut, path, body)
				receive(t, "the creation", g.entered)
				late := waiter.later(http.MethodPut, path, body)
				synctest.Wait()
				g.open()
				receive(t, "the first answer", first).is(t, http.StatusCreated, "")
				worker.send(http.MethodDelete, path+"?"+hints("plan-sync"), "").is(t, http.StatusOK, "")
				if a := receive(t, "the late answer", late); a.status != http.StatusConflict {
					t.Errorf("the answer is %d %s", a.status, a.text)
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
