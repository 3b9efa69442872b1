package admin

import (
	"context"
	"errors"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/seal"
)

const sealedPage = 100

// CountByKey returns how many records of a store each key opens, by the key's id as
// [seal.KeyID] returns it. The canary counts as a record.
func CountByKey(ctx context.Context, store Store) (map[uint32]int, error) {
	counts := map[uint32]int{}
	var last SealedValue
	err := eachSealed(ctx, store, func(value *SealedValue, needed bool) error {
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

// A visitor receives a sealed value. needed says whether the value is still used.
type visitor func(value *SealedValue, needed bool) error

// value visits the sealed value of a place, unless it is empty.
func (visit visitor) value(place durable.SealedPlace, sealed []byte, needed bool) error {
	if len(sealed) == 0 {
		return nil
	}
	return visit(&SealedValue{SealedPlace: place, Old: sealed}, needed)
}

// eachSealed calls visit with every sealed value, and paged after each page.
func eachSealed(ctx context.Context, store Store, visit visitor, paged func() error) error {
	if err := eachCanary(ctx, store, visit); err != nil {
		return err
	}
	if err := eachRecord(ctx, paged, store.Instances, func(r *durable.InstanceRecord, f *durable.Filter) error {
		f.After = r.Key
		return visit.value(durable.SealedPlace{Key: r.Key}, r.Data, true)
	}); err != nil {
		return err
	}
	if err := eachRecord(ctx, paged, store.Bindings, func(r *durable.BindingRecord, f *durable.Filter) error {
		f.After = r.Key
		return visit.value(durable.SealedPlace{Key: r.Key}, r.Data, true)
	}); err != nil {
		return err
	}
	operations := func() error {
		return eachRecord(ctx, paged, store.Operations, func(r *durable.OperationRecord, f *durable.Filter) error {
			f.AfterID = r.ID
			place := durable.SealedPlace{Key: r.Key, OperationID: r.ID}
			if err := visit.value(place, r.Data, !r.Ended()); err != nil {
				return err
			}
			place.Checkpoint = true
			return visit.value(place, r.Checkpoint, !r.Ended())
		})
	}
	// The operation at which a page ends may be pruned before the next page.
	err := operations()
	for again := 0; errors.Is(err, durable.ErrNotFound) && again < maxConflicts; again++ {
		err = operations()
	}
	return err
}

// formerCanary is the name of a second canary, which earlier versions kept.
const formerCanary = "keyset_canary"

func eachCanary(ctx context.Context, store Store, visit visitor) error {
	for _, name := range []string{durable.CanarySetting, formerCanary} {
		canary, err := store.Setting(ctx, name)
		if errors.Is(err, durable.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := visit.value(durable.SealedPlace{Setting: name}, canary, name == durable.CanarySetting); err != nil {
			return err
		}
	}
	return nil
}

// eachRecord calls visit with every record. visit sets where the next page begins.
func eachRecord[T any](ctx context.Context, paged func() error, list func(context.Context, durable.Filter) ([]T, error), visit func(*T, *durable.Filter) error) error {
	filter := durable.Filter{Limit: sealedPage}
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
		if err := paged(); err != nil || len(records) < sealedPage {
			return err
		}
	}
}
