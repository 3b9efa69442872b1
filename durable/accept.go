package durable

import (
	"context"
	"errors"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/audit"
)

// A decision is the engine's reaction to a request: a final answer, or an operation
// to wait for, which it may have to begin. A refusal is an error instead.
type decision struct {
	// done says that the answer needs no operation. again asks for a new decision
	// after accept is written. waits says that the operation must not begin before
	// another one, which is being cancelled, has stopped.
	done, again, waits bool
	// accept, if not nil, must be written for the decision to hold.
	accept *Acceptance
	// begun is the operation that accept begins, or nil.
	begun *begunOperation
	// docs are the documents of the instance and binding. The worker uses them instead
	// of reading the records that were just written.
	docs documents
	// operationID is the operation of the answer, begun or joined.
	operationID string
	// joined says that an earlier request began the operation.
	joined bool
	// waited is how long the request has waited for its turn.
	waited time.Duration
	// watch receives the result if the operation ends in this process. forget ends the
	// subscription.
	watch  <-chan *result
	forget func()
}

// documents are the records of an operation and their unsealed details.
type documents struct {
	instanceRecord *InstanceRecord
	bindingRecord  *BindingRecord
	instance       *instanceDetails
	binding        *bindingDetails
	operation      *operationGoal
	// changed says that the details of the instance differ from its record.
	changed bool
	// written, unless nil, is the instance as the acceptance has written it.
	written *knownInstance
}

// maxConflicts limits how often a decision is repeated because another request came
// first. Each conflict means that another request made progress. Requests of one
// replica do not compete, see turns.
const maxConflicts = 50

// A premise is from what a decision is made at first.
type premise int

const (
	// fromStore is a snapshot that the store has read.
	fromStore premise = iota
	// fromNothing guesses that the store has no record of the instance.
	fromNothing
	// fromKnown guesses that the instance is as this replica has written it last.
	fromKnown
)

// decide makes a decision from a snapshot of an instance and writes it. The write
// succeeds only if the instance has not changed since; otherwise decide calls the
// decider again with a new snapshot.
func (e *Engine) decide(ctx context.Context, key Key, first premise, decider func(*basis) (*decision, error)) (*decision, error) {
	if !e.enter(stateNew, stateStarted) {
		return nil, unavailable(errStopping)
	}
	defer e.workers.Done()
	if first == fromNothing {
		if d, err := e.try(ctx, key, &basis{Snapshot: &Snapshot{}}, decider); !errors.Is(err, ErrConflict) {
			return d, err
		}
	}
	leave, err := e.turns.take(ctx, key.Instance())
	if err != nil {
		return nil, err
	}
	defer leave()
	if first == fromKnown {
		if d, err := e.tryKnown(ctx, key, decider); d != nil || err != nil {
			return d, err
		}
	}
	for conflicts := 0; conflicts < maxConflicts; {
		snapshot, err := e.load(ctx, key)
		if err != nil {
			return nil, err
		}
		d, err := e.try(ctx, key, &basis{Snapshot: snapshot}, decider)
		switch {
		case errors.Is(err, ErrConflict):
			conflicts++
		case err != nil || !d.again:
			return d, err
		}
	}
	return nil, openbroker.ErrConcurrency
}

// try makes a decision and writes it. It returns ErrConflict if the basis is out of date.
func (e *Engine) try(ctx context.Context, key Key, s *basis, decider func(*basis) (*decision, error)) (*decision, error) {
	d, err := decider(s)
	if err != nil {
		return nil, err
	}
	return e.write(ctx, key, s, d)
}

// write writes a decision. It returns ErrConflict if its basis is out of date.
func (e *Engine) write(ctx context.Context, key Key, s *basis, d *decision) (*decision, error) {
	d.forget = func() {}
	if d.operationID != "" {
		d.watch, d.forget = e.watch(d.operationID)
	}
	if d.accept == nil {
		return d, nil
	}
	if err := e.accept(ctx, key, s, d); err != nil {
		d.forget()
		return nil, err
	}
	return d, nil
}

