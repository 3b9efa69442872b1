package durable_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A countingStore reports each sweep.
type countingStore struct {
	durable.Store
	pruned chan struct{}
}

func (s *countingStore) Prune(ctx context.Context, retention time.Duration, limit int) (int, error) {
	select {
	case s.pruned <- struct{}{}:
	default:
	}
	return s.Store.Prune(ctx, retention, limit)
}

var errDown = errors.New("the database is down")

// A flakyStore fails while it is down, and calls the hooks of a test.
type flakyStore struct {
	durable.Store
	down atomic.Bool
	// advance and renew, unless nil, are called first.
	advance func(*durable.Advance) error
	renew   func() error
	// claim can block.
	claim func() error
	load  func() error
	// accept, unless nil, is called before Accept.
	accept func()
	// conflicts counts the decisions from outdated snapshots.
	conflicts atomic.Int64
}

func (s *flakyStore) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	if err := s.ask(s.load); err != nil {
		return nil, err
	}
	return s.Store.Load(ctx, key)
}

func (s *flakyStore) Operation(ctx context.Context, key durable.Key, id string) (*durable.OperationRecord, error) {
	if err := s.ask(nil); err != nil {
		return nil, err
	}
	return s.Store.Operation(ctx, key, id)
}

func (s *flakyStore) OperationByID(ctx context.Context, id string) (*durable.OperationRecord, error) {
	if err := s.ask(nil); err != nil {
		return nil, err
	}
	return s.Store.OperationByID(ctx, id)
}

func (s *flakyStore) MarkDelivered(ctx context.Context, id string) error {
	if err := s.ask(nil); err != nil {
		return err
	}
	return s.Store.MarkDelivered(ctx, id)
}

func (s *flakyStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	if err := s.ask(nil); err != nil {
		return err
	}
	if s.accept != nil {
		s.accept()
	}
	err := s.Store.Accept(ctx, a)
	if errors.Is(err, durable.ErrConflict) {
		s.conflicts.Add(1)
	}
	return err
}

func (s *flakyStore) Advance(ctx context.Context, a *durable.Advance) error {
	ask := func() error { return nil }
	if s.advance != nil {
		ask = func() error { return s.advance(a) }
	}
	if err := s.ask(ask); err != nil {
		return err
	}
	return s.Store.Advance(ctx, a)
}

func (s *flakyStore) Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave durable.ClaimExclusion) ([]durable.OperationRecord, error) {
	if err := s.ask(s.claim); err != nil {
		return nil, err
	}
	return s.Store.Claim(ctx, owner, lease, limit, leave)
}

func (s *flakyStore) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	if err := s.ask(s.renew); err != nil {
		return nil, err
	}
	return s.Store.Renew(ctx, owner, lease, fences)
}

func (s *flakyStore) Held(ctx context.Context, owner string, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	if err := s.ask(s.renew); err != nil {
		return nil, err
	}
	return s.Store.Held(ctx, owner, fences)
}

func (s *flakyStore) Bindings(ctx context.Context, f durable.Filter) ([]durable.BindingRecord, error) {
	if err := s.ask(nil); err != nil {
		return nil, err
	}
	return s.Store.Bindings(ctx, f)
}

func (s *flakyStore) Ping(ctx context.Context) error {
	if err := s.ask(nil); err != nil {
		return err
	}
	return s.Store.Ping(ctx)
}

func (s *flakyStore) ask(first func() error) error {
	if s.down.Load() {
		return errDown
	}
	if first != nil {
		return first()
	}
	return nil
}

// saving returns a hook. For each operation, its first call saves a checkpoint and
// fails, and its second call loads the checkpoint.
func saving(tb testing.TB, what string, fails bool) hook {
	tb.Helper()
	var calls atomic.Int64
	return func(ctx context.Context, task *durable.Task) error {
		var saved int64
		found, err := task.Load(&saved)
		if err != nil {
			return err
		}
		call := calls.Add(1)
		switch {
		case !found:
			if err := task.Save(ctx, call); err != nil {
				return err
			}
			if fails {
				return errors.New("try again")
			}
		case saved != call-1:
			tb.Errorf("%s loaded the checkpoint of another binding", what)
		}
		return nil
	}
}

// A breakable sealer cannot open data while it is broken.
type breakable struct {
	durable.Sealer
	broken atomic.Bool
}

func (b *breakable) Open(sealed, associated []byte) ([]byte, error) {
	if b.broken.Load() {
		return nil, errors.New("no key opens the value")
	}
	return b.Sealer.Open(sealed, associated)
}
