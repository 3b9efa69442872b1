package durable_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker/durable"
)

// The transcripts in testdata have the exact bytes on the wire, which are the same
// for both stores. -update rewrites them: review the difference.
func TestWire(t *testing.T) {
	t.Parallel()
	for name, scenario := range map[string]func(t *testing.T, r *replica){
		"synchronous": func(_ *testing.T, r *replica) {
			r.provision("i", planID, params)
			r.provision("i", planID, params)
			r.provision("i", planID, `,"parameters":{"a":2}`)
			r.bind("i", "b", planID, "")
			r.bind("i", "b", planID, "")
			r.bind("i", "b", planID, `,"parameters":{"a":2}`)
			r.update("i", updateExtra)
			r.update("i", "")
			r.send(http.MethodGet, instancePath("i"), "")
			r.send(http.MethodGet, bindingPath("i", "b"), "")
			r.unbind("i", "b", planID)
			r.unbind("i", "b", planID)
			r.deprovision("i", planID)
			r.deprovision("i", planID)
			r.update("i", "")
			r.send(http.MethodGet, instancePath("i"), "")
			r.send(http.MethodGet, bindingPath("i", "b"), "")
			r.lastOperation("i", "")
		},
		"asynchronous": func(t *testing.T, r *replica) {
			const plan = "plan-async"
			during := func(kind durable.OperationKind, name, path string, request func() answer, while ...func()) {
				t.Helper()
				g := r.provider.hold(kind, name)
				a := request()
				receive(t, string(kind), g.entered)
				request()
				r.lastOperation(path, a.operation())
				for _, f := range while {
					f()
				}
				g.open()
				r.poll(path, a.operation())
			}
			r.send(http.MethodPut, instancePath("i"), provisionBody(plan, params))
			during(durable.KindProvision, "i", "i", func() answer { return r.provision("i", plan, params) }, func() {
				r.provision("i", plan, "")
				r.send(http.MethodGet, instancePath("i"), "")
			})
			during(durable.KindUpdate, "i", "i", func() answer { return r.update("i", updateExtra) }, func() {
				r.provision("i", plan, params)
				r.update("i", `,"parameters":{"b":3}`)
				r.send(http.MethodGet, instancePath("i"), "")
				r.deprovision("i", plan)
			})
			path := "i/service_bindings/b"
			during(durable.KindBind, "i/b", path, func() answer { return r.bind("i", "b", plan, "") }, func() {
				r.send(http.MethodGet, bindingPath("i", "b"), "")
				r.deprovision("i", plan)
			})
			r.bind("i", "b", plan, "")
			during(durable.KindUnbind, "i/b", path, func() answer { return r.unbind("i", "b", plan) }, func() {
				r.send(http.MethodGet, bindingPath("i", "b"), "")
				r.bind("i", "b", plan, "")
			})
			during(durable.KindDeprovision, "i", "i", func() answer { return r.deprovision("i", plan) }, func() {
				r.send(http.MethodGet, instancePath("i"), "")
				r.provision("i", plan, "")
			})
			r.deprovision("i", plan)
		},
		"failures": func(t *testing.T, r *replica) {
			r.provider.fail(durable.KindProvision, "i", errProvider)
			a := r.provision("i", "plan-manual", "")
			r.poll("i", a.operation())
			r.provision("i", "plan-manual", "")
			d := r.deprovision("i", "plan-manual")
			r.poll("i", d.operation())
			r.provider.fail(durable.KindProvision, "j", errProvider)
			g := r.provider.hold(durable.KindDeprovision, "j")
			r.provision("j", planID, "")
			receive(t, "the clean-up", g.entered)
			r.provision("j", planID, "")
			r.lastOperation("j", "")
			g.open()
			r.status("j", "", durable.StatusDeleted)
			r.deprovision("j", planID)
			creation := r.provider.hold(durable.KindProvision, "k")
			a = r.provision("k", "plan-async", "")
			receive(t, "the creation", creation.entered)
			d = r.deprovision("k", "plan-async")
			r.poll("k", d.operation())
			r.lastOperation("k", a.operation())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachStore(t, func(t *testing.T, store durable.Store) {
				r := start(t, store, newKeys(t), newScripted(), nil)
				r.record = &transcript{}
				scenario(t, r)
				r.record.golden(t, name)
			})
		})
	}
}
