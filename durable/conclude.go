package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/audit"
)

// conclude records the outcome of an attempt. It returns the result if the operation
// has ended, and nil if it continues.
func (e *Engine) conclude(r *run, logger *slog.Logger, made attempt) *result {
	cause := context.Cause(r.ctx)
	var change *Advance
	var ended *result
	var err error
	switch {
	case errors.Is(cause, errCancelled):
		r.outcome = AttemptCancelled
		change, ended = e.cancelled(r)
	case made.err == nil:
		r.outcome = AttemptSucceeded
		change, ended, err = e.succeeded(r, &made.docs)
	case errors.Is(cause, errLeaseLost):
		// The holder of the lease continues.
		r.outcome = AttemptLost
		logger.LogAttrs(r.watched, slog.LevelWarn, "operation continues on another worker")
		return nil
	case errors.Is(cause, errStopping):
		r.outcome = AttemptReleased
		change = &Advance{Release: true}
	default:
		if made.timedOut {
			made.err = errors.Join(errTimedOut, made.err)
		}
		change, ended, err = e.failedAttempt(r, logger, &made)
	}
	if err != nil {
		// The result cannot be encoded, so the operation fails.
		change, ended, err = e.failed(r, &made.before, err)
		if err != nil {
			r.outcome = AttemptInterrupted
			logger.LogAttrs(r.watched, slog.LevelError, "operation cannot be recorded", slog.String("error", err.Error()))
			return nil
		}
	}
	change.Fence, change.Key = r.fence(), r.record.Key
	return e.record(r, logger, change, ended)
}

// record writes the change, and repeats that while the store fails: the work of a
// provider must not be lost. The fence makes that safe.
func (e *Engine) record(r *run, logger *slog.Logger, change *Advance, ended *result) *result {
	e.refresh(change.Instance, change.Binding)
	const longest = 2 * time.Second
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, longest) {
		ctx, cancel := context.WithTimeout(e.aborted, e.config.Lease)
		began := time.Now()
		err := e.keepReason(ctx, change, ended)
		if err == nil {
			err = e.store.Advance(ctx, change)
		}
		cancel()
		switch {
		case err == nil:
			if key := r.record.Key; r.written.ended(key, change, e.now()) {
				e.known.put(key.Instance(), r.written, began)
			}
			e.recorded(r, logger, change, ended)
			return ended
		case errors.Is(err, ErrCancelling) && !change.Cancelled:
			r.stop(errCancelled)
			r.outcome = AttemptCancelled
			change, ended = e.cancelled(r)
			change.Fence, change.Key = r.fence(), r.record.Key
			continue
		case errors.Is(err, ErrFenced), errors.Is(err, ErrCancelling):
			r.outcome = AttemptLost
			logger.LogAttrs(r.watched, slog.LevelWarn, "result refused: another worker has the operation, or it has ended")
			return nil
		}
		e.known.clear()
		logger.LogAttrs(r.watched, slog.LevelError, "result not recorded, trying again", slog.String("error", err.Error()))
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-e.aborted.Done():
			timer.Stop()
			r.outcome = AttemptReleased
			return nil
		}
	}
}

// keepReason keeps the reason of an operator, which was recorded with the
// cancellation. A deletion records no reason.
func (e *Engine) keepReason(ctx context.Context, change *Advance, ended *result) error {
	if !change.Cancelled || change.Failure == nil {
		return nil
	}
	stored, err := e.store.OperationByID(ctx, change.Fence.OperationID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil // Advance returns ErrFenced.
	case err != nil:
		return err
	case len(stored.Failure) > 0:
		change.Description, change.Failure = nil, nil
		ended.failure = readFailure(stored.Failure)
	}
	return nil
}

func (e *Engine) recorded(r *run, logger *slog.Logger, change *Advance, ended *result) {
	if change.Next != nil || change.Cancelled {
		signal(e.wake) // For the clean-up, or the deletion that was waiting.
	}
	if change.Next != nil && r.accepted != nil {
		r.accepted()
	}
	switch {
	case ended == nil:
		logger.LogAttrs(r.watched, slog.LevelInfo, "operation released", slog.Duration("delay", change.Delay))
	case change.Cancelled:
		// The reason of an operator is for the platform and the audit trail only.
		logger.LogAttrs(r.watched, slog.LevelWarn, "operation cancelled")
	case ended.state == OperationFailed:
		logger.LogAttrs(r.watched, slog.LevelWarn, "operation failed", slog.String("description", ended.failure.Description))
	default:
		logger.LogAttrs(r.watched, slog.LevelInfo, "operation succeeded")
	}
}

// cancelled ends an operation for the deletion that waits for it. The deletion has
// already changed the records.
func (e *Engine) cancelled(r *run) (*Advance, *result) {
	f := failureOf(errCancelled, r.record.ID)
	return &Advance{Cancelled: true, State: OperationFailed, Description: &f.Description, Failure: f.encode()},
		&result{state: OperationFailed, failure: f}
}

