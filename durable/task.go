package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/openbroker/openbroker/durable/internal/document"
)

// A Task is one attempt at an operation, as a [Provider] sees it. Several goroutines may
// call its methods, but none after the provider's method has returned.
type Task struct {
	engine *Engine
	run    *run
	kind   OperationKind
	logger *slog.Logger
	// binding is the id of a binding that a deprovision deletes first, or empty.
	binding string

	mu         sync.Mutex
	checkpoint []byte
	reported   string
}

// ID returns the id of the operation, the same for each attempt.
func (t *Task) ID() string { return t.run.record.ID }

// Kind returns the kind of the operation. A deprovision can also be the clean-up of a
// failed provision. An unbind can also be the clean-up of a failed bind, or a part of a
// deprovision.
func (t *Task) Kind() OperationKind { return t.kind }

// Attempt returns the number of the attempt, from 1.
func (t *Task) Attempt() int { return t.run.record.Attempt }

// Generation returns a number that grows with each attempt. It is a fencing token for
// services that can refuse older writers.
func (t *Task) Generation() int64 { return t.run.record.Generation }

// Logger returns a logger whose records have the ids of the operation.
func (t *Task) Logger() *slog.Logger { return t.logger }

// Report stores a description of the progress for users of the platform, which get it
// when they poll. It returns an error if the attempt must stop or the store fails. The
// provider may ignore the error, or return it like one of Save.
func (t *Task) Report(ctx context.Context, description string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if description == t.reported {
		return nil
	}
	if err := t.advance(ctx, &Advance{Description: &description}); err != nil {
		return err
	}
	t.reported = description
	return nil
}

// Save stores v, as encrypted JSON, so that a later attempt can continue from there. It
// replaces the previous checkpoint. When it returns nil, v is on disk. After an error,
// do nothing more in this attempt, and return the error. If the store fails, the
// operation is released for another attempt, and this one does not count as failed,
// even if the provider returns another error.
func (t *Task) Save(ctx context.Context, v any) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("saving a checkpoint: %w", err)
	}
	sealed, err := t.engine.seal(&document.Checkpoint{Binding: t.binding, Value: value}, ofCheckpoint, t.run.record.Key, t.run.record.ID)
	if err != nil {
		err = interrupted(ctx, err)
	} else {
		err = t.advance(ctx, &Advance{Checkpoint: sealed})
	}
	t.run.unsaved.Store(isInterruption(err))
	if err != nil {
		return fmt.Errorf("saving a checkpoint: %w", err)
	}
	t.checkpoint = sealed
	return nil
}

// Load reads the checkpoint of this or an earlier attempt into v. It returns false if
// no attempt has saved one. Return its error: if this replica cannot decrypt the
// checkpoint, the operation is released for another attempt, as after Save.
func (t *Task) Load(v any) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.checkpoint) == 0 {
		return false, nil
	}
	var saved document.Checkpoint
	if err := t.engine.open(t.checkpoint, &saved, ofCheckpoint, t.run.record.Key, t.run.record.ID); err != nil {
		return false, fmt.Errorf("loading a checkpoint: %w", interrupted(t.run.ctx, err))
	}
	// A deprovision deletes the remaining bindings one by one, and each has a
	// checkpoint of its own.
	if saved.Binding != t.binding {
		return false, nil
	}
	if err := json.Unmarshal(saved.Value, v); err != nil {
		return false, fmt.Errorf("loading a checkpoint: %w", err)
	}
	return true, nil
}

// ofBinding returns the task for a binding that a deprovision deletes first.
func (t *Task) ofBinding(id string) *Task {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &Task{
		engine: t.engine, run: t.run, kind: KindUnbind, logger: t.logger.With(slog.String("binding_id", id)), binding: id,
		checkpoint: t.checkpoint, reported: t.reported,
	}
}

// advance makes a fenced change, and ends the attempt if the store refuses it.
func (t *Task) advance(ctx context.Context, a *Advance) error {
	a.Fence, a.Key = t.run.fence(), t.run.record.Key
	t.engine.refresh(a.Instance, a.Binding)
	err := t.engine.store.Advance(ctx, a)
	switch {
	case errors.Is(err, ErrFenced):
		t.run.stop(errLeaseLost)
	case errors.Is(err, ErrCancelling):
		t.run.stop(errCancelled)
	}
	return interrupted(ctx, err)
}
