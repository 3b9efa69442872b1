package durable_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The states into which a test can bring an instance or a binding.
const (
	unknown     = "unknown"
	creating    = "creating"
	ready       = "ready"
	updating    = "updating"
	deleting    = "deleting"
	cleaning    = "create failed, being cleaned up"
	cleaned     = "create failed, cleaned up"
	leftBehind  = "create failed, left behind"
	undeleted   = "with a deletion that failed"
	deleted     = "deleted"
	binding     = "with a binding being created"
	unbinding   = "with a binding being deleted"
	cancelling  = "creation being cancelled"
	updateExtra = `,"parameters":{"b":2}`
)

var errProvider = openbroker.NewError(http.StatusBadRequest, "Broken", "It does not work.")

// params are the parameters that bring creates with.
const params = `,"parameters":{"a":1,"c":{"x":[1,2],"y":null}}`

// bring brings a new instance into a state. It returns the active or else the last
// operation, and a function that releases held calls.
func (r *replica) bring(id, plan, state string) (operation string, release func()) {
	r.t.Helper()
	release = func() {}
	created := func() {
		r.t.Helper()
		operation = r.provision(id, plan, params).is(r.t, http.StatusAccepted, "").operation()
		r.done(id, answer{status: http.StatusAccepted, body: map[string]any{"operation": operation}})
	}
	held := func(kind durable.OperationKind, name string, request func() answer) {
		r.t.Helper()
		g := r.provider.hold(kind, name)
		operation, release = request().is(r.t, http.StatusAccepted, "").operation(), g.open
		receive(r.t, state, g.entered)
	}
	switch state {
	case unknown:
	case creating:
		held(durable.KindProvision, id, func() answer { return r.provision(id, plan, params) })
	case ready:
		created()
	case updating:
		created()
		held(durable.KindUpdate, id, func() answer { return r.update(id, updateExtra) })
	case deleting:
		created()
		held(durable.KindDeprovision, id, func() answer { return r.deprovision(id, plan) })
	case deleted:
		created()
		operation = r.deprovision(id, plan).is(r.t, http.StatusAccepted, "").operation()
		r.poll(id, operation)
	case cleaning:
		r.provider.fail(durable.KindProvision, id, errProvider)
		held(durable.KindDeprovision, id, func() answer { return r.provision(id, plan, params) })
	case cleaned:
		r.provider.fail(durable.KindProvision, id, errProvider)
		operation = r.provision(id, plan, params).operation()
		r.status(id, "", durable.StatusDeleted)
	case leftBehind:
		r.provider.fail(durable.KindProvision, id, errProvider)
		operation = r.provision(id, "plan-manual", params).operation()
		r.status(id, "", durable.StatusCreateFailed)
	case undeleted:
		created()
		r.provider.fail(durable.KindDeprovision, id, errProvider)
		operation = r.deprovision(id, plan).is(r.t, http.StatusAccepted, "").operation()
		r.status(id, "", durable.StatusReady)
	case binding:
		created()
		held(durable.KindBind, id+"/b", func() answer { return r.bind(id, "b", plan, "") })
	case unbinding:
		created()
		r.done(id+"/service_bindings/b", r.bind(id, "b", plan, ""))
		held(durable.KindUnbind, id+"/b", func() answer { return r.unbind(id, "b", plan) })
	case cancelling:
		g := r.provider.stall(durable.KindProvision, id)
		release = g.open
		r.provision(id, plan, params).is(r.t, http.StatusAccepted, "")
		receive(r.t, state, g.entered)
		operation = r.deprovision(id, plan).is(r.t, http.StatusAccepted, "").operation()
	default:
		r.t.Fatalf("no state %q", state)
	}
	return operation, release
}