// accept writes the decision. If a worker of this replica is free, it begins the
// operation immediately; otherwise the operation waits for a claim.
func (e *Engine) accept(ctx context.Context, key Key, s *basis, d *decision) error {
	begin := d.accept.Operation
	here := false
	who := place{of: PlatformService{Platform: d.accept.Instance.Key.Platform, ServiceID: d.accept.Instance.ServiceID}}
	if begin != nil {
		who.internal = begin.Internal
	}
	if begin != nil && !d.waits {
		if here = e.started() && e.places.take(who); here {
			begin.Owner, begin.Lease = e.config.Replica, e.config.Lease
		} else {
			e.backlog.Store(true)
		}
	}
	e.refresh(&d.accept.Instance, d.accept.Binding)
	leased := time.Now()
	// The decision holds once it is written, even if the client disconnects. A write
	// that takes longer than the lease has lost the operation.
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.config.Lease)
	err := e.store.Accept(write, d.accept)
	cancel()
	if err != nil {
		if here {
			e.release(who)
		}
		if errors.Is(err, ErrConflict) {
			return err
		}
		e.known.clear()
		return unavailable(err)
	}
	if d.accept.Cancel != "" {
		e.stopRun(d.accept.Cancel, errCancelled)
	}
	if d.begun != nil {
		d.begun.accepted()
	}
	if r := audit.RequestFrom(ctx); r != nil && d.accept.Audit != nil {
		r.Accepted = d.accept.Audit
	}
	switch {
	case here:
		d.docs.written = s.after(key, d.accept, e.now())
		task := d.begun.record
		task.Owner, task.Generation, task.Attempt = e.config.Replica, 1, 1
		e.begin(task, &d.docs, leased, who) //nolint:contextcheck // An operation outlives the request.
	case begin != nil:
		signal(e.wake)
	}
	return nil
}

// newOperation prepares an operation that a request begins, on the instance of or a
// binding of it.
func (e *Engine) newOperation(ctx context.Context, key Key, kind OperationKind, of *InstanceRecord, policy Policy, goal *operationGoal) (*begunOperation, error) {
	id := newOperationID()
	traceparent, accepted := e.observeAccept(ctx, id, key, kind, of)
	if traceparent != "" {
		watched := operationGoal{}
		if goal != nil {
			watched = *goal
		}
		watched.Traceparent = traceparent
		goal = &watched
	}
	begin, err := e.rules.newOperation(id, key, kind, policy, goal)
	if err != nil {
		return nil, err
	}
	if begin.Audit, err = auditOf(ctx, audit.OutcomeAccepted, id, key, kind, of, "the service binding has expired"); err != nil {
		return nil, err
	}
	now := e.now()
	return &begunOperation{
		spec: begin, goal: goal, accepted: func() {
			accepted()
			if r := audit.RequestFrom(ctx); r != nil {
				r.Accepted = begin.Audit
			}
		},
		record: &OperationRecord{
			ID: id, Key: key, Kind: kind, State: OperationActive, Data: begin.Data,
			CreatedAt: now, Deadline: now.Add(begin.Timeout),
		},
	}, nil
}

// A begunOperation is an operation that a request begins.
type begunOperation struct {
	spec *OperationSpec
	// record is what the worker needs, and goal what it has sealed, or nil.
	record *OperationRecord
	goal   *operationGoal
	// accepted must be called when the store has the operation.
	accepted func()
}

// newOperationID returns an id that is unique, safe in URLs, and greater than earlier
// ones.
func newOperationID() string { return audit.NewID(time.Now()) }

// A result is how an operation ended, with the documents for the answer to a waiting
// request.
type result struct {
	state    OperationState
	failure  *failure
	instance *instanceDetails
	binding  *bindingDetails
}

