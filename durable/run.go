package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// A run is an attempt of this replica at an operation.
type run struct {
	record *OperationRecord
	ctx    context.Context //nolint:containedctx // It is the context of the attempt.
	cancel context.CancelCauseFunc
	// expiry stops the attempt when its lease ends by the monotonic clock of this
	// process: another replica may have the operation then.
	expiry *time.Timer
	// earlier, if not nil, is an attempt of this process that lost its lease. This one
	// begins when it has ended.
	earlier *run
	ended   chan struct{}
	place   place
	// unsaved says that saving the last checkpoint was interrupted.
	unsaved atomic.Bool
	// began is when this replica got the operation.
	began time.Time
	// written, unless nil, is the instance as the acceptance of the operation has written
	// it.
	written *knownInstance

	// Only the goroutine of the attempt uses the fields below.

	// watched is ctx with the values of the observer.
	watched context.Context //nolint:containedctx // It is the context of the attempt.
	// observed, if not nil, tells the observer the outcome.
	observed func(AttemptResult)
	outcome  AttemptOutcome
	// accepted, if not nil, tells the observer that the clean-up has begun.
	accepted func()
}

func (r *run) fence() Fence {
	return Fence{OperationID: r.record.ID, Generation: r.record.Generation}
}

// lost reports whether the attempt was stopped because its lease was lost.
func (r *run) lost() bool { return errors.Is(context.Cause(r.ctx), errLeaseLost) }

// stop ends the context of the attempt. A second call does not change the cause.
func (r *run) stop(cause error) { r.cancel(cause) }

// hold says how long the lease lasts by the clock of this process. A lease that has ended
// before its holder knew stops the attempt immediately.
func (r *run) hold(left time.Duration) {
	if left <= 0 {
		r.stop(errLeaseLost)
	}
	r.expiry.Reset(left)
}

// release returns a place, and claims an operation that waits for one.
func (e *Engine) release(who place) {
	e.places.release(who)
	if e.backlog.Load() {
		signal(e.wake)
	}
}

// begin starts to work on an operation that is leased to this replica, in a place that
// was taken. If docs is nil, the worker reads the documents.
func (e *Engine) begin(record *OperationRecord, docs *documents, leased time.Time, who place) {
	r := &run{record: record, place: who, ended: make(chan struct{}), began: time.Now()}
	if docs != nil {
		r.written = docs.written
	}
	e.mu.Lock()
	r.ctx, r.cancel = context.WithCancelCause(e.base)
	r.watched = r.ctx
	if e.state == stateStopping {
		// The operation was accepted while the engine stopped: release its lease.
		r.stop(errStopping)
	}
	if r.earlier = e.runs[record.ID]; r.earlier != nil {
		r.earlier.stop(errLeaseLost)
	}
	r.expiry = time.AfterFunc(e.config.Lease, func() { r.stop(errLeaseLost) })
	r.hold(e.config.Lease - time.Since(leased))
	e.runs[record.ID] = r
	e.workers.Add(1)
	e.mu.Unlock()
	go func() {
		defer e.workers.Done()
		ended := e.work(r, docs)
		e.mu.Lock()
		if e.runs[record.ID] == r {
			delete(e.runs, record.ID)
		}
		e.mu.Unlock()
		r.expiry.Stop()
		r.cancel(nil)
		close(r.ended)
		// The place is free before the client gets its answer, because the client may
		// send the next request immediately.
		e.release(r.place)
		if ended != nil {
			e.announce(record.ID, ended)
		}
	}()
}

func (e *Engine) stopRun(id string, cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.runs[id]; r != nil {
		r.stop(cause)
	}
}

func (e *Engine) stopRuns(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.runs {
		r.stop(cause)
	}
}

// An attempt is the outcome of a call of the provider: the documents after success, or
// an error and the documents before the call.
type attempt struct {
	docs documents
	err  error
	// before are the documents before the call.
	before documents
	// interrupted says that the environment failed, see interruption. The documents may
	// not have been read.
	interrupted bool
	// timedOut says that the deadline ended the attempt.
	timedOut bool
}