// bringBinding is like bring, for the binding "b" of a new instance.
func (r *replica) bringBinding(id, plan, state string) (operation string, release func()) {
	r.t.Helper()
	if state == creating {
		return r.bring(id, plan, binding)
	}
	if state == deleting {
		return r.bring(id, plan, unbinding)
	}
	release = func() {}
	path := id + "/service_bindings/b"
	created := func() {
		r.t.Helper()
		a := r.bind(id, "b", plan, params).is(r.t, http.StatusAccepted, "")
		operation = a.operation()
		r.done(path, a)
	}
	held := func(kind durable.OperationKind, name string, request func() answer) {
		r.t.Helper()
		g := r.provider.hold(kind, name)
		operation, release = request().is(r.t, http.StatusAccepted, "").operation(), g.open
		receive(r.t, state, g.entered)
	}
	switch state {
	case "of an unknown instance":
		return "", release
	case "of an instance being created":
		return r.bring(id, plan, creating)
	case "of an instance that was not created":
		return r.bring(id, plan, cleaned)
	case "of a deleted instance":
		return r.bring(id, plan, deleted)
	}
	r.bring(id, plan, ready)
	switch state {
	case unknown:
	case ready:
		created()
	case "while the instance is updated":
		created()
		held(durable.KindUpdate, id, func() answer { return r.update(id, updateExtra) })
	case "while the instance is deleted":
		created()
		held(durable.KindDeprovision, id, func() answer { return r.deprovision(id, plan) })
	case "while the bindings of the instance are deleted":
		created()
		held(durable.KindUnbind, id+"/b", func() answer { return r.deprovision(id, plan) })
	case "while another binding is created":
		created()
		held(durable.KindBind, id+"/other", func() answer { return r.bind(id, "other", plan, "") })
	case "unknown, while another binding is created":
		held(durable.KindBind, id+"/other", func() answer { return r.bind(id, "other", plan, "") })
	case "unknown, while the instance is updated":
		held(durable.KindUpdate, id, func() answer { return r.update(id, updateExtra) })
	case "unknown, while the instance is deleted":
		held(durable.KindDeprovision, id, func() answer { return r.deprovision(id, plan) })
	case deleted:
		created()
		a := r.unbind(id, "b", plan).is(r.t, http.StatusAccepted, "")
		operation = a.operation()
		r.done(path, a)
	case cleaning:
		r.provider.fail(durable.KindBind, id+"/b", errProvider)
		held(durable.KindUnbind, id+"/b", func() answer { return r.bind(id, "b", plan, params) })
	case cleaned:
		r.provider.fail(durable.KindBind, id+"/b", errProvider)
		operation = r.bind(id, "b", plan, params).operation()
		r.status(id, "b", durable.StatusDeleted)
	case leftBehind:
		r.provider.fail(durable.KindBind, id+"/b", errProvider)
		operation = r.bind(id, "b", plan, params).operation()
		r.status(id, "b", durable.StatusCreateFailed)
	case undeleted:
		created()
		r.provider.fail(durable.KindUnbind, id+"/b", errProvider)
		operation = r.unbind(id, "b", plan).is(r.t, http.StatusAccepted, "").operation()
		r.status(id, "b", durable.StatusReady)
	case cancelling:
		g := r.provider.stall(durable.KindBind, id+"/b")
		release = g.open
		r.bind(id, "b", plan, params).is(r.t, http.StatusAccepted, "")
		receive(r.t, state, g.entered)
		operation = r.unbind(id, "b", plan).is(r.t, http.StatusAccepted, "").operation()
	default:
		r.t.Fatalf("no state %q", state)
	}
	return operation, release
}

// A rule is a line of the table in docs/operation-states.md.
type rule struct {
	state string
	// plan is plan-async if empty.
	plan string
	// what distinguishes rules of one state.
	what string
	// body of PUT and PATCH, without service and plan unless full.
	body string
	// synchronous clients do not accept incomplete answers.
	synchronous bool
	status      int
	code        string
	// delivered says that the platform polls once before the request.
	delivered bool
	// same says that the answer names the operation that is already active.
	same bool
	// lastState is the state that a poll returns.
	lastState string
}

func (x rule) name() string {
	name := x.state
	if x.plan != "" {
		name += ", " + x.plan
	}
	if x.what != "" {
		name += ", " + x.what
	}
	if x.delivered {
		name += ", delivered"
	}
	if x.synchronous {
		name += ", synchronous client"
	}
	return name
}

func (x rule) query() string {
	if x.synchronous {
		return "?accepts_incomplete=false&"
	}
	return "?" + incomplete + "&"
}

// check runs the rules for one request on both stores.
func check(t *testing.T, rules []rule, bring func(r *replica, id, plan, state string) (string, func()), request func(r *replica, id, plan string, x rule) answer) {
	t.Helper()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		for i, x := range rules {
			id := "i" + string(rune('a'+i/10)) + string(rune('0'+i%10))
			t.Run(x.name(), func(t *testing.T) {
				r := *r
				r.t = t
				plan := x.plan
				if plan == "" {
					plan = "plan-async"
				}
				operation, release := bring(&r, id, plan, x.state)
				defer release()
				if x.delivered {
					of := id
					if strings.HasPrefix(t.Name(), "TestBind") || strings.HasPrefix(t.Name(), "TestUnbind") {
						of += "/service_bindings/b"
					}
					if s := r.lastOperation(of, operation); s.state() != "failed" {
						t.Fatalf("the poll is answered with %s", s.text)
					}
				}
				a := request(&r, id, plan, x)
				if a.status != x.status || a.code() != x.code {
					t.Fatalf("the answer is %d %s, want %d %q", a.status, a.text, x.status, x.code)
				}
				if a.state() != x.lastState {
					t.Errorf("the state is %q, want %q", a.state(), x.lastState)
				}
				if a.status == http.StatusAccepted && (a.operation() == operation) != x.same {
					t.Errorf("the operation is %q, the earlier one is %q, same must be %v", a.operation(), operation, x.same)
				}
				if a.status == http.StatusAccepted && a.header.Get("Retry-After") != "1" {
					t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
				}
				if a.status == http.StatusGone && len(a.body) > 1 {
					t.Errorf("the body of a 410 is %s", a.text)
				}
			})
		}
	})
}
