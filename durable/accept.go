package durable

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/openbroker/openbroker"
)

// A decision is what the engine makes of a request: an error (returned beside
// it), a final answer, or an operation to wait for, which it may have to begin.
type decision struct {
	// done says that the request is answered without an operation, again that
	// after accept the decision is to be made anew, and waits that the operation
	// must not begin before one that is being cancelled has stopped.
	done, again, waits bool
	// accept, if not nil, has to be written for the decision to hold.
	accept *Acceptance
	// task is the operation that accept begins, as its worker needs it.
	task *OperationRecord
	// docs of the instance and binding go along, so that the worker need not
	// read what was just written.
	docs documents
	// operationID is the operation to answer with, begun or joined.
	operationID string
	// joined says that it was begun by an earlier request.
	joined bool
	// waited is how long the request has waited for its turn.
	waited time.Duration
	// watch receives the result if the operation ends in this process; forget
	// ends that.
	watch  <-chan *result
	forget func()
}

// documents are the unsealed data of an instance and a binding.
type documents struct {
	instanceRecord *InstanceRecord
	bindingRecord  *BindingRecord
	instance       *instanceDocument
	binding        *bindingDocument
	operation      *operationDocument
	// changed says that the instance's document is not the one in its record.
	changed bool
}

// maxConflicts bounds how often a decision is made anew because another request
// was faster. Each time, somebody made progress. Requests of one replica do not
// compete, see turns.
const maxConflicts = 50

// decide makes a decision from the state of an instance and writes it. The
// decider sees one moment, and the write holds only if it still is the truth;
// otherwise it is asked again. guess, if not nil, is tried before the state is
// read.
func (e *Engine) decide(ctx context.Context, key Key, guess *Snapshot, decider func(*Snapshot) (*decision, error)) (*decision, error) {
	if !e.enter(stateNew, stateStarted) {
		return nil, unavailable(errStopping)
	}
	defer e.workers.Done()
	if guess != nil {
		if d, err := e.try(ctx, guess, decider); !errors.Is(err, ErrConflict) {
			return d, err
		}
	}
	leave, err := e.turns.take(ctx, key.Instance())
	if err != nil {
		return nil, err
	}
	defer leave()
	for conflicts := 0; conflicts < maxConflicts; {
		snapshot, err := e.load(ctx, key)
		if err != nil {
			return nil, err
		}
		d, err := e.try(ctx, snapshot, decider)
		switch {
		case errors.Is(err, ErrConflict):
			conflicts++
		case err != nil || !d.again:
			return d, err
		}
	}
	return nil, openbroker.ErrConcurrency
}

// try makes a decision from a snapshot and writes it. It returns ErrConflict if
// the snapshot is not the truth any more.
func (e *Engine) try(ctx context.Context, snapshot *Snapshot, decider func(*Snapshot) (*decision, error)) (*decision, error) {
	d, err := decider(snapshot)
	if err != nil {
		return nil, err
	}
	d.forget = func() {}
	if d.operationID != "" {
		d.watch, d.forget = e.watch(d.operationID)
	}
	if d.accept == nil {
		return d, nil
	}
	if err := e.accept(ctx, d); err != nil {
		d.forget()
		return nil, err
	}
	return d, nil
}

// accept writes the decision and begins the operation: here and at once if a
// worker is free, else by whoever claims it.
func (e *Engine) accept(ctx context.Context, d *decision) error {
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
	// The decision stands once it is written, even if the client goes away. What
	// takes longer than the lease is not ours any more.
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
		return unavailable(err)
	}
	if d.accept.Cancel != "" {
		e.stopRun(d.accept.Cancel, errCancelled)
	}
	switch {
	case here:
		d.task.Owner, d.task.Generation, d.task.Attempt = e.config.Replica, 1, 1
		e.begin(d.task, &d.docs, leased, who) //nolint:contextcheck // An operation outlives the request.
	case begin != nil:
		signal(e.wake)
	}
	return nil
}

// newOperation prepares an operation that a request begins, and its record as the
// worker needs it.
func (e *Engine) newOperation(key Key, kind OperationKind, policy Policy, document *operationDocument) (*OperationSpec, *OperationRecord, error) {
	begin, err := e.rules.newOperation(key, kind, policy, document)
	if err != nil {
		return nil, nil, err
	}
	record := &OperationRecord{
		ID: begin.ID, Key: key, Kind: kind, State: OperationActive, Data: begin.Data,
		Deadline: e.now().Add(begin.Timeout),
	}
	return begin, record, nil
}

// newOperationID returns an id that is unique, safe in URLs, and greater than
// those made before it: what is inserted in order costs an index least.
func newOperationID() string {
	const digits = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ" // in the order of their codes
	var id [10]byte
	for i, rest := len(id)-1, time.Now().UnixMilli(); i >= 0; i, rest = i-1, rest/32 {
		id[i] = digits[rest%32]
	}
	return string(id[:]) + rand.Text()[:16]
}

// A result is how an operation ended, with the documents that a waiting request
// answers with.
type result struct {
	state    OperationState
	failure  *failure
	instance *instanceDocument
	binding  *bindingDocument
}

// outcome answers a request whose operation is begun or joined: it waits as
// long as the mode and the client allow. It returns nil if the operation goes
// on and the answer is 202.
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
		return nil, openbroker.ErrUnavailable.WithDescription("The service broker is restarting, and the operation goes on. Send the request again.")
	}
	if ended == nil && !accepts {
		// A 5xx makes the platform delete what it cannot wait for, and then the
		// operation is cancelled. Nothing else would be true.
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

// await waits for the end of an operation. It returns nil when the limit is
// over first, or the engine drains.
func (e *Engine) await(ctx context.Context, key Key, d *decision, limit time.Duration) (*result, error) {
	if d.joined {
		if ended, err := e.ended(ctx, key, d.operationID); err == nil && ended != nil {
			return ended, nil
		}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	// The operation may be another replica's: then only the store knows.
	poll := time.NewTicker(e.config.PollInterval)
	defer poll.Stop()
	for {
		select {
		case ended := <-d.watch:
			return ended, nil
		case <-timer.C:
			return nil, nil //nolint:nilnil // Not ended, and no error.
		case <-e.draining:
			select {
			case ended := <-d.watch:
				return ended, nil
			default:
				return nil, nil //nolint:nilnil // Not ended, and no error.
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-poll.C:
			// That the store is away for a moment must not become a 503: the
			// platform would delete what goes on being created.
			if ended, err := e.ended(ctx, key, d.operationID); err == nil && ended != nil {
				return ended, nil
			}
		}
	}
}

// ended reads the result of an operation from the store, nil if it goes on.
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
		return r, nil // Nothing is answered but that.
	}
	snapshot, err := e.load(ctx, key)
	if err != nil {
		return nil, err
	}
	if !snapshot.exists(key) {
		// It was deleted since, and perhaps forgotten: there is nothing to answer
		// with.
		return &result{state: OperationFailed, failure: failureOf(errCancelled, id)}, nil
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

// watch subscribes to the end of an operation in this process. Call the
// returned function when done.
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
