package simulation_test

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A request is what a client asks of a replica.
type request struct {
	client  int
	label   string
	verb    string
	key     durable.Key
	plan    string
	params  string
	accepts bool
	// operation is what a poll names.
	operation string
	r         *replica
	began     time.Time
	// since is the version of the instance when the request was sent.
	since int
	// step is when it was sent, in steps.
	step int

	cancel context.CancelFunc
	// op is the operation that the request has begun.
	op *operation
	// met says that a fault met the request. lost says that the client has gone. awaiting
	// says that the request waits for an operation, and queues that it may wait its turn.
	met, lost, awaiting, queues bool
}

// An answer is what a request leads to: a status, with the kind of a 422.
type answer struct {
	status    int
	code      string
	operation string
	state     openbroker.OperationState
	text      string
}

func (a answer) String() string {
	return strconv.Itoa(a.status) + " " + a.code + string(a.state)
}

const (
	put       = "PUT"
	patch     = "PATCH"
	remove    = "DELETE"
	get       = "GET"
	poll      = "poll"
	serviceID = "service"
)

var plans = []string{"auto", "async", "serial", "manual"}

// act makes an idle client send a request. It returns false if no replica takes one.
func (w *world) act(instant bool) bool {
	var up []*replica
	for _, r := range w.replicas {
		if r.up() {
			up = append(up, r)
		}
	}
	if len(up) == 0 {
		return false
	}
	client := w.random.IntN(clients)
	if w.requests[client] != nil {
		return false
	}
	w.sent++
	r := &request{client: client, label: "c" + strconv.Itoa(client) + "#" + strconv.Itoa(w.sent), r: pick(w.scheduler, up...)}
	number := w.random.IntN(instances)
	r.plan = plans[number%len(plans)]
	r.key = instanceKey(number)
	r.params = `{"p":` + strconv.Itoa(w.random.IntN(2)) + `}`
	r.accepts = !w.chance(150)
	if w.chance(500) {
		r.key.BindingID = "b" + strconv.Itoa(w.random.IntN(2))
	}
	w.choose(r)
	if o := w.ledger.latest(r.key); r.verb == poll && o != nil && w.chance(800) {
		r.operation = o.id
	}
	if r.queues = r.plan == "serial" && r.key.BindingID != ""; r.queues {
		// Two requests of one moment would wait for their turn until the same moment.
		if instant {
			return false
		}
		time.Sleep(w.between(1, time.Microsecond)) //nolint:forbidigo // In a bubble, whose clock is fake.
	}
	w.send(r)
	return true
}

// choose chooses a verb: mostly one that changes something.
func (w *world) choose(r *request) {
	status := w.ledger.status(r.key.Instance())
	if w.chance(850) && status != durable.StatusReady {
		r.key.BindingID = ""
	}
	status = w.ledger.status(r.key)
	switch n := w.random.IntN(100); {
	case n < 8:
		r.verb = get
	case n < 20:
		r.verb = poll
	case n < 75 && status == durable.StatusDeleted:
		r.verb = put
	case n < 50 && status == durable.StatusReady && r.key.BindingID == "":
		r.verb = patch
	case n < 65 && status != durable.StatusDeleted:
		r.verb = remove
	case n < 85:
		r.verb = put
	case n < 93 && r.key.BindingID == "":
		r.verb = patch
	default:
		r.verb = remove
	}
}

// status returns the status of a record; that of a missing one is deleted.
func (l *ledger) status(key durable.Key) durable.RecordStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.now(key)
	if key.BindingID == "" {
		return v.status
	}
	if b, found := v.bindings[key.BindingID]; found {
		return b.status
	}
	return durable.StatusDeleted
}

func instanceKey(number int) durable.Key {
	return durable.Key{Platform: "p" + strconv.Itoa(number%2), InstanceID: "i" + strconv.Itoa(number)}
}

// latest returns the last operation of a key that platforms see, or nil.
func (l *ledger) latest(key durable.Key) *operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.order) - 1; i >= 0; i-- {
		if o := l.order[i]; o.key == key && !o.internal {
			return o
		}
	}
	return nil
}

func (w *world) send(r *request) {
	r.began, r.since, r.step = time.Now(), w.ledger.length(r.key), w.steps
	ctx, cancel := context.WithCancel(context.WithValue(w.ctx, requestKey{}, r))
	r.cancel = cancel
	w.requests[r.client] = r
	w.note(r.label, " ", r.r.name, " ", r.verb, " ", nameOf(r.key), " ", r.params)
	go func() {
		defer cancel()
		a := r.ask(ctx, r.r.engine)
		d := w.park(&step{label: r.label + " answer", kind: answers})
		if d.dead || r.lost {
			return
		}
		w.answered(r, a)
	}()
}