func (e *Engine) succeeded(r *run, docs *documents) (change *Advance, ended *result, err error) {
	defer func() {
		// The provider's values may have encoding methods that panic.
		if value := recover(); value != nil {
			err = fmt.Errorf("the provider's result cannot be encoded: panic: %v", value)
		}
	}()
	change = &Advance{State: OperationSucceeded, Description: new(string)}
	ended = &result{state: OperationSucceeded, instance: docs.instance, binding: docs.binding}
	switch r.record.Kind {
	case KindProvision, KindUpdate:
		instance := *docs.instanceRecord
		instance.Status = statusAfter(r.record.Kind, true, "")
		if docs.changed {
			instance.Data, err = e.sealInstance(r.record.Key, docs.instance)
		}
		change.Instance = &instance
	case KindBind:
		binding := *docs.bindingRecord
		binding.Status = statusAfter(r.record.Kind, true, "")
		binding.Data, err = e.sealBinding(r.record.Key, docs.binding)
		change.Binding = &binding
	case KindDeprovision, KindUnbind:
		change.Instance, change.Binding, err = e.tombstones(r.record, docs)
	}
	return change, ended, err
}

// failedAttempt releases the operation for another attempt, or ends it.
func (e *Engine) failedAttempt(r *run, logger *slog.Logger, made *attempt) (*Advance, *result, error) {
	delay, again := e.again(r.record, made)
	logger.LogAttrs(r.watched, slog.LevelWarn, "attempt failed", slog.String("error", made.err.Error()), slog.Bool("again", again))
	if again {
		r.outcome = AttemptRetried
		if made.interrupted {
			r.outcome = AttemptInterrupted
		}
		return &Advance{Release: true, Failed: !made.interrupted, Delay: delay}, nil, nil
	}
	return e.failed(r, &made.docs, made.err)
}

// again decides whether to make another attempt, and after what pause.
func (e *Engine) again(record *OperationRecord, made *attempt) (time.Duration, bool) {
	if made.timedOut || errors.Is(made.err, errUnimplemented) {
		return 0, false
	}
	planID := ""
	if made.docs.instanceRecord != nil {
		planID = made.docs.instanceRecord.PlanID
	}
	policy := e.config.policy(planID, nil)
	if made.interrupted {
		// For example, the store was down, or this replica lacks a key. Without the
		// instance's record the operation cannot fail either.
		return policy.backoff(record.Attempt), made.docs.instanceRecord == nil || e.now().Before(record.Deadline)
	}
	failures := record.Failures + 1
	delay := policy.backoff(failures)
	retry, retryable := asRetryable(made.err)
	if retryable {
		delay = max(delay, retry.after)
	}
	switch record.Kind {
	case KindProvision, KindUpdate, KindBind:
		if !retryable || failures >= policy.Attempts {
			return 0, false
		}
	case KindDeprovision, KindUnbind:
		// Deletions are repeated until the deadline, unless the provider refuses the
		// request of a platform.
		var answer *openbroker.Error
		if !record.Internal && !retryable && errors.As(made.err, &answer) && answer != nil && answer.Status >= 400 && answer.Status < 500 {
			return 0, false
		}
	}
	return delay, e.now().Add(delay).Before(record.Deadline)
}

// failed ends the operation, and begins the clean-up of a creation.
func (e *Engine) failed(r *run, docs *documents, cause error) (*Advance, *result, error) {
	r.outcome = AttemptFailed
	f := failureOf(cause, r.record.ID)
	change := &Advance{State: OperationFailed, Description: &f.Description, Failure: f.encode()}
	ended := &result{state: OperationFailed, failure: f}
	if docs.instanceRecord == nil {
		return change, ended, nil
	}
	kind := r.record.Kind
	if errors.Is(cause, errUnimplemented) && kind == KindProvision {
		change.Instance = deletedInstance(docs.instanceRecord)
		return change, ended, nil
	}
	if errors.Is(cause, errUnimplemented) && kind == KindBind {
		change.Binding = deletedBinding(docs.bindingRecord)
		return change, ended, nil
	}
	cleanup := e.config.policy(docs.instanceRecord.PlanID, nil).Cleanup
	after, err := e.afterFailure(r.record, docs.instanceRecord, docs.bindingRecord, docs.operation.previous(), cleanup,
		func(id string, key Key, kind OperationKind) (traceparent string) {
			traceparent, r.accepted = e.observeAccept(r.watched, id, key, kind, docs.instanceRecord)
			return traceparent
		})
	change.Instance, change.Binding, change.Next = after.Instance, after.Binding, after.Next
	if next := change.Next; next != nil && err == nil {
		next.Audit, err = auditOf(context.Background(), audit.OutcomeAccepted, next.ID, next.Key, next.Kind, docs.instanceRecord, "clean-up after the failed "+string(kind)+" "+r.record.ID)
	}
	if kind == KindDeprovision && after.Instance.Status == StatusCreateFailed && f.InstanceUsable == nil {
		f.InstanceUsable = new(bool)
		change.Failure = f.encode()
	}
	return change, ended, err
}

// previous returns the status that a failed deletion restores. If the goal cannot be
// read, only another deletion is safe.
func (g *operationGoal) previous() RecordStatus {
	switch {
	case g == nil:
		return StatusCreateFailed
	case g.Previous == "":
		return StatusReady
	default:
		return g.Previous
	}
}
