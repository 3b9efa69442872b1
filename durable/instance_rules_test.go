package durable_test

import (
	"net/http"
	"testing"
)

const (
	concurrency   = "ConcurrencyError"
	asyncRequired = "AsyncRequired"
)

func TestProvisionRules(t *testing.T) {
	t.Parallel()
	const (
		reordered = `,"parameters":{ "c":{"y":null, "x":[1,2]}, "a":1}`
		different = `,"parameters":{"a":2}`
	)
	check(t, []rule{
		{state: unknown, body: params, status: 202},
		{state: unknown, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: unknown, plan: planID, body: params, status: 201},
		{state: unknown, plan: planID, body: params, synchronous: true, status: 201},
		{state: unknown, plan: "plan-sync", body: params, status: 201},
		{state: unknown, plan: "plan-sync", body: params, synchronous: true, status: 201},

		{state: creating, body: params, status: 202, same: true},
		{state: creating, body: reordered, what: "other order", status: 202, same: true},
		{state: creating, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: creating, body: different, what: "other parameters", status: 409},
		{state: creating, body: different, what: "other parameters", synchronous: true, status: 409},
		{state: creating, plan: "plan-short", body: params, status: 202, same: true},

		{state: ready, body: params, status: 200},
		{state: ready, body: reordered, what: "other order", status: 200},
		{state: ready, body: params, synchronous: true, status: 200},
		{state: ready, body: different, what: "other parameters", status: 409},
		{state: ready, body: different, what: "other parameters", synchronous: true, status: 409},
		{state: ready, body: "", what: "no parameters", status: 409},
		{state: ready, body: params + `,"space_guid":"s2"`, what: "other space", status: 409},
		{state: ready, body: params + `,"organization_guid":"o2"`, what: "other organization", status: 409},
		{state: ready, body: params + `,"service_id":"service-2","plan_id":"plan-hidden"`, what: "other service", status: 409},
		{state: ready, body: params + `,"plan_id":"plan-sync"`, what: "other plan", status: 409},
		{state: ready, body: params + `,"context":{"platform":"cloudfoundry","organization_name":"new","space_name":"new"}`, what: "names", status: 200},

		{state: updating, body: params, status: 422, code: concurrency},
		{state: deleting, body: params, status: 422, code: concurrency},
		{state: cancelling, body: params, status: 422, code: concurrency},
		{state: cleaning, body: params, status: 202, same: true},
		{state: cleaning, body: reordered, what: "other order", status: 202, same: true},
		{state: cleaning, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: cleaning, body: params, delivered: true, status: 422, code: concurrency},
		{state: cleaning, body: different, what: "other parameters", status: 422, code: concurrency},
		{state: cleaned, body: params, status: 202, same: true},
		{state: cleaned, body: reordered, what: "other order", status: 202, same: true},
		{state: cleaned, body: params, delivered: true, status: 202},
		{state: cleaned, body: different, what: "other parameters", status: 202},
		{state: cleaned, body: params + `,"space_guid":"s2"`, what: "other space", status: 202},
		{state: cleaned, body: params + `,"plan_id":"plan-manual"`, what: "other plan", status: 202},
		{state: cleaned, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: cleaned, body: params, delivered: true, synchronous: true, status: 422, code: asyncRequired},
		{state: leftBehind, plan: "plan-manual", body: params, status: 202, same: true},
		{state: leftBehind, plan: "plan-manual", body: params, delivered: true, status: 409},
		{state: leftBehind, plan: "plan-manual", body: different, what: "other parameters", status: 409},
		{state: undeleted, body: params, status: 200},
		{state: deleted, body: params, status: 202},
		{state: deleted, body: different, what: "other parameters", status: 202},
		{state: deleted, body: params, synchronous: true, status: 422, code: asyncRequired},
		{state: binding, body: params, what: "same", status: 200},
	}, (*replica).bring, func(r *replica, id, plan string, x rule) answer {
		return r.send(http.MethodPut, instancePath(id)+x.query(), provisionBody(plan, x.body))
	})
}

func TestUpdateRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{state: unknown, body: updateExtra, status: 404},
		{state: deleted, body: updateExtra, status: 404},
		{state: cleaning, body: updateExtra, status: 404},
		{state: cleaned, body: updateExtra, status: 404},
		{state: leftBehind, plan: "plan-manual", body: updateExtra, status: 404},
		{state: creating, body: updateExtra, status: 422, code: concurrency},
		{state: deleting, body: updateExtra, status: 422, code: concurrency},
		{state: cancelling, body: updateExtra, status: 422, code: concurrency},
		{state: binding, body: updateExtra, status: 422, code: concurrency},
		{state: unbinding, body: updateExtra, status: 422, code: concurrency},

		{state: ready, body: updateExtra, status: 202},
		{state: ready, body: updateExtra, synchronous: true, status: 422, code: asyncRequired},
		{state: ready, what: "nothing", status: 200},
		{state: ready, what: "nothing", synchronous: true, status: 200},
		{state: ready, body: `,"parameters":{}`, what: "no parameters", status: 200},
		{state: ready, body: `,"parameters":{"a":1}`, what: "same parameters", status: 200},
		{state: ready, body: `,"parameters":{"zz":null}`, what: "remove a missing parameter", status: 200},
		{state: ready, body: `,"plan_id":"plan-async"`, what: "same plan", status: 200},
		{state: ready, body: `,"plan_id":"plan-sync"`, what: "other plan", status: 202},
		{state: ready, body: `,"context":{"platform":"cloudfoundry","space_name":"new"}`, what: "context only", status: 200},
		{state: ready, body: `,"plan_id":"plan-hidden","service_id":"service-2"`, what: "other service", status: 400},

		{state: updating, body: updateExtra, status: 202, same: true},
		{state: updating, body: `,"plan_id":"plan-async"` + updateExtra, what: "same, plan named", status: 202, same: true},
		{state: updating, body: updateExtra, synchronous: true, status: 422, code: asyncRequired},
		{state: updating, body: `,"parameters":{"b":3}`, what: "other change", status: 422, code: concurrency},
		{state: updating, what: "no change", status: 422, code: concurrency},
		{state: updating, body: `,"plan_id":"plan-sync"` + updateExtra, what: "other plan", status: 422, code: concurrency},
	}, (*replica).bring, func(r *replica, id, _ string, x rule) answer {
		return r.send(http.MethodPatch, instancePath(id)+x.query(), `{"service_id":"`+serviceID+`"`+x.body+`}`)
	})
}

func TestDeprovisionRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
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
		{state: deleting, synchronous: true, status: 422, code: asyncRequired},
		{state: updating, status: 422, code: concurrency},
		{state: binding, status: 422, code: concurrency},
		{state: unbinding, status: 422, code: concurrency},
		{state: cleaning, status: 202},
		{state: leftBehind, plan: "plan-manual", status: 202},
		{state: undeleted, status: 202, same: true},
		{state: undeleted, delivered: true, status: 202},
		{state: undeleted, synchronous: true, status: 422, code: asyncRequired},
	}, (*replica).bring, func(r *replica, id, plan string, x rule) answer {
		return r.send(http.MethodDelete, instancePath(id)+x.query()+hints(plan), "")
	})
}

func TestGetInstanceRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{state: unknown, status: 404},
		{state: creating, status: 404},
		{state: cancelling, status: 422, code: concurrency},
		{state: ready, status: 200},
		{state: binding, status: 200},
		{state: updating, status: 422, code: concurrency},
		{state: deleting, status: 422, code: concurrency},
		{state: cleaning, status: 404},
		{state: cleaned, status: 404},
		{state: leftBehind, plan: "plan-manual", status: 404},
		{state: deleted, status: 404},
	}, (*replica).bring, func(r *replica, id, _ string, _ rule) answer {
		return r.send(http.MethodGet, instancePath(id), "")
	})
}

func TestLastOperationRules(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{state: unknown, status: 404},
		{state: creating, status: 200, lastState: "in progress"},
		{state: cancelling, status: 200, lastState: "in progress"},
		{state: ready, status: 200, lastState: "succeeded"},
		{state: binding, status: 200, lastState: "succeeded"},
		{state: updating, status: 200, lastState: "in progress"},
		{state: deleting, status: 200, lastState: "in progress"},
		{state: cleaning, status: 200, lastState: "failed"},
		{state: cleaned, status: 200, lastState: "failed"},
		{state: leftBehind, plan: "plan-manual", status: 200, lastState: "failed"},
		{state: deleted, status: 200, lastState: "succeeded"},
	}, (*replica).bring, func(r *replica, id, _ string, _ rule) answer {
		a := r.lastOperation(id, "")
		if unnamed := r.lastOperation(id, "never-heard-of"); unnamed.text != a.text {
			r.t.Errorf("an unknown operation is answered with %s, none with %s", unnamed.text, a.text)
		}
		if after := a.header.Get("Retry-After"); (after == "1") != (a.state() == "in progress") {
			r.t.Errorf("Retry-After is %q while %s", after, a.state())
		}
		return a
	})
}