// outcome waits for the operation of a request, begun or joined, as long as the mode
// and the client allow. It returns nil if the operation continues and the answer is
// 202.
func (e *Engine) outcome(ctx context.Context, d *decision, key Key, mode ResponseMode, policy Policy, accepts bool) (*result, error) {
	defer d.forget()
	var limit time.Duration
	switch {
	case accepts && (mode == ModeAsynchronous || d.joined):
		return nil, nil //nolint:nilnil // 202: no result, no error.
	case mode == ModeAutomatic && accepts:
		limit = min(policy.SyncWait, e.config.MaxWait)
	default:
		limit = e.config.MaxWait
	}
	ended, err := e.await(ctx, key, d, max(limit-d.waited, 0))
	if err != nil {
		return nil, err
	}
	if ended == nil && !accepts && e.isDraining() {
		return nil, openbroker.ErrUnavailable.WithDescription("The service broker is restarting, and the operation continues. Send the request again.")
	}
	if ended == nil && !accepts {
		// After a 5xx the platform deletes the instance or binding, which cancels the
		// operation. Any other status would be wrong.
		return nil, openbroker.NewError(504, "", "The operation takes longer than a synchronous request may wait. Use accepts_incomplete=true.")
	}
	if ended != nil && ended.state == OperationFailed {
		e.deliver(ctx, d.operationID)
	}
	return ended, nil
}

func (e *Engine) isDraining() bool {
	select {
	case <-e.draining:
		return true
	default:
		return false
	}
}

// await waits for the end of an operation. It returns nil if the limit ends first or
// the engine drains.
func (e *Engine) await(ctx context.Context, key Key, d *decision, limit time.Duration) (*result, error) {
	if d.joined {
		if ended, err := e.ended(ctx, key, d.operationID); err == nil && ended != nil {
			return ended, nil
		}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	// Only the store knows about an operation of another replica.
	poll := time.NewTicker(e.config.PollInterval)
	defer poll.Stop()
	for {
		select {
		case ended := <-d.watch:
			return ended, nil
		case <-timer.C:
			return d.announced(), nil
		case <-e.draining:
			return d.announced(), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-poll.C:
			// A short outage of the store must not become a 503: the platform would
			// delete an instance that is still being created.
			if ended, err := e.ended(ctx, key, d.operationID); err == nil && ended != nil {
				return ended, nil
			}
		}
	}
}

// announced returns the result if the operation has just ended in this process, and nil
// otherwise.
func (d *decision) announced() *result {
	select {
	case ended := <-d.watch:
		return ended
	default:
		return nil
	}
}

// ended reads the result of an operation from the store. It is nil while the
// operation continues.
func (e *Engine) ended(ctx context.Context, key Key, id string) (*result, error) {
	record, err := e.store.OperationByID(ctx, id)
	if err != nil {
		return nil, unavailable(err)
	}
	if !record.Ended() {
		return nil, nil //nolint:nilnil // Not ended, and no error.
	}
	r := &result{state: record.State, failure: readFailure(record.Failure)}
	if record.State == OperationFailed || record.Kind == KindDeprovision || record.Kind == KindUnbind {
		return r, nil // The answer needs no documents.
	}
	snapshot, err := e.load(ctx, key)
	if err != nil {
		return nil, err
	}
	if !snapshot.exists(key) {
		return &result{state: OperationFailed, failure: failureOf(errDeleted, id)}, nil
	}
	last, err := e.store.Operation(ctx, key, "")
	if err != nil {
		return nil, unavailable(err)
	}
	if last.ID != id && (last.Kind == KindProvision || last.Kind == KindBind) {
		// The record is that of a later creation with the same id.
		return &result{state: OperationFailed, failure: failureOf(errDeleted, id)}, nil
	}
	if r.instance, err = e.openInstance(snapshot.Instance); err != nil {
		return nil, err
	}
	if snapshot.Binding != nil {
		if r.binding, err = e.openBinding(snapshot.Binding); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// watch subscribes to the end of an operation in this process. The caller calls the
// returned function when it is done.
func (e *Engine) watch(id string) (<-chan *result, func()) {
	c := make(chan *result, 1)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watchers[id] = append(e.watchers[id], c)
	return c, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		rest := e.watchers[id][:0]
		for _, other := range e.watchers[id] {
			if other != c {
				rest = append(rest, other)
			}
		}
		if e.watchers[id] = rest; len(rest) == 0 {
			delete(e.watchers, id)
		}
	}
}

func (e *Engine) announce(id string, r *result) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.watchers[id] {
		select {
		case c <- r:
		default:
		}
	}
}
