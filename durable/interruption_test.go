package durable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// An error of the environment releases the operation for another attempt. It does
// not count as a failure, even if it occurs often. Then the operation succeeds.
func TestInterruptions(t *testing.T) {
	t.Parallel()
	refused := openbroker.NewError(http.StatusUnprocessableEntity, "Refused", "No.")
	save := func(ctx context.Context, task *durable.Task) error { return task.Save(ctx, "step") }
	for name, test := range map[string]struct {
		attempt func(context.Context, *durable.Task) error
		fails   bool
	}{
		"save":                       {attempt: save},
		"save, wrapped as retryable": {attempt: func(ctx context.Context, task *durable.Task) error { return durable.Retryable(save(ctx, task), 0) }},
		"save, another error returned": {attempt: func(ctx context.Context, task *durable.Task) error {
			if err := save(ctx, task); err != nil {
				return refused
			}
			return nil
		}},
		"report": {attempt: func(ctx context.Context, task *durable.Task) error {
			return task.Report(ctx, fmt.Sprint("attempt ", task.Attempt()))
		}},
		"report ignored, another error returned": {fails: true, attempt: func(ctx context.Context, task *durable.Task) error {
			_ = task.Report(ctx, fmt.Sprint("attempt ", task.Attempt()))
			return refused
		}},
		"no descriptors": {attempt: func(_ context.Context, task *durable.Task) error {
			if task.Attempt() < 12 {
				return &os.PathError{Op: "open", Path: "file", Err: syscall.EMFILE}
			}
			return nil
		}},
		"no descriptors in the system": {attempt: func(_ context.Context, task *durable.Task) error {
			if task.Attempt() < 12 {
				return fmt.Errorf("connect: %w", os.NewSyscallError("socket", syscall.ENFILE))
			}
			return nil
		}},
		"no space": {attempt: func(_ context.Context, task *durable.Task) error {
			if task.Attempt() < 12 {
				return fmt.Errorf("write: %w", syscall.ENOSPC)
			}
			return nil
		}},
		"a provider that this replica lacks": {attempt: func(_ context.Context, task *durable.Task) error {
			if task.Attempt() < 12 {
				return fmt.Errorf("%w: blue", durable.ErrProviderMissing)
			}
			return nil
		}},
		"a service that cannot be reached": {attempt: func(_ context.Context, task *durable.Task) error {
			if task.Attempt() < 12 {
				return fmt.Errorf("create the database: %w", durable.Unreachable(syscall.ECONNREFUSED))
			}
			return durable.Unreachable(nil)
		}},
		"no space, as the provider answers": {fails: true, attempt: func(context.Context, *durable.Task) error {
			return openbroker.NewError(http.StatusInsufficientStorage, "", "The service is full.").WithCause(syscall.ENOSPC)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &flakyStore{Store: openSQLite(t)}
				var failures atomic.Int64
				store.advance = func(a *durable.Advance) error {
					if (a.Checkpoint != nil || a.Description != nil && a.State == "") && failures.Add(1) <= 12 {
						return errDown
					}
					return nil
				}
				r := startInBubble(t, store, newKeys(t), newScripted(), nil)
				r.provider.on(durable.KindProvision, "i", test.attempt)
				a := r.provision("i", "plan-manual", "").is(t, http.StatusAccepted, "")
				want := openbroker.OperationSucceeded
				if test.fails {
					want = openbroker.OperationFailed
				}
				if s := r.poll("i", a.operation()); s.state() != string(want) {
					t.Errorf("the operation ended with %s, want %s; log:\n%s", s.text, want, r.logs)
				}
				record, err := store.OperationByID(t.Context(), a.operation())
				if err != nil {
					t.Fatal(err)
				}
				if record.Failures != 0 || !test.fails && record.Attempt < 12 {
					t.Errorf("%d attempts, of which %d count as failed", record.Attempt, record.Failures)
				}
			})
		})
	}
}

// A checkpoint that this replica cannot open is an error of the environment.
func TestLoadInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys := &breakable{Sealer: newKeys(t)}
		r := startInBubble(t, openSQLite(t), keys, newScripted(), nil)
		r.provider.on(durable.KindProvision, "i", func(ctx context.Context, task *durable.Task) error {
			if task.Attempt() == 1 {
				return errors.Join(task.Save(ctx, "step"), durable.Retryable(errors.New("again"), 0))
			}
			keys.broken.Store(task.Attempt() < 12)
			defer keys.broken.Store(false)
			var step string
			_, err := task.Load(&step)
			return err
		})
		a := r.provision("i", "plan-async", "")
		r.done("i", a)
		record, err := r.store.OperationByID(t.Context(), a.operation())
		if err != nil || record.Failures != 1 {
			t.Errorf("%d attempts count as failed, want 1 (%v)", record.Failures, err)
		}
	})
}
