package durable

import (
	"context"
	"errors"
	"fmt"
)

// CanarySetting is the name of a setting that the first engine on a store seals. Its
// value, the canary, shows whether a sealer has the right key before anything else is
// opened or sealed.
const CanarySetting = "sealer_check"

const canaryText = "openbroker"

// ErrWrongKey says that a sealer does not have the key of the stored data. The text of
// an error that wraps it includes the sealer's error.
var ErrWrongKey = errors.New("the encryption key is not the one that the stored data was encrypted with")

// CheckSealer opens the canary of a store, and creates it if it is missing. The error
// wraps ErrWrongKey, or is an error of the store or the sealer.
func CheckSealer(ctx context.Context, store Store, sealer Sealer) error {
	canary, err := sealer.Seal([]byte(canaryText), associatedCanary())
	if err != nil {
		return fmt.Errorf("the sealer does not work: %w", err)
	}
	if canary, err = store.PutSetting(ctx, CanarySetting, canary); err != nil {
		return fmt.Errorf("the store cannot be written: %w", err)
	}
	return VerifyCanary(sealer, canary)
}

// VerifyCanary opens a canary, the value of [CanarySetting]. The error wraps
// ErrWrongKey.
func VerifyCanary(sealer Sealer, canary []byte) error {
	opened, err := sealer.Open(canary, associatedCanary())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWrongKey, err)
	}
	if string(opened) != canaryText {
		return ErrWrongKey
	}
	return nil
}

func associatedCanary() []byte { return associated(CanarySetting, Key{}, "") }
