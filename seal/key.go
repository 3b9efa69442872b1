package seal

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A KeyStatus says what a key may be used for.
type KeyStatus string

// The statuses of a key.
const (
	// KeyEnabled is a key that opens what it sealed.
	KeyEnabled KeyStatus = "enabled"
	// KeyDisabled is a key that is kept but not used.
	KeyDisabled KeyStatus = "disabled"
	// KeyDestroyed is a key of which only the id is left. This package never
	// makes one, but other tools do.
	KeyDestroyed KeyStatus = "destroyed"
)

// A Key describes a key of a keyset, without the key itself.
type Key struct {
	// ID is unique within the keyset. What the key sealed names it; see [KeyID].
	ID uint32 `json:"id"`
	// Status is enabled for the primary key, always.
	Status KeyStatus `json:"status"`
	// Primary is true for the one key that seals.
	Primary bool `json:"primary"`
}

// describe lists the keys of a keyset in their order, the oldest first.
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