// work makes the attempt and records its outcome. It returns nil if the operation
// continues, here or elsewhere.
func (e *Engine) work(r *run, docs *documents) *result {
	if r.earlier != nil {
		// The earlier attempt ends, or is abandoned, within StopGrace.
		<-r.earlier.ended
		r.earlier = nil
	}
	if r.record.State == OperationCancelling {
		// The earlier worker died before it stopped, so no call of the provider is
		// running.
		e.observeAttempt(r, nil)
		defer e.observeEnd(r)
		r.stop(errCancelled)
		return e.conclude(r, e.operationLogger(r.record), attempt{err: errCancelled})
	}
	var unread error
	if docs == nil {
		docs, unread = e.readDocuments(r.ctx, r.record)
	}
	e.observeAttempt(r, docs)
	defer e.observeEnd(r)
	logger := e.operationLogger(r.record)
	if unread != nil {
		return e.conclude(r, logger, attempt{docs: *docs, err: fmt.Errorf("reading the records of the operation: %w", unread), interrupted: true})
	}
	if r.place.of.ServiceID == "" {
		e.places.learn(&r.place, docs.instanceRecord.ServiceID)
	}
	ctx, cancel := context.WithDeadlineCause(r.watched, time.Now().Add(r.record.Deadline.Sub(e.now())), errTimedOut)
	defer cancel()
	task := &Task{engine: e, run: r, kind: r.record.Kind, logger: logger, checkpoint: r.record.Checkpoint, reported: r.record.Description}
	made := attempt{docs: *docs, err: ctx.Err()}
	if made.err == nil {
		made = e.call(ctx, logger, task, *docs)
	}
	made.before = *docs
	made.timedOut = errors.Is(context.Cause(ctx), errTimedOut)
	return e.conclude(r, logger, made)
}

func (e *Engine) operationLogger(record *OperationRecord) *slog.Logger {
	logger := e.logger.With(
		slog.String("operation_id", record.ID), slog.String("kind", string(record.Kind)),
		slog.String("platform", record.Key.Platform), slog.String("instance_id", record.Key.InstanceID),
		slog.Int("attempt", record.Attempt))
	if record.Key.BindingID != "" {
		logger = logger.With(slog.String("binding_id", record.Key.BindingID))
	}
	return logger
}

// call calls the provider in a goroutine of its own. It abandons a provider that
// ignores its context after StopGrace, so that the provider cannot block the deletion
// of the resource that it creates. It ignores a result that the provider returns later.
func (e *Engine) call(ctx context.Context, logger *slog.Logger, task *Task, docs documents) attempt {
	returned := make(chan attempt, 1)
	go func() {
		made := attempt{docs: docs, err: errExited}
		defer func() {
			if value := recover(); value != nil {
				made = attempt{docs: docs, err: fmt.Errorf("the provider panicked: %v\n%s", value, debug.Stack())}
			}
			returned <- made
		}()
		after, err := e.perform(ctx, task, docs)
		made = attempt{docs: after, err: plainError(err), interrupted: err != nil && (isInterruption(err) || task.run.unsaved.Load())}
	}()
	select {
	case made := <-returned:
		return made
	case <-ctx.Done():
	}
	patience := e.config.StopGrace
	if errors.Is(context.Cause(ctx), errStopping) {
		patience = min(patience, stopPatience)
	}
	grace := time.NewTimer(patience)
	defer grace.Stop()
	select {
	case made := <-returned:
		return made
	case <-grace.C:
		logger.LogAttrs(ctx, slog.LevelError, "provider ignores its context and is abandoned", slog.String("cause", context.Cause(ctx).Error()))
		return attempt{docs: docs, err: errAbandoned}
	}
}

// readDocuments reads the documents for the worker of a claimed operation. With an
// error, it returns the documents that it could read.
func (e *Engine) readDocuments(ctx context.Context, record *OperationRecord) (*documents, error) {
	docs := &documents{}
	snapshot, err := e.load(ctx, record.Key)
	if err != nil {
		return docs, err
	}
	if snapshot.Instance == nil || record.Key.BindingID != "" && snapshot.Binding == nil {
		return docs, errors.New("the operation has no record of its instance or binding")
	}
	docs.instanceRecord, docs.bindingRecord = snapshot.Instance, snapshot.Binding
	operation, err := e.openOperation(record)
	if err != nil {
		return docs, err
	}
	docs.operation = operation
	if docs.instance, err = e.openInstance(snapshot.Instance); err != nil {
		return docs, err
	}
	if snapshot.Binding != nil {
		docs.binding, err = e.openBinding(snapshot.Binding)
	}
	return docs, err
}
