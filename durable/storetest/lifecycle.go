package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

func settingCases() []testCase {
	return []testCase{
		{"not found", func(f *fixture) {
			_, err := f.store.Setting(f.ctx, "none")
			f.is(err, durable.ErrNotFound)
		}},
		{"the first value is kept", func(f *fixture) {
			for _, value := range []string{"first", "second", ""} {
				stored, err := f.store.PutSetting(f.ctx, "name", []byte(value))
				f.ok(err)
				f.equal("stored", string(stored), "first")
			}
			value, err := f.store.Setting(f.ctx, "name")
			f.ok(err)
			f.equal("value", string(value), "first")
		}},
		{"any bytes, or none", func(f *fixture) {
			for name, value := range map[string][]byte{"binary": {0, 255, 0}, "empty": {}, "nil": nil, "é/'": []byte("x")} {
				stored, err := f.store.PutSetting(f.ctx, name, value)
				f.ok(err)
				f.equal("stored", stored, value)
				got, err := f.store.Setting(f.ctx, name)
				f.ok(err)
				f.equal("value", got, value)
			}
		}},
		{"values of another replica", func(f *fixture) {
			replica := f.replica()
			_, err := f.store.PutSetting(f.ctx, "name", []byte("first"))
			f.ok(err)
			stored, err := replica.PutSetting(f.ctx, "name", []byte("second"))
			f.ok(err)
			f.equal("stored", string(stored), "first")
		}},
	}
}

// calls returns a call of each method that uses the database.
func (f *fixture) calls() map[string]func(context.Context, durable.Store) error {
	key := instanceKey("calls")
	return map[string]func(context.Context, durable.Store) error{
		"Load":          func(ctx context.Context, s durable.Store) error { _, err := s.Load(ctx, key); return err },
		"Operation":     func(ctx context.Context, s durable.Store) error { _, err := s.Operation(ctx, key, ""); return err },
		"OperationByID": func(ctx context.Context, s durable.Store) error { _, err := s.OperationByID(ctx, "x"); return err },
		"Accept": func(ctx context.Context, s durable.Store) error {
			return s.Accept(ctx, &durable.Acceptance{Instance: instanceRecord(key, durable.StatusReady)})
		},
		"Advance": func(ctx context.Context, s durable.Store) error {
			return s.Advance(ctx, &durable.Advance{Fence: durable.Fence{OperationID: "x", Generation: 1}, Key: key})
		},
		"Claim": func(ctx context.Context, s durable.Store) error {
			_, err := s.Claim(ctx, "w", long, 1, durable.ClaimExclusion{})
			return err
		},
		"Renew": func(ctx context.Context, s durable.Store) error {
			_, err := s.Renew(ctx, "w", long, []durable.Fence{{OperationID: "x", Generation: 1}})
			return err
		},
		"Held": func(ctx context.Context, s durable.Store) error {
			_, err := s.Held(ctx, "w", []durable.Fence{{OperationID: "x", Generation: 1}})
			return err
		},
		"Expired": func(ctx context.Context, s durable.Store) error { _, err := s.Expired(ctx, 1); return err },
		"Prune":   func(ctx context.Context, s durable.Store) error { _, err := s.Prune(ctx, long, 1); return err },
		"Instances": func(ctx context.Context, s durable.Store) error {
			_, err := s.Instances(ctx, durable.Filter{})
			return err
		},
		"Bindings": func(ctx context.Context, s durable.Store) error {
			_, err := s.Bindings(ctx, durable.Filter{})
			return err
		},
		"Operations": func(ctx context.Context, s durable.Store) error {
			_, err := s.Operations(ctx, durable.Filter{})
			return err
		},
		"Setting": func(ctx context.Context, s durable.Store) error { _, err := s.Setting(ctx, "x"); return err },
		"PutSetting": func(ctx context.Context, s durable.Store) error {
			_, err := s.PutSetting(ctx, "calls", []byte("x"))
			return err
		},
		"Ping": func(ctx context.Context, s durable.Store) error { return s.Ping(ctx) },
	}
}

