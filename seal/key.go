package seal

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A KeyStatus determines what a key may be used for.
type KeyStatus string

// The statuses of a key.
const (
	// KeyEnabled is the status of a key that opens the data it has sealed.
	KeyEnabled KeyStatus = "enabled"
	// KeyDisabled is the status of a key that is kept but not used.
	KeyDisabled KeyStatus = "disabled"
	// KeyDestroyed is the status of a key of which only the id remains. This
	// package never destroys keys, but other tools do.
	KeyDestroyed KeyStatus = "destroyed"
)

// A Key describes a key of a keyset, without its key material.
type Key struct {
	// ID is unique within the keyset. Sealed data contains it; see [KeyID].
	ID uint32 `json:"id"`
	// Status is always enabled for the primary key.
	Status KeyStatus `json:"status"`
	// Primary is true for the one key that seals.
	Primary bool `json:"primary"`
}

// describe returns the keys of a keyset, the oldest first.
func describe(handle *keyset.Handle) ([]Key, error) {
	keys := make([]Key, 0, handle.Len())
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("%w: key %d of %d: %w", ErrKeyset, i+1, handle.Len(), err)
		}
		keys = append(keys, Key{ID: entry.KeyID(), Status: status(entry.KeyStatus()), Primary: entry.IsPrimary()})
	}
	return keys, nil
}

func status(s keyset.KeyStatus) KeyStatus {
	switch s {
	case keyset.Enabled:
		return KeyEnabled
	case keyset.Disabled:
		return KeyDisabled
	default:
		return KeyDestroyed
	}
}

func find(keys []Key, id uint32) (Key, bool) {
	for _, key := range keys {
		if key.ID == id {
			return key, true
		}
	}
	return Key{}, false
}
