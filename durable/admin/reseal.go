package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/durable"
)

// A SealedValue is one of the sealed values of a store.
type SealedValue struct {
	durable.SealedPlace

	// Old is the stored value, and New the value that replaces it. A nil New
	// removes it.
	Old, New []byte
}

// SealProgress is the progress of [Reseal] or [VerifySealed].
type SealProgress struct {
	// Values were visited, in all passes.
	Values int
	// Resealed were sealed with the current key. Removed belonged to operations that
	// have ended, which do not need them.
	Resealed, Removed int
	// Unreadable could not be opened: they were altered, or their key is missing.
	Unreadable int
}

// ErrUnreadable says that sealed values cannot be opened.
var ErrUnreadable = errors.New("sealed values cannot be opened")

// ErrStillUsed says that an engine keeps sealing values with an old key.
var ErrStillUsed = errors.New("a broker still seals with an old key")

const (
	// resealBatch is how many values change in one transaction. It is small, since
	// the broker waits for the transaction.
	resealBatch = 50
	resealPass  = 3
)

// Reseal seals all values of a store with the current key, and removes the values of
// ended operations. Engines can keep running if all of them have that key. Reseal can
// be interrupted and called again: it skips finished values. It calls report, which
// may be nil, after every page of records.
//
// The error wraps ErrUnreadable if values could not be opened; all other values are
// resealed then. It wraps ErrStillUsed if engines still seal with another key. Other
// errors come from the store.
func Reseal(ctx context.Context, store Store, keys durable.Resealer, report func(SealProgress)) (SealProgress, error) {
	r := &resealing{store: store, keys: keys, report: report}
	for range resealPass {
		r.progress.Unreadable = 0
		changed := r.progress.Resealed + r.progress.Removed
		if err := r.pass(ctx); err != nil {
			return r.progress, err
		}
		if r.progress.Resealed+r.progress.Removed == changed {
			return r.progress, r.unreadable()
		}
	}
	return r.progress, fmt.Errorf("%w: wait until all replicas have loaded the keyset, and begin again", ErrStillUsed)
}

type resealing struct {
	store    Store
	keys     durable.Resealer
	report   func(SealProgress)
	progress SealProgress
	pending  []SealedValue
	// first is the error of the first value that could not be opened.
	first error
}

func (r *resealing) unreadable() error {
	if r.progress.Unreadable == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d values, the first of them %w", ErrUnreadable, r.progress.Unreadable, r.first)
}

func (r *resealing) pass(ctx context.Context) error {
	err := eachSealed(ctx, r.store, func(value *SealedValue, needed bool) error {
		r.progress.Values++
		switch {
		case !needed:
		case !r.keys.NeedsReseal(value.Old):
			return nil
		default:
			fresh, err := r.keys.Reseal(value.Old, value.AssociatedData())
			if err != nil {
				r.note(value, err)
				return nil
			}
			value.New = fresh
		}
		r.pending = append(r.pending, *value)
		if len(r.pending) < resealBatch {
			return nil
		}
		return r.flush(ctx)
	}, func() error {
		if r.report != nil {
			r.report(r.progress)
		}
		return ctx.Err()
	})
	return errors.Join(err, r.flush(ctx))
}

// note counts a value that cannot be opened.
func (r *resealing) note(value *SealedValue, err error) {
	r.progress.Unreadable++
	if r.first == nil {
		r.first = fmt.Errorf("that of %s: %w", value.SealedPlace, err)
	}
}

func (r *resealing) flush(ctx context.Context) error {
	if len(r.pending) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := r.store.Reseal(ctx, r.pending); err != nil {
		return err
	}
	// The next pass visits the values that an engine has changed in between.
	for i := range r.pending {
		if r.pending[i].New == nil {
			r.progress.Removed++
		} else {
			r.progress.Resealed++
		}
	}
	r.pending = r.pending[:0]
	return nil
}

// VerifySealed opens all sealed values of a store, to find out whether a keyset and
// a backup belong together. Its errors are like the errors of [Reseal].
func VerifySealed(ctx context.Context, store Store, keys durable.Sealer, report func(SealProgress)) (SealProgress, error) {
	r := &resealing{store: store}
	err := eachSealed(ctx, store, func(value *SealedValue, needed bool) error {
		if !needed {
			return nil
		}
		r.progress.Values++
		if _, err := keys.Open(value.Old, value.AssociatedData()); err != nil {
			r.note(value, err)
		}
		return nil
	}, func() error {
		if report != nil {
			report(r.progress)
		}
		return ctx.Err()
	})
	if err != nil {
		return r.progress, err
	}
	return r.progress, r.unreadable()
}
