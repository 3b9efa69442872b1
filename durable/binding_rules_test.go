package durable_test

import (
	"net/http"
	"testing"
)

func TestBindRules(t *testing.T) {
	t.Parallel()
	const different = `,"parameters":{"a":2}`
	check(t, []rule{
		{state: "of an unknown instance", status: 404},
		{state: "of a deleted instance", status: 404},
		{state: "of an instance that was not created", status: 404},
		{state: "of an instance being created", status: 422, code: concurrency},
		{state: "unknown, while the instance is updated", status: 422, code: concurrency},
		{state: "unknown, while the instance is deleted", status: 422, code: concurrency},
		{state: "unknown, while another binding is created", plan: "plan-serial", status: 422, code: concurrency},
		{state: "unknown, while another binding is created", plan: "plan-parallel", status: 202},

		{state: unknown, body: params, status: 202},
		{state: unknown, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: unknown, body: `,"plan_id":"plan-sync"`, what: "plan of another instance", status: 400},

		{state: creating, what: "same", status: 202, same: true},
		{state: creating, what: "same", synchronous: true, status: 422, code: asyncRequired},
		{state: creating, body: different, what: "other parameters", status: 409},

		{state: ready, body: params, status: 200},
		{state: ready, body: params, synchronous: true, status: 200},
		{state: ready, body: different, what: "other parameters", status: 409},
		{state: ready, body: params + `,"app_guid":"a"`, what: "other app", status: 409},
		{state: ready, body: params + `,"bind_resource":{"app_guid":"a"}`, what: "other resource", status: 409},
		{state: ready, body: params + `,"context":{"platform":"cloudfoundry","space_name":"new"}`, what: "names", status: 200},
		{state: ready, body: params + `,"plan_id":"plan-sync"`, what: "other plan", status: 409},
		{state: ready, body: params + `,"service_id":"service-2","plan_id":"plan-hidden"`, what: "other service", status: 409},
		{state: creating, body: `,"plan_id":"plan-sync"`, what: "other plan", status: 409},
		{state: "while the instance is updated", body: params, status: 200},
		{state: "while another binding is created", body: params, status: 200},

		{state: deleting, what: "same", status: 422, code: concurrency},
		{state: cancelling, body: params, status: 422, code: concurrency},
		{state: cleaning, body: params, status: 202, same: true},
		{state: cleaning, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: cleaning, body: params, delivered: true, status: 422, code: concurrency},
		{state: cleaning, body: different, what: "other parameters", status: 422, code: concurrency},
		{state: cleaned, body: params, status: 202, same: true},
		{state: cleaned, body: params, delivered: true, status: 202},
		{state: cleaned, body: different, what: "other parameters", status: 202},
		{state: cleaned, body: params + `,"app_guid":"a"`, what: "other app", status: 202},
		{state: leftBehind, plan: "plan-manual", body: params, status: 202, same: true},
		{state: leftBehind, plan: "plan-manual", body: params, delivered: true, status: 409},
		{state: undeleted, body: params, status: 200},
		{state: deleted, body: params, status: 202},
		{state: deleted, body: different, what: "other parameters", status: 202},
	}, (*replica).bringBinding, func(r *replica, id, plan string, x rule) answer {
		return r.send(http.MethodPut, bindingPath(id, "b")+x.query(), bindBody(plan, x.body))
	})
}

func TestUnbindRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{state: "of an unknown instance", status: 410},
		{state: "of a deleted instance", status: 410},
		{state: "of an instance being created", status: 410},
		{state: unknown, status: 410},
		{state: unknown, synchronous: true, status: 410},
		{state: deleted, status: 410},
		{state: cleaned, status: 410},
		{state: creating, status: 202},
		{state: creating, synchronous: true, status: 422, code: asyncRequired},
		{state: cancelling, status: 202, same: true},
		{state: ready, status: 202},
		{state: ready, synchronous: true, status: 422, code: asyncRequired},
		{state: deleting, status: 202, same: true},
		{state: "while the instance is updated", status: 422, code: concurrency},
		{state: "while the bindings of the instance are deleted", status: 422, code: concurrency},
		{state: "while the instance is deleted", status: 410},
		{state: "while another binding is created", plan: "plan-serial", status: 422, code: concurrency},
		{state: "while another binding is created", plan: "plan-parallel", status: 202},
		{state: cleaning, status: 202},
		{state: leftBehind, plan: "plan-manual", status: 202},
		{state: undeleted, status: 202, same: true},
		{state: undeleted, delivered: true, status: 202},
	}, (*replica).bringBinding, func(r *replica, id, plan string, x rule) answer {
		return r.send(http.MethodDelete, bindingPath(id, "b")+x.query()+hints(plan), "")
	})
}

func TestGetBindingRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{state: "of an unknown instance", status: 404},
		{state: unknown, status: 404},
		{state: creating, status: 404},
		{state: cancelling, status: 404},
		{state: ready, status: 200},
		{state: "while the instance is updated", status: 200},
		{state: deleting, status: 404},
		{state: cleaning, status: 404},
		{state: cleaned, status: 404},
		{state: leftBehind, plan: "plan-manual", status: 404},
		{state: deleted, status: 404},
	}, (*replica).bringBinding, func(r *replica, id, _ string, _ rule) answer {
		return r.send(http.MethodGet, bindingPath(id, "b"), "")
	})
}

func TestLastBindingOperationRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{state: "of an unknown instance", status: 404},
		{state: unknown, status: 404},
		{state: creating, status: 200, lastState: "in progress"},
		{state: cancelling, status: 200, lastState: "in progress"},
		{state: ready, status: 200, lastState: "succeeded"},
		{state: "while the instance is updated", status: 200, lastState: "succeeded"},
		{state: deleting, status: 200, lastState: "in progress"},
		{state: cleaning, status: 200, lastState: "failed"},
		{state: cleaned, status: 200, lastState: "failed"},
		{state: leftBehind, plan: "plan-manual", status: 200, lastState: "failed"},
		{state: deleted, status: 200, lastState: "succeeded"},
	}, (*replica).bringBinding, func(r *replica, id, _ string, _ rule) answer {
		path := id + "/service_bindings/b"
		a := r.lastOperation(path, "")
		if unnamed := r.lastOperation(path, "never-heard-of"); unnamed.text != a.text {
			r.t.Errorf("an unknown operation is answered with %s, none with %s", unnamed.text, a.text)
		}
		return a
	})
}
