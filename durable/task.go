package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// A Task is one attempt at an operation, as a [Provider] sees it. Its methods
// may be called by several goroutines, but not after the provider's method has
// returned.
type Task struct {
	engine *Engine
	run    *run
	kind   OperationKind
	logger *slog.Logger
	// binding is the binding that a deprovision deletes first, or empty.
	binding string

	mu         sync.Mutex
	checkpoint []byte
	reported   string
}

// ID returns the id of the operation, the same for each attempt.
func (t *Task) ID() string { return t.run.record.ID }

// Kind returns the kind of what is to be done. A Deprovision can also run to
// clean up after a failed Provision, and an Unbind after a failed Bind, or as a
// part of a Deprovision.
func (t *Task) Kind() OperationKind { return t.kind }

// Attempt returns which attempt this is, from 1.
func (t *Task) Attempt() int { return t.run.record.Attempt }

// Generation returns a number that grows with each attempt: a fencing token for
// services that can refuse an attempt that was overtaken.
func (t *Task) Generation() int64 { return t.run.record.Generation }

// Logger returns a logger that names the operation.
func (t *Task) Logger() *slog.Logger { return t.logger }

// Report stores a description of the progress, which users of the platform see
// when they poll. It returns an error if the attempt is to stop or the store is
// away. To ignore that is fine; to return it is what Save says.
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

// Save stores v, as JSON and encrypted, so that a later attempt can continue
// from there; it replaces what was saved before. When it returns nil, v is on
// disk. After an error nothing more should be done in this attempt: return the
// error. If the store is away, the operation is given back for another attempt,
// and this one does not count as failed, whatever error is returned.
func (t *Task) Save(ctx context.Context, v any) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("saving a checkpoint: %w", err)
	}
	sealed, err := t.engine.seal(checkpoint{Binding: t.binding, Value: value}, ofCheckpoint, t.run.record.Key, t.run.record.ID)
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

// Load reads what this or an earlier attempt saved into v. It reports whether
// there was anything. Return its error: if the checkpoint cannot be decrypted
// here, the operation is given back, as Save says.
func (t *Task) Load(v any) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.checkpoint) == 0 {
		return false, nil
	}
	var saved checkpoint
	if err := t.engine.open(t.checkpoint, &saved, ofCheckpoint, t.run.record.Key, t.run.record.ID); err != nil {
		return false, fmt.Errorf("loading a checkpoint: %w", interrupted(t.run.ctx, err))
	}
	if saved.Binding != t.binding {
		return false, nil
	}
	if err := json.Unmarshal(saved.Value, v); err != nil {
		return false, fmt.Errorf("loading a checkpoint: %w", err)
	}
	return true, nil
}

// A checkpoint is what Save keeps. A deprovision that deletes bindings first
// does so one by one, and what one of them saved is nothing to the others.
type checkpoint struct {
	Binding string          `json:"binding,omitempty"`
	Value   json.RawMessage `json:"value"`
}

// ofBinding is the task for one of the bindings that a deprovision deletes
// first.
func (t *Task) ofBinding(id string) *Task {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &Task{
		engine: t.engine, run: t.run, kind: KindUnbind, logger: t.logger.With(slog.String("binding_id", id)), binding: id,
		checkpoint: t.checkpoint, reported: t.reported,
	}
}

// advance writes, fenced, and ends the attempt if it may not write any more.
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
