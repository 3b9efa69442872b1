package audit

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/openbroker/openbroker"
)

const (
	// queueLength is how many entries can wait for the store. Later ones are lost, and
	// counted.
	queueLength = 4096
	// maxBatch is how many entries are written in one transaction.
	maxBatch = 256
	// loginBurst and loginRate bound the entries of failed logins.
	loginBurst = 20
	loginRate  = 1
	// suppressedInterval is how often the others are recorded, as one entry.
	suppressedInterval = time.Minute
	// The pauses while the store is away.
	firstPause, longestPause = time.Second, 30 * time.Second
	// strictTimeout bounds the write before an answer.
	strictTimeout = 10 * time.Second
)

// A Sink keeps entries. The stores of package durable are sinks.
type Sink interface {
	Record(ctx context.Context, records []*Record) error
}

// A Recorder records what no operation keeps: requests that were refused, or repeat
// earlier ones; responses with credentials; and failed logins. It writes them to the
// store in groups, after the answer, or before it with [Recorder.Strict].
type Recorder struct {
	sink   Sink
	logger *slog.Logger
	queue  chan *Record
	ended  chan struct{}
	wake   func()
	logins *rate.Limiter

	mu sync.Mutex
	// suppressed counts the failed logins without an entry, and lost the entries that found
	// the queue full.
	suppressed, lost int
}

// NewRecorder returns a recorder. Stop it before the store closes: the end of ctx does
// not end it.
func NewRecorder(ctx context.Context, sink Sink, logger *slog.Logger) *Recorder {
	ctx = context.WithoutCancel(ctx)
	stopping, cancel := context.WithCancel(ctx)
	r := &Recorder{
		sink: sink, logger: logger, queue: make(chan *Record, queueLength), ended: make(chan struct{}), wake: cancel,
		logins: rate.NewLimiter(loginRate, loginBurst),
	}
	go r.write(ctx, stopping)
	return r
}

// Observe is an [openbroker.RequestObserver]: pass it to
// [openbroker.WithRequestObserver]. next, unless nil, is another observer.
func (r *Recorder) Observe(next openbroker.RequestObserver) openbroker.RequestObserver {
	return func(request *http.Request) (context.Context, func(openbroker.RequestOutcome)) {
		ctx, done := request.Context(), func(openbroker.RequestOutcome) {}
		if next != nil {
			ctx, done = next(request)
		}
		state := &Request{}
		return WithRequest(ctx, state), func(o openbroker.RequestOutcome) {
			done(o)
			for _, act := range r.acts(request, state, &o) {
				r.add(ctx, act.Act, act.Names)
			}
		}
	}
}

// acts returns what a request leads to, besides the entry of its operation.
func (r *Recorder) acts(request *http.Request, state *Request, o *openbroker.RequestOutcome) []Entry {
	if o.Status == http.StatusUnauthorized && o.Caller.Principal.Name == "" {
		return r.failedLogin(request)
	}
	state.Caller(&o.Caller)
	base := Entry{
		Act: Act{
			Platform: o.Caller.Platform, InstanceID: shorten(o.InstanceID), BindingID: shorten(o.BindingID), RequestIdentity: state.RequestIdentity,
		},
		Names: state.Names,
	}
	var acts []Entry
	action := actionOf(request.Method, o.Route)
	if action == "" && o.Status == http.StatusUnauthorized {
		action = ActionLogIn // With a credential that belongs to another platform.
	}
	if action != "" && state.Accepted == nil && !state.refusal {
		act := base
		act.Action, act.Outcome = action, OutcomeRepeated
		if o.Status == 0 || o.Status >= http.StatusBadRequest {
			act.Outcome, act.Status, act.Error = OutcomeRefused, o.Status, shorten(o.Code)
		}
		acts = append(acts, act)
	}
	if deliversCredentials(request.Method, o) && !state.credentials {
		act := base
		act.Action, act.Outcome = ActionReadCredentials, OutcomeDone
		acts = append(acts, act)
	}
	return acts
}

const (
	instanceRoute = "/v2/service_instances/{instance_id}"
	bindingRoute  = instanceRoute + "/service_bindings/{binding_id}"
)

