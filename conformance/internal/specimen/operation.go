package specimen

import (
	"fmt"
	"net/http"
	"strings"
)

// The states of an operation.
const (
	inProgress = "in progress"
	succeeded  = "succeeded"
	failed     = "failed"
)

// An operation is the asynchronous work on an instance or binding. It ends
// after a number of polls.
type operation struct {
	endpoint endpoint // the endpoint that started it
	id       string
	key      string // the attributes of the request, to recognize a repeated one
	state    string
	polls    int    // polls answered with "in progress"
	finish   func() // applies the effect after success
	fails    bool   // it ends with a failure
	undo     func() // runs after a failure
	target   *plan  // the plan after an update
}

// start starts an operation. It calls finish when the operation succeeds.
func (b *Broker) start(by endpoint, key string, finish func()) *operation {
	b.operations++
	word := map[endpoint]string{provision: "provision", update: "update", deprovision: "deprovision", bind: "bind", unbind: "unbind"}[by]
	o := &operation{endpoint: by, id: fmt.Sprintf("%s-%d", word, b.operations), key: key, state: inProgress, finish: finish}
	if b.varies("operation-escaped") {
		o.id = fmt.Sprintf("%s %d+1/ü&state=\"%%41\"#?", word, b.operations)
	}
	if b.varies("operation-longest") {
		o.id += strings.Repeat("o", 10_000-len(o.id))
	}
	return o
}

// accepted returns the 202 for an operation in progress.
func (b *Broker) accepted(o *operation, repeated bool, body object) *answer {
	a := reply(http.StatusAccepted, body)
	a.header = b.retryAfter()
	if b.varies("no-operation") {
		return a
	}
	body["operation"] = o.id
	switch {
	case repeated && b.brokenRepeat(o.endpoint):
		body["operation"] = o.id + "-again"
	case b.broken("operation.number"):
		body["operation"] = 17
	case b.broken("operation.object"):
		body["operation"] = object{"id": o.id}
	case b.broken("operation.with-spaces"):
		body["operation"] = strings.ReplaceAll(o.id, "-", " ")
	case b.broken("operation.too-long"):
		body["operation"] = o.id + strings.Repeat("x", 10_001-len(o.id))
	case b.broken("operation.empty-on-update") && o.endpoint == update:
		body["operation"] = ""
	case b.broken("operation.empty") && o.endpoint == provision:
		body["operation"] = ""
	case b.broken("operation.null-on-update") && o.endpoint == update:
		body["operation"] = nil
	case b.broken("operation.null-on-bind") && o.endpoint == bind:
		body["operation"] = nil
	case b.broken("operation.null-on-deprovision") && o.endpoint == deprovision:
		body["operation"] = nil
	case b.broken("operation.too-long-on-bind") && o.endpoint == bind:
		body["operation"] = o.id + strings.Repeat("x", 10_001-len(o.id))
	case b.broken("operation.number-on-unbind") && o.endpoint == unbind:
		body["operation"] = b.operations
	}
	return a
}

// brokenRepeat breaks "The operation string MUST match that returned for the
// original request".
func (b *Broker) brokenRepeat(by endpoint) bool {
	switch by {
	case provision:
		return b.broken("provision.repeat-other-operation")
	case update:
		return b.broken("update.repeat-other-operation")
	case deprovision:
		return b.broken("deprovision.repeat-other-operation")
	case bind:
		return b.broken("bind.repeat-other-operation")
	default:
		return b.broken("unbind.repeat-other-operation")
	}
}

// retryAfter returns the header of a 202 and of a poll.
func (b *Broker) retryAfter() http.Header {
	value := "1"
	switch {
	case b.varies("no-retry-after"):
		return http.Header{}
	case b.broken("retry-after.negative"):
		value = "-1"
	case b.broken("retry-after.fraction"):
		value = "0.5"
	case b.broken("retry-after.unit"):
		value = "1s"
	case b.broken("retry-after.date"):
		value = b.config.Now().UTC().Format(http.TimeFormat)
	case b.broken("retry-after.rfc3339"):
		value = b.config.Now().UTC().Format("2006-01-02T15:04:05Z")
	}
	return http.Header{"Retry-After": {value}}
}

