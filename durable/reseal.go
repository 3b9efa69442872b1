package durable

import (
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/seal"
)

// A Resealer is a [Sealer] with several keys, of which one seals. A *seal.Keyring is
// one.
type Resealer interface {
	Sealer
	// NeedsReseal reports whether a value was sealed with another key than the one
	// that seals now.
	NeedsReseal(sealed []byte) bool
	// Reseal opens a value and seals it again.
	Reseal(sealed, associated []byte) ([]byte, error)
}

// A SealedValue is one of the values of a store that are sealed. Its place is the
// Setting; or the operation OperationID of Key, whose checkpoint is meant if
// Checkpoint is set; or the instance or binding of Key.
type SealedValue struct {
	Setting     string
	Key         Key
	OperationID string
	Checkpoint  bool
	// Old is what is stored, and New what replaces it. A nil New removes it.
	Old, New []byte
}

// Progress tells how far [Reseal] or [VerifySealed] is.
type Progress struct {
	// Values are those that were looked at, over all passes.
	Values int
	// Resealed have been sealed again, and Removed were those of operations that
	// have ended, which nobody needs.
	Resealed, Removed int
	// Unreadable could not be opened: they were altered, or their key is not there.
	Unreadable int
}

// ErrUnreadable says that sealed values cannot be opened.
var ErrUnreadable = errors.New("sealed values cannot be opened")

// ErrStillUsed says that values are sealed again and again with keys that do not
// seal any more.
var ErrStillUsed = errors.New("a broker still seals with an old key")

const (
	// resealBatch is how many values change in one transaction: a few, since the
	// broker waits meanwhile.
	resealBatch = 50
	resealPage  = 100
	resealPass  = 3
)

// Reseal seals all that a store holds with the key that seals now, and removes what
// is sealed for operations that have ended. Engines can go on meanwhile, if all of
// them have that key. It can be interrupted, and called again: what is done is done.
// It calls report, which may be nil, after every page of records.
//
// The error wraps ErrUnreadable if values could not be opened (the others are sealed
// again), ErrStillUsed if engines seal with another key meanwhile, or is that of the
// store.
func Reseal(ctx context.Context, store AdminStore, keys Resealer, report func(Progress)) (Progress, error) {
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
	store    AdminStore
	keys     Resealer
	report   func(Progress)
	progress Progress
	pending  []SealedValue
	// first is why the first value could not be opened.
	first error
}

func (r *resealing) unreadable() error {
	if r.progress.Unreadable == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d of them, the first is %w", ErrUnreadable, r.progress.Unreadable, r.first)
}