// actionOf returns what a request asks to change, or "".
func actionOf(method, route string) Action {
	return map[string]Action{
		http.MethodPut + instanceRoute: ActionProvision, http.MethodPatch + instanceRoute: ActionUpdate, http.MethodDelete + instanceRoute: ActionDeprovision,
		http.MethodPut + bindingRoute: ActionBind, http.MethodDelete + bindingRoute: ActionUnbind,
	}[method+route]
}

// deliversCredentials reports whether a response has the credentials of a binding.
func deliversCredentials(method string, o *openbroker.RequestOutcome) bool {
	return o.Route == bindingRoute && (method == http.MethodGet && o.Status == http.StatusOK ||
		method == http.MethodPut && (o.Status == http.StatusOK || o.Status == http.StatusCreated))
}

// failedLogin returns the entry of a failed login, unless there are too many. It does
// not have the user name, which can be a password in the wrong place.
func (r *Recorder) failedLogin(request *http.Request) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.logins.Allow() {
		r.suppressed++
		return nil
	}
	address, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		address = ""
	}
	return []Entry{{Act: Act{Action: ActionLogIn, Outcome: OutcomeRefused, Status: http.StatusUnauthorized}, Names: Names{Address: shorten(address)}}}
}

// FailedLogin records a failed login elsewhere, such as at the console, up to the same
// rate.
func (r *Recorder) FailedLogin(request *http.Request) {
	for _, e := range r.failedLogin(request) {
		r.add(request.Context(), e.Act, e.Names)
	}
}

// addSuppressed queues an entry of the failed logins that got none: from where they came
// was not kept.
func (r *Recorder) addSuppressed(ctx context.Context) {
	r.mu.Lock()
	suppressed := r.suppressed
	r.suppressed = 0
	r.mu.Unlock()
	if suppressed > 0 {
		r.add(ctx, Act{Action: ActionLogIn, Outcome: OutcomeRefused, Status: http.StatusUnauthorized, Count: suppressed}, Names{})
	}
}

// add queues an entry.
func (r *Recorder) add(ctx context.Context, act Act, names Names) {
	record, err := newRecord(act, names)
	if err != nil {
		r.logger.LogAttrs(ctx, slog.LevelError, "an entry of the audit trail cannot be encoded", slog.String("error", err.Error()))
		return
	}
	select {
	case r.queue <- record:
	default:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lost++
	}
}

func newRecord(act Act, names Names) (*Record, error) {
	act.At = time.Now()
	act.ID = NewID(act.At)
	return NewRecord(act, names)
}

// write writes groups of entries until the recorder stops, and then what is left.
func (r *Recorder) write(ctx, stopping context.Context) {
	defer close(r.ended)
	tick := time.NewTicker(suppressedInterval)
	defer tick.Stop()
	for {
		var batch []*Record
		select {
		case <-tick.C:
			r.addSuppressed(ctx)
			continue
		case first := <-r.queue:
			batch = append(batch, first)
		case <-stopping.Done():
			if len(r.queue) == 0 {
				return
			}
		}
		for len(batch) < maxBatch && len(r.queue) > 0 {
			batch = append(batch, <-r.queue)
		}
		if !r.deliver(ctx, stopping, batch) {
			return
		}
	}
}

// deliver writes a group, and tries again while the store is away. It gives up once the
// recorder stops.
func (r *Recorder) deliver(ctx, stopping context.Context, batch []*Record) bool {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if lost := r.takeLost(); lost > 0 {
			if record, err := newRecord(Act{Action: ActionLose, Outcome: OutcomeDone, Count: lost, Reason: "the store was away"}, Names{}); err == nil {
				batch = append(batch, record)
			}
		}
		limited, cancel := context.WithTimeout(ctx, strictTimeout)
		err := r.sink.Record(limited, batch)
		cancel()
		if err == nil {
			return true
		}
		r.logger.LogAttrs(ctx, slog.LevelError, "entries of the audit trail cannot be written", slog.Int("entries", len(batch)+len(r.queue)), slog.String("error", err.Error()))
		if stopping.Err() != nil {
			return false
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-stopping.Done():
		}
		wait.Stop()
	}
}

func (r *Recorder) takeLost() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.lost
	r.lost = 0
	return lost
}