// answered compares an answer with the table.
func (w *world) answered(r *request, a answer) {
	w.note(r.label, " gets ", a.String(), " ", w.ledger.name(a.operation))
	w.ledger.judge(r, a)
	w.requests[r.client] = nil
	w.ledger.coverage.add("answer "+r.verb+kindOf(r.key), strconv.Itoa(a.status)+a.code)
}

func kindOf(key durable.Key) string {
	if key.BindingID != "" {
		return " binding"
	}
	return ""
}

// ask sends the request to the engine.
func (r *request) ask(ctx context.Context, e *durable.Engine) answer {
	caller := openbroker.Caller{Platform: r.key.Platform}
	params := openbroker.Parameters(r.params)
	binding := r.key.BindingID != ""
	switch {
	case r.verb == put && !binding:
		got, err := e.Provision(ctx, &openbroker.ProvisionRequest{InstanceID: r.key.InstanceID, ServiceID: serviceID, PlanID: r.plan, Parameters: params, AcceptsIncomplete: r.accepts, Caller: caller})
		return answerOf(err, func() (openbroker.Outcome, string) { return got.Outcome, got.Operation })
	case r.verb == put:
		got, err := e.Bind(ctx, &openbroker.BindRequest{InstanceID: r.key.InstanceID, BindingID: r.key.BindingID, ServiceID: serviceID, PlanID: r.plan, Parameters: params, AcceptsIncomplete: r.accepts, Caller: caller})
		return answerOf(err, func() (openbroker.Outcome, string) { return got.Outcome, got.Operation })
	case r.verb == patch:
		got, err := e.Update(ctx, &openbroker.UpdateRequest{InstanceID: r.key.InstanceID, ServiceID: serviceID, Parameters: params, AcceptsIncomplete: r.accepts, Caller: caller})
		return answerOf(err, func() (openbroker.Outcome, string) { return got.Outcome, got.Operation })
	case r.verb == remove && !binding:
		got, err := e.Deprovision(ctx, &openbroker.DeprovisionRequest{InstanceID: r.key.InstanceID, ServiceID: serviceID, PlanID: r.plan, AcceptsIncomplete: r.accepts, Caller: caller})
		return answerOf(err, func() (openbroker.Outcome, string) { return got.Outcome, got.Operation })
	case r.verb == remove:
		got, err := e.Unbind(ctx, &openbroker.UnbindRequest{InstanceID: r.key.InstanceID, BindingID: r.key.BindingID, ServiceID: serviceID, PlanID: r.plan, AcceptsIncomplete: r.accepts, Caller: caller})
		return answerOf(err, func() (openbroker.Outcome, string) { return got.Outcome, got.Operation })
	case r.verb == get && !binding:
		got, err := e.GetInstance(ctx, &openbroker.GetInstanceRequest{InstanceID: r.key.InstanceID, Caller: caller})
		a := answerOf(err, func() (openbroker.Outcome, string) { return openbroker.AlreadyExists, "" })
		if err == nil {
			a.text = string(got.Parameters)
		}
		return a
	case r.verb == get:
		got, err := e.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: r.key.InstanceID, BindingID: r.key.BindingID, Caller: caller})
		a := answerOf(err, func() (openbroker.Outcome, string) { return openbroker.AlreadyExists, "" })
		if err == nil {
			a.text = string(got.Parameters)
		}
		return a
	}
	var got *openbroker.LastOperationResponse
	var err error
	if binding {
		got, err = e.LastBindingOperation(ctx, &openbroker.LastBindingOperationRequest{InstanceID: r.key.InstanceID, BindingID: r.key.BindingID, Operation: r.operation, Caller: caller})
	} else {
		got, err = e.LastOperation(ctx, &openbroker.LastOperationRequest{InstanceID: r.key.InstanceID, Operation: r.operation, Caller: caller})
	}
	a := answerOf(err, func() (openbroker.Outcome, string) { return openbroker.AlreadyExists, r.operation })
	if err == nil {
		a.state = got.State
	}
	return a
}

// answerOf returns the answer as the handler would send it.
func answerOf(err error, outcome func() (openbroker.Outcome, string)) answer {
	var e *openbroker.Error
	switch {
	case errors.As(err, &e):
		a := answer{status: e.Status, code: e.Code, text: e.Description}
		if a.status == 0 {
			a.status = 404 // 410 for a DELETE.
		}
		return a
	case err != nil:
		return answer{status: 500, text: err.Error()}
	}
	o, id := outcome()
	a := answer{status: 201, operation: id}
	switch o {
	case openbroker.Accepted:
		a.status = 202
	case openbroker.AlreadyExists:
		a.status = 200
	case openbroker.Completed:
	}
	return a
}