func (r *resealing) pass(ctx context.Context) error {
	err := eachSealed(ctx, r.store, func(value *SealedValue, of string, needed bool) error {
		r.progress.Values++
		switch {
		case !needed:
		case !r.keys.NeedsReseal(value.Old):
			return nil
		default:
			fresh, err := r.keys.Reseal(value.Old, associated(of, value.Key, value.OperationID))
			if err != nil {
				r.note(value, of, err)
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
func (r *resealing) note(value *SealedValue, of string, err error) {
	r.progress.Unreadable++
	if r.first == nil {
		r.first = fmt.Errorf("that of %s %s: %w", of, describeKey(value.Key, value.OperationID), err)
	}
}

func (r *resealing) flush(ctx context.Context) error {
	if len(r.pending) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := r.store.Reseal(ctx, r.pending); err != nil {
		return err
	}
	// Of what has changed meanwhile, the next pass sees the rest.
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
// a backup belong together. Errors are those of [Reseal].
func VerifySealed(ctx context.Context, store AdminStore, keys Sealer, report func(Progress)) (Progress, error) {
	r := &resealing{store: store}
	err := eachSealed(ctx, store, func(value *SealedValue, of string, needed bool) error {
		if !needed {
			return nil
		}
		r.progress.Values++
		if _, err := keys.Open(value.Old, associated(of, value.Key, value.OperationID)); err != nil {
			r.note(value, of, err)
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

// CountSealed returns how many records of a store need each key, by the key's id as
// [seal.KeyID] tells it. The canary counts as a record.
func CountSealed(ctx context.Context, store AdminStore) (map[uint32]int, error) {
	counts := map[uint32]int{}
	var last SealedValue
	err := eachSealed(ctx, store, func(value *SealedValue, _ string, needed bool) error {
		id, ok := seal.KeyID(value.Old)
		if !ok || !needed {
			return nil
		}
		if before, _ := seal.KeyID(last.Old); value.OperationID != "" && value.OperationID == last.OperationID && before == id {
			return nil // The checkpoint of the same record.
		}
		counts[id]++
		last = *value
		return nil
	}, ctx.Err)
	return counts, err
}

// eachSealed calls visit with every sealed value, what it is of, and whether it is
// needed, and paged after each page.
func eachSealed(ctx context.Context, store AdminStore, visit func(value *SealedValue, of string, needed bool) error, paged func() error) error {
	if err := eachCanary(ctx, store, visit); err != nil {
		return err
	}
	if err := eachRecord(ctx, paged, store.Instances, func(r *InstanceRecord, f *Filter) error {
		f.After = r.Key
		return visitData(visit, SealedValue{Key: r.Key, Old: r.Data}, ofInstance, true)
	}); err != nil {
		return err
	}
	if err := eachRecord(ctx, paged, store.Bindings, func(r *BindingRecord, f *Filter) error {
		f.After = r.Key
		return visitData(visit, SealedValue{Key: r.Key, Old: r.Data}, ofBinding, true)
	}); err != nil {
		return err
	}
	operations := func() error {
		return eachRecord(ctx, paged, store.Operations, func(r *OperationRecord, f *Filter) error {
			f.AfterID = r.ID
			err := visitData(visit, SealedValue{Key: r.Key, OperationID: r.ID, Old: r.Data}, ofOperation, !r.Ended())
			if err != nil {
				return err
			}
			return visitData(visit, SealedValue{Key: r.Key, OperationID: r.ID, Checkpoint: true, Old: r.Checkpoint}, ofCheckpoint, !r.Ended())
		})
	}
	// The operation at which a page ends may be pruned meanwhile.
	err := operations()
	for again := 0; errors.Is(err, ErrNotFound) && again < maxConflicts; again++ {
		err = operations()
	}
	return err
}

// formerCanary is the name of a second canary, which earlier versions have kept.
const formerCanary = "keyset_canary"

func eachCanary(ctx context.Context, store AdminStore, visit func(*SealedValue, string, bool) error) error {
	for _, name := range []string{CanarySetting, formerCanary} {
		canary, err := store.Setting(ctx, name)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := visitData(visit, SealedValue{Setting: name, Old: canary}, CanarySetting, name == CanarySetting); err != nil {
			return err
		}
	}
	return nil
}

func visitData(visit func(*SealedValue, string, bool) error, value SealedValue, of string, needed bool) error {
	if len(value.Old) == 0 {
		return nil
	}
	return visit(&value, of, needed)
}

// eachRecord calls visit, which sets what the next page comes after, with every
// record.
func eachRecord[T any](ctx context.Context, paged func() error, list func(context.Context, Filter) ([]T, error), visit func(*T, *Filter) error) error {
	filter := Filter{Limit: resealPage}
	for {
		records, err := list(ctx, filter)
		if err != nil {
			return err
		}
		for i := range records {
			if err := visit(&records[i], &filter); err != nil {
				return err
			}
		}
		if err := paged(); err != nil || len(records) < resealPage {
			return err
		}
	}
}

// refresh returns a sealed value that is written as it was read, sealed with the key
// that seals now: [Reseal] may have overtaken who read it.
func (e *Engine) refresh(sealed []byte, of string, key Key) []byte {
	keys, ok := e.config.Sealer.(Resealer)
	if !ok || len(sealed) == 0 || !keys.NeedsReseal(sealed) {
		return sealed
	}
	fresh, err := keys.Reseal(sealed, associated(of, key, ""))
	if err != nil {
		return sealed // It cannot be opened, and stays what it is.
	}
	return fresh
}

func (e *Engine) refreshInstance(r *InstanceRecord) {
	if r != nil {
		r.Data = e.refresh(r.Data, ofInstance, r.Key.Instance())
	}
}

func (e *Engine) refreshBinding(r *BindingRecord) {
	if r != nil {
		r.Data = e.refresh(r.Data, ofBinding, r.Key)
	}
}