// Stop writes the entries that wait, and ends the recorder. Requests must have ended.
func (r *Recorder) Stop(ctx context.Context) {
	r.addSuppressed(ctx)
	r.wake()
	<-r.ended
}

// Strict returns a broker that records refusals and responses with credentials before
// it answers. If they cannot be recorded, it answers with 503 instead: credentials do
// not leave without an entry. The entry of an operation is in the store before the
// answer in any case.
func (r *Recorder) Strict(next openbroker.Broker) openbroker.Broker {
	return &strictBroker{Broker: next, recorder: r}
}

type strictBroker struct {
	openbroker.Broker
	recorder *Recorder
}

// strictly calls the broker, and records a refusal.
func strictly[R, A any](ctx context.Context, b *strictBroker, action Action, caller *openbroker.Caller, instanceID, bindingID string, request R, call func(context.Context, R) (A, error)) (A, error) {
	answer, err := call(ctx, request)
	state := RequestFrom(ctx)
	if err == nil || action == "" || state == nil || state.Accepted != nil {
		return answer, err
	}
	act := Act{Action: action, Outcome: OutcomeRefused}
	if e, ok := errors.AsType[*openbroker.Error](err); ok {
		act.Status, act.Error = e.Status, shorten(e.Code)
		if act.Status == 0 { // See openbroker.Error.
			act.Status = http.StatusNotFound
			if action == ActionDeprovision || action == ActionUnbind {
				act.Status = http.StatusGone
			}
		}
	}
	if problem := b.record(ctx, act, caller, instanceID, bindingID); problem != nil {
		var none A
		return none, problem
	}
	state.refusal = true
	return answer, err
}

// record writes an entry, and waits for it.
func (b *strictBroker) record(ctx context.Context, act Act, caller *openbroker.Caller, instanceID, bindingID string) error {
	act.Platform, act.InstanceID, act.BindingID = caller.Platform, instanceID, bindingID
	act.RequestIdentity = shorten(caller.RequestIdentity)
	record, err := newRecord(act, NamesOf(caller))
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), strictTimeout)
		defer cancel()
		err = b.recorder.sink.Record(ctx, []*Record{record})
	}
	if err != nil {
		return openbroker.ErrUnavailable.WithDescription("The service broker cannot record the request at the moment. Send it again.").WithCause(err)
	}
	return nil
}

// credentials records a response with credentials.
func (b *strictBroker) credentials(ctx context.Context, caller *openbroker.Caller, instanceID, bindingID string) error {
	if err := b.record(ctx, Act{Action: ActionReadCredentials, Outcome: OutcomeDone}, caller, instanceID, bindingID); err != nil {
		return err
	}
	if state := RequestFrom(ctx); state != nil {
		state.credentials = true
	}
	return nil
}

// Provision implements [openbroker.Broker].
func (b *strictBroker) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return strictly(ctx, b, ActionProvision, &r.Caller, r.InstanceID, "", r, b.Broker.Provision)
}

// Update implements [openbroker.Broker].
func (b *strictBroker) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	return strictly(ctx, b, ActionUpdate, &r.Caller, r.InstanceID, "", r, b.Broker.Update)
}

// Deprovision implements [openbroker.Broker].
func (b *strictBroker) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return strictly(ctx, b, ActionDeprovision, &r.Caller, r.InstanceID, "", r, b.Broker.Deprovision)
}

// Bind implements [openbroker.Broker].
func (b *strictBroker) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	response, err := strictly(ctx, b, ActionBind, &r.Caller, r.InstanceID, r.BindingID, r, b.Broker.Bind)
	if err == nil && response.Outcome != openbroker.Accepted {
		err = b.credentials(ctx, &r.Caller, r.InstanceID, r.BindingID)
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// Unbind implements [openbroker.Broker].
func (b *strictBroker) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	return strictly(ctx, b, ActionUnbind, &r.Caller, r.InstanceID, r.BindingID, r, b.Broker.Unbind)
}

// GetBinding implements [openbroker.Broker].
func (b *strictBroker) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	response, err := b.Broker.GetBinding(ctx, r)
	if err == nil {
		err = b.credentials(ctx, &r.Caller, r.InstanceID, r.BindingID)
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}