// pollInstance implements "Polling Last Operation for Service Instances".
func (b *Broker) pollInstance(q *request) (*answer, *refusal) {
	i := b.instances[q.instanceID]
	if refusal := b.checkHints(q); refusal != nil {
		return nil, refusal
	}
	switch {
	case b.broken("poll-instance.needs-service-id") && q.query.Get("service_id") == "":
		return nil, refuse(http.StatusBadRequest, "", "The parameter service_id is missing.")
	case b.broken("poll-instance.unknown-query-400") && q.query.Has("x-conformance"):
		return nil, refuse(http.StatusBadRequest, "", "A query parameter is unknown.")
	case i == nil && b.broken("poll-instance.unknown-succeeded"):
		return reply(http.StatusOK, object{"state": succeeded}), nil
	case i == nil && b.broken("poll-instance.unknown-410"):
		return nil, refuse(http.StatusGone, "", "The instance does not exist.")
	case i == nil && b.broken("poll-instance.unknown-in-progress"):
		return reply(http.StatusOK, object{"state": inProgress}), nil
	case i == nil && b.broken("poll-instance.unknown-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case i == nil:
		return nil, refuse(http.StatusNotFound, "", "The instance does not exist.")
	}
	if o := i.active; o != nil && o.target != nil && o.target != i.plan && q.query.Get("plan_id") == i.plan.id &&
		b.broken("poll-instance.wants-new-plan") {
		return nil, refuse(http.StatusBadRequest, "", "The instance is changing to another plan.")
	}
	return b.poll(q, i.gone, i.history)
}

// pollBinding implements "Polling Last Operation for Service Bindings".
func (b *Broker) pollBinding(q *request) (*answer, *refusal) {
	s := b.findBinding(q.instanceID, q.bindingID)
	if refusal := b.checkHints(q); refusal != nil {
		return nil, refusal
	}
	switch {
	case b.broken("poll-binding.needs-service-id") && q.query.Get("service_id") == "":
		return nil, refuse(http.StatusBadRequest, "", "The parameter service_id is missing.")
	case s == nil && b.broken("poll-binding.unknown-succeeded"):
		return reply(http.StatusOK, object{"state": succeeded}), nil
	case s == nil && b.broken("poll-binding.unknown-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case s == nil && b.broken("poll-binding.unknown-410"):
		return nil, refuse(http.StatusGone, "", "The binding does not exist.")
	case s == nil:
		return nil, refuse(http.StatusNotFound, "", "The binding does not exist.")
	}
	return b.poll(q, s.gone, s.history)
}

// checkHints checks the hints in the query of a GET. They are optional but not
// empty.
func (b *Broker) checkHints(q *request) *refusal {
	for _, name := range []string{"service_id", "plan_id", "operation"} {
		if q.query.Has(name) && q.query.Get(name) == "" && !b.varies("empty-hints") {
			return refuse(http.StatusBadRequest, "", "The parameter "+name+" is empty.")
		}
	}
	return nil
}

// poll answers with the requested operation of the history, or with the last
// operation.
func (b *Broker) poll(q *request, gone bool, history []*operation) (*answer, *refusal) {
	var o *operation
	for _, candidate := range history {
		if o == nil || o.id != q.query.Get("operation") {
			o = candidate
		}
	}
	switch {
	case o == nil && gone:
		return nil, refuse(http.StatusNotFound, "", "The resource was deleted.")
	case o == nil:
		return reply(http.StatusOK, object{"state": succeeded, "description": "The operation was synchronous."}), nil
	case gone && b.varies("poll-deleted-410"):
		return nil, refuse(http.StatusGone, "", "The resource was deleted.")
	}
	if o.state != inProgress {
		return b.polledEnd(q, o)
	}
	if o.polls < b.config.Polls {
		o.polls++
		return b.polledProgress(q, o)
	}
	switch {
	case b.broken("poll.never-ends"):
	case o.fails, b.operationFails(o):
		o.end(failed)
	default:
		o.end(succeeded)
	}
	return b.polledState(q, o), nil
}

// operationFails makes the operations of an endpoint fail.
func (b *Broker) operationFails(o *operation) bool {
	switch o.endpoint {
	case provision:
		return b.broken("provision.fails")
	case deprovision:
		return b.broken("deprovision.fails")
	case bind:
		return b.broken("bind.fails")
	case unbind:
		return b.broken("unbind.fails")
	default:
		return false
	}
}

func (o *operation) end(state string) {
	o.state = state
	switch {
	case state == succeeded:
		o.finish()
	case o.undo != nil:
		o.undo()
	}
}

func (b *Broker) polledProgress(q *request, o *operation) (*answer, *refusal) {
	switch {
	case b.broken("poll.404-in-progress") && o.endpoint == provision,
		b.broken("poll.update-404-in-progress") && o.endpoint == update,
		b.broken("poll.deprovision-404-in-progress") && o.endpoint == deprovision,
		b.broken("poll.bind-404-in-progress") && o.endpoint == bind,
		b.broken("poll.unbind-404-in-progress") && o.endpoint == unbind:
		return nil, refuse(http.StatusNotFound, "", "The operation has not ended.")
	case b.broken("poll.410-in-progress") && o.endpoint == provision:
		return nil, refuse(http.StatusGone, "", "The operation has not ended.")
	case b.broken("poll.second-500") && o.polls == 2:
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case b.broken("poll.500-in-progress"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case b.broken("poll.first-404") && o.polls == 1:
		return nil, refuse(http.StatusNotFound, "", "The operation does not exist.")
	}
	return b.polledState(q, o), nil
}

// polledEnd answers a poll after the end: the broker SHOULD NOT forget the
// state immediately.
func (b *Broker) polledEnd(q *request, o *operation) (*answer, *refusal) {
	switch {
	case b.broken("poll.forgets-provision") && o.endpoint == provision,
		b.broken("poll.forgets-deprovision") && o.endpoint == deprovision,
		b.broken("poll.forgets-bind") && o.endpoint == bind,
		b.broken("poll.forgets-unbind") && o.endpoint == unbind:
		return nil, refuse(http.StatusNotFound, "", "The operation does not exist.")
	case b.broken("poll.410-after-create") && (o.endpoint == provision || o.endpoint == bind):
		return nil, refuse(http.StatusGone, "", "The operation has ended.")
	case b.broken("poll.starts-again") && (o.endpoint == provision || o.endpoint == bind):
		return reply(http.StatusOK, object{"state": inProgress}), nil
	}
	return b.polledState(q, o), nil
}

// polledState returns the answer to a poll, as in the table "Body".
func (b *Broker) polledState(q *request, o *operation) *answer {
	body := object{"state": o.state, "description": "The " + string(o.endpoint) + " is " + o.state + "."}
	a := reply(http.StatusOK, body)
	if o.state == inProgress {
		a.header = b.retryAfter()
	}
	if b.varies("no-description") {
		delete(body, "description")
	}
	switch {
	case b.broken("poll.state-missing"):
		delete(body, "state")
	case b.broken("poll.state-empty") && o.state == inProgress:
		body["state"] = ""
	case b.broken("poll.state-done") && o.state == succeeded:
		body["state"] = "done"
	case b.broken("poll.state-capital"):
		body["state"] = strings.ToUpper(o.state[:1]) + o.state[1:]
	case b.broken("poll.state-underscore"):
		body["state"] = strings.ReplaceAll(o.state, " ", "_")
	case b.broken("poll.state-number"):
		body["state"] = 1
	case b.broken("poll.binding-state-ready") && q.endpoint == pollBinding && o.state == succeeded:
		body["state"] = "ready"
	case b.broken("poll.description-empty") && q.endpoint == pollInstance:
		body["description"] = ""
	case b.broken("poll.description-number"):
		body["description"] = 50
	case b.broken("poll.description-null"):
		body["description"] = nil
	case b.broken("poll.202-in-progress") && o.state == inProgress:
		a.status = http.StatusAccepted
	case b.broken("poll.201"):
		a.status = http.StatusCreated
	case b.broken("poll.instance-usable-on-provision") && o.endpoint == provision:
		body["instance_usable"] = true
	case b.broken("poll.update-repeatable-on-deprovision") && o.endpoint == deprovision:
		body["update_repeatable"] = true
	case b.broken("poll.instance-usable-text") && o.endpoint == update:
		body["instance_usable"] = "true"
	case b.broken("poll.array"):
		a.body = []any{body}
	}
	return a
}