func lifecycleCases() []testCase {
	return []testCase{
		{"ping", func(f *fixture) { f.ok(f.store.Ping(f.ctx)) }},
		{"hints are optional but never closed", func(f *fixture) {
			hints := f.store.Hints()
			f.accept(f.queued(instanceKey("i"), durable.KindProvision))
			f.ok(f.store.Close())
			for range 10 {
				select {
				case _, open := <-hints:
					if !open {
						f.Fatal("the channel is closed: a loop that waits for hints would spin")
					}
				default:
					return
				}
			}
		}},
		{"Close can be called twice", func(f *fixture) {
			f.ok(f.store.Close())
			f.ok(f.store.Close())
		}},
		{"calls after Close fail", func(f *fixture) {
			f.ok(f.store.Close())
			for name, call := range f.calls() {
				err := call(f.ctx, f.store)
				if err == nil {
					f.Errorf("%s succeeds", name)
				}
				for _, answer := range []error{durable.ErrNotFound, durable.ErrConflict, durable.ErrFenced, durable.ErrCancelling} {
					if errors.Is(err, answer) {
						f.Errorf("%s returns %v, which says something about the records", name, err)
					}
				}
			}
		}},
		{"records survive reopening", func(f *fixture) {
			key := f.bound("i", "b")
			id := f.accept(f.leased(instanceKey("i"), durable.KindUpdate, long))
			text := "half done"
			f.ok(f.store.Advance(f.ctx, &durable.Advance{Fence: f.fence(id), Key: instanceKey("i"), Description: &text, Checkpoint: []byte("checkpoint")}))
			_, err := f.store.PutSetting(f.ctx, "name", []byte("value"))
			f.ok(err)
			instance, binding := f.load(key).Instance, f.load(key).Binding
			operations := f.operations(durable.Filter{})

			f.ok(f.store.Close())
			f.store = f.database.Reopen(f.T)
			f.equal("instance", f.load(key).Instance, instance)
			f.equal("binding", f.load(key).Binding, binding)
			// A store may have ended the leases of the process that held them.
			again := f.operations(durable.Filter{})
			for _, records := range [][]durable.OperationRecord{operations, again} {
				for i := range records {
					records[i].Owner, records[i].LeaseUntil, records[i].UpdatedAt = "", time.Time{}, time.Time{}
				}
			}
			f.equal("operations", again, operations)
			value, err := f.store.Setting(f.ctx, "name")
			f.ok(err)
			f.equal("setting", string(value), "value")
			if f.operation(id).LeaseUntil.IsZero() {
				f.claimed(id)
			}
			f.finish(id)
		}},
		{"calls with an ended context fail", func(f *fixture) {
			ctx, cancel := context.WithCancel(f.ctx)
			cancel()
			for name, call := range f.calls() {
				if err := call(ctx, f.store); !errors.Is(err, context.Canceled) {
					f.Errorf("%s returns %v", name, err)
				}
			}
			f.equal("revision", f.load(instanceKey("calls")).Revision(), int64(0))
			f.ready("i")
		}},
		{"replicas see each other's changes", func(f *fixture) {
			replica := f.replica()
			key := f.bound("i", "b")
			snapshot, err := replica.Load(f.ctx, key)
			f.ok(err)
			mine := f.load(key)
			f.equal("instance", snapshot.Instance, mine.Instance)
			f.equal("binding", snapshot.Binding, mine.Binding)
			f.ok(replica.Accept(f.ctx, f.acceptance(f.queued(key, durable.KindUnbind))))
			f.equal("status", f.load(key).Binding.Status, durable.StatusDeleting)
		}},
		{"Close ends concurrent calls", func(f *fixture) {
			done := f.T.Context().Done()
			stopped := make(chan struct{})
			for _, call := range f.calls() {
				go func() {
					defer func() { stopped <- struct{}{} }()
					for {
						if err := call(f.ctx, f.store); err != nil && !isAnswer(err) {
							return
						}
					}
				}()
			}
			f.ok(f.store.Close())
			for range f.calls() {
				select {
				case <-stopped:
				case <-done:
					f.Fatal("a call continues after Close")
				}
			}
		}},
	}
}

// isAnswer reports whether err is an error that the contract defines.
func isAnswer(err error) bool {
	return errors.Is(err, durable.ErrNotFound) || errors.Is(err, durable.ErrConflict) || errors.Is(err, durable.ErrFenced) || errors.Is(err, durable.ErrCancelling)
}

var _ testing.TB = (*fixture)(nil)
